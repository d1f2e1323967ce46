package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const testSDL = `
scalar Upload
type Query {
  hello(name: String): String!
  viewer: String
  boom: String
  fail: String
  failures: [Item!]!
  hidden: String
  wait: String
  big(size: Int!): String!
  number(n: Int!): Int!
  ratio(f: Float!): Float!
  color(c: Color): Color
  echo(input: EchoInput!): String!
  item(id: ID!): Item
  items(first: Int, after: String, last: Int, before: String): ItemConnection!
}
enum Color { RED GREEN }
input EchoInput { text: String child: EchoInput list: [Int!] }
type Item { id: ID! name: String! note: String parent: Item tags: [Tag!]! items(first: Int, after: String): ItemConnection! }
type Tag { name: String! item: Item }
type ItemConnection { nodes: [Item!]! edges: [ItemEdge!]! pageInfo: PageInfo! totalCount: Int! }
type ItemEdge { cursor: String! node: Item! }
type PageInfo { hasNextPage: Boolean! }
type Mutation {
  add(n: Int!): Int!
  spend(n: Int!): Int!
  buy: Int!
  upload(file: Upload!): String!
  uploads(files: [Upload!]!): String!
}
type Subscription {
  count(to: Int!): Int!
  events: String!
  breaks: Int!
  refused: Int!
  flood: String!
}
`

// resolver gives the value of a field: a scalar, a map by field name, or a list of such.
type resolver func(ctx context.Context, args map[string]any) (any, error)

// testSchema is an executable schema over plain functions, keyed "Query.hello". Fields without one are read from the
// parent's map.
type testSchema struct {
	schema    *ast.Schema
	resolvers map[string]resolver
	streams   map[string]func(ctx context.Context, args map[string]any) (<-chan any, error)
}

func newTestSchema() *testSchema {
	s := &testSchema{schema: gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphqls", Input: testSDL})}
	s.resolvers = map[string]resolver{
		"Query.hello": func(_ context.Context, args map[string]any) (any, error) {
			if name, ok := args["name"].(string); ok {
				return "hello " + name, nil
			}
			return "hello", nil
		},
		"Query.viewer": func(ctx context.Context, _ map[string]any) (any, error) { return ctx.Value(viewerKey{}), nil },
		"Query.boom":   func(context.Context, map[string]any) (any, error) { panic("the password is hunter2") },
		"Query.fail": func(context.Context, map[string]any) (any, error) {
			return nil, coded("NOT_FOUND", "There is no such thing.")
		},
		"Query.hidden": func(context.Context, map[string]any) (any, error) { return nil, errors.New("dial tcp 10.0.0.1") },
		"Query.failures": func(context.Context, map[string]any) (any, error) {
			return []any{map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}}, nil
		},
		"Item.note": func(context.Context, map[string]any) (any, error) { return nil, coded("NOT_FOUND", "No note.") },
		"Query.wait": func(ctx context.Context, _ map[string]any) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"Query.big": func(_ context.Context, args map[string]any) (any, error) {
			return strings.Repeat("x", int(args["size"].(int64))), nil
		},
		"Query.number": func(_ context.Context, args map[string]any) (any, error) { return args["n"], nil },
		"Query.ratio":  func(_ context.Context, args map[string]any) (any, error) { return args["f"], nil },
		"Query.color":  func(_ context.Context, args map[string]any) (any, error) { return args["c"], nil },
		"Query.echo":   func(_ context.Context, args map[string]any) (any, error) { return fmt.Sprint(args["input"]), nil },
		"Query.item": func(_ context.Context, args map[string]any) (any, error) {
			return map[string]any{"id": args["id"], "name": "n"}, nil
		},
		"Query.items":    page,
		"Query.__schema": func(context.Context, map[string]any) (any, error) { return map[string]any{}, nil },
		"Query.__type":   func(_ context.Context, args map[string]any) (any, error) { return args, nil },
		"Mutation.add":   func(_ context.Context, args map[string]any) (any, error) { return args["n"], nil },
		"Mutation.spend": func(_ context.Context, args map[string]any) (any, error) { return args["n"], nil },
		"Mutation.buy":   func(context.Context, map[string]any) (any, error) { return 1, nil },
		"Mutation.upload": func(_ context.Context, args map[string]any) (any, error) {
			return describe(args["file"])
		},
		"Mutation.uploads": func(_ context.Context, args map[string]any) (any, error) {
			all := ""
			for _, file := range args["files"].([]any) {
				one, err := describe(file)
				if err != nil {
					return nil, err
				}
				all += one + ";"
			}
			return all, nil
		},
	}
	s.streams = map[string]func(context.Context, map[string]any) (<-chan any, error){
		"count": func(ctx context.Context, args map[string]any) (<-chan any, error) {
			return emit(ctx, func(send func(any) bool) {
				for i := int64(1); i <= args["to"].(int64); i++ {
					if !send(i) {
						return
					}
				}
			}), nil
		},
		"events": func(ctx context.Context, _ map[string]any) (<-chan any, error) {
			return emit(ctx, func(send func(any) bool) {
				send("current")
				<-ctx.Done()
			}), nil
		},
		"breaks": func(ctx context.Context, _ map[string]any) (<-chan any, error) {
			return emit(ctx, func(send func(any) bool) {
				send(1)
				graphql.AddError(ctx, coded("TOO_FAR_BEHIND", "Read the list again."))
			}), nil
		},
		"refused": func(context.Context, map[string]any) (<-chan any, error) {
			return nil, coded("FORBIDDEN", "Not yours.")
		},
		"flood": func(ctx context.Context, _ map[string]any) (<-chan any, error) {
			return emit(ctx, func(send func(any) bool) {
				for send(strings.Repeat("x", 8_000)) {
				}
			}), nil
		},
	}
	return s
}

func page(_ context.Context, args map[string]any) (any, error) {
	return map[string]any{"totalCount": 0, "nodes": []any{}, "edges": []any{}, "pageInfo": map[string]any{"hasNextPage": false}}, nil
}

func describe(file any) (string, error) {
	upload := file.(graphql.Upload)
	content, err := io.ReadAll(upload.File)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %.8s", upload.Filename, len(content), content), nil
}

// emit runs a producer in a goroutine that ends with ctx.
func emit(ctx context.Context, produce func(send func(any) bool)) <-chan any {
	events := make(chan any)
	go func() {
		defer close(events)
		produce(func(v any) bool {
			select {
			case events <- v:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return events
}

func (s *testSchema) Schema() *ast.Schema { return s.schema }

func (s *testSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *testSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	root := map[ast.Operation]string{ast.Query: "Query", ast.Mutation: "Mutation", ast.Subscription: "Subscription"}[oc.Operation.Operation]
	if root == "Subscription" {
		return s.subscribe(ctx, oc)
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		var data bytes.Buffer
		s.object(ctx, oc, &data, root, nil, oc.Operation.SelectionSet)
		return &graphql.Response{Data: data.Bytes()}
	}
}

func (s *testSchema) subscribe(ctx context.Context, oc *graphql.OperationContext) graphql.ResponseHandler {
	field := graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Subscription"})[0]
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Subscription", Field: field})
	events, err := s.streams[field.Name](ctx, field.ArgumentMap(oc.Variables))
	if err != nil {
		graphql.AddError(ctx, err)
		return nil
	}
	return func(context.Context) *graphql.Response {
		select {
		case event, more := <-events:
			if !more {
				return nil
			}
			value, _ := json.Marshal(event)
			return &graphql.Response{Data: fmt.Appendf(nil, `{%q:%s}`, field.Alias, value)}
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *testSchema) object(ctx context.Context, oc *graphql.OperationContext, out *bytes.Buffer, typeName string, value map[string]any, selections ast.SelectionSet) {
	out.WriteByte('{')
	for i, field := range graphql.CollectFields(oc, selections, []string{typeName}) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%q:", field.Alias)
		s.field(ctx, oc, out, typeName, value, field)
	}
	out.WriteByte('}')
}

func (s *testSchema) field(ctx context.Context, oc *graphql.OperationContext, out *bytes.Buffer, typeName string, parent map[string]any, field graphql.CollectedField) {
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: typeName, Field: field})
	value, err := s.resolve(ctx, oc, typeName, parent, field)
	if err != nil {
		graphql.AddError(ctx, err)
		value = nil
	}
	s.value(ctx, oc, out, field, value)
}

func (s *testSchema) resolve(ctx context.Context, oc *graphql.OperationContext, typeName string, parent map[string]any, field graphql.CollectedField) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = oc.Recover(ctx, r)
		}
	}()
	if field.Name == "__typename" {
		return typeName, nil
	}
	if resolve := s.resolvers[typeName+"."+field.Name]; resolve != nil {
		return resolve(ctx, field.ArgumentMap(oc.Variables))
	}
	return parent[field.Name], nil
}

func (s *testSchema) value(ctx context.Context, oc *graphql.OperationContext, out *bytes.Buffer, field graphql.CollectedField, value any) {
	switch value := value.(type) {
	case map[string]any:
		s.object(ctx, oc, out, field.Definition.Type.Name(), value, field.Selections)
	case []any:
		out.WriteByte('[')
		for i, element := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			s.value(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), oc, out, field, element)
		}
		out.WriteByte(']')
	default:
		encoded, _ := json.Marshal(value)
		out.Write(encoded)
	}
}

type viewerKey struct{}

// presentTest shows errors that have a code, as the resolvers' presenter does.
func presentTest(ctx context.Context, err error) *gqlerror.Error {
	if gqlErr, ok := errors.AsType[*gqlerror.Error](err); ok && gqlErr.Extensions["code"] != nil {
		return &gqlerror.Error{Message: gqlErr.Message, Path: graphql.GetPath(ctx), Extensions: gqlErr.Extensions}
	}
	return mask(ctx, err)
}
