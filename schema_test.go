package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"productgenerator/graph"
	"productgenerator/models"
)

// nodes is a value of every Go type that the API may answer as a Node.
func nodes() []graph.Node {
	return []graph.Node{
		graph.Administration{},
		models.AlertRule{},
		models.Balance{},
		models.Content{},
		models.Generation{},
		models.GenerationBatch{},
		models.Grant{},
		models.Invitation{},
		models.LedgerEntry{},
		models.LimitWarning{},
		models.Membership{},
		models.Product{},
		models.ProductImage{},
		models.ProductPrice{},
		models.Promotion{},
		models.Purchase{},
		models.Team{},
		models.Template{},
		models.TokenPackage{},
		models.User{},
	}
}

// userErrors is a value of every Go type that the API may answer as a UserError.
func userErrors() []graph.UserError {
	return []graph.UserError{
		graph.ConflictError{},
		graph.DailyLimitReachedError{},
		graph.DebtError{},
		graph.IdempotencyConflictError{},
		graph.ImportError{},
		graph.InsufficientTokensError{},
		graph.PaymentError{},
		graph.PromotionNotRedeemableError{},
		graph.ProviderDownError{},
		graph.ValidationError{},
	}
}

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	schema := readSchema(t)
	described := 0
	check := func(description, format string, args ...any) {
		described++
		if strings.TrimSpace(description) == "" {
			t.Errorf("no description: "+format, args...)
		}
	}
	for _, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		root := definition == schema.Query || definition == schema.Mutation || definition == schema.Subscription
		if !root { // their names are the specification's
			check(definition.Description, "%s", definition.Name)
		}
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			check(field.Description, "%s.%s", definition.Name, field.Name)
			for _, argument := range field.Arguments {
				check(argument.Description, "%s.%s(%s:)", definition.Name, field.Name, argument.Name)
			}
		}
		for _, value := range definition.EnumValues {
			check(value.Description, "%s.%s", definition.Name, value.Name)
		}
	}
	if described < 300 {
		t.Errorf("only %d things were looked at", described)
	}
}

func TestEveryImplementationOfAnInterfaceIsAnsweredAsItsType(t *testing.T) {
	schema := readSchema(t)
	for _, test := range []struct {
		name   string
		query  string
		values []any
	}{
		{"Node", `{ node(id: "any") { answer: __typename } }`, anyOf(nodes())},
		{"UserError", `mutation { signOut { userErrors { answer: __typename } } }`, anyOf(userErrors())},
	} {
		t.Run(test.name, func(t *testing.T) {
			var want, got []string
			for _, definition := range schema.GetPossibleTypes(schema.Types[test.name]) {
				want = append(want, definition.Name)
			}
			for _, value := range test.values {
				name := reflect.TypeOf(value).Name()
				got = append(got, name)
				for _, value := range []any{value, pointerTo(value)} {
					if answer := answerWith(t, test.query, value); !strings.Contains(answer, fmt.Sprintf(`{"answer":%q}`, name)) {
						t.Errorf("a %T is answered as %s", value, answer)
					}
				}
				if answer := answerWith(t, test.query, nilOf(value)); strings.Contains(answer, "answer") {
					t.Errorf("no %s is answered as %s", name, answer)
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("values of\n%v were tried, the schema has\n%v", got, want)
			}
		})
	}
}

// answerWith runs the query on resolvers that answer the value wherever they are asked, and returns what came of it.
func answerWith(t *testing.T, query string, value any) string {
	t.Helper()
	api := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &answering{value: value}}))
	ctx := graphql.StartOperationTrace(t.Context())
	operation, refused := api.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if refused != nil {
		t.Fatal(refused)
	}
	respond, ctx := api.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if len(response.Errors) > 0 {
		return response.Errors.Error()
	}
	return string(response.Data)
}

// answering is a resolver root of which only node and signOut are ever asked.
type answering struct {
	graph.ResolverRoot
	value any
}

func (a *answering) Query() graph.QueryResolver       { return answeringQuery{value: a.value} }
func (a *answering) Mutation() graph.MutationResolver { return answeringMutation{value: a.value} }

type answeringQuery struct {
	graph.QueryResolver
	value any
}

func (q answeringQuery) Node(context.Context, string) (graph.Node, error) {
	return q.value.(graph.Node), nil
}

type answeringMutation struct {
	graph.MutationResolver
	value any
}

func (m answeringMutation) SignOut(context.Context) (*graph.SignOutPayload, error) {
	return &graph.SignOutPayload{UserErrors: []graph.UserError{m.value.(graph.UserError)}}, nil
}

func anyOf[T any](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = value
	}
	return all
}

func pointerTo(value any) any {
	pointer := reflect.New(reflect.TypeOf(value))
	pointer.Elem().Set(reflect.ValueOf(value))
	return pointer.Interface()
}

func nilOf(value any) any { return reflect.Zero(reflect.PointerTo(reflect.TypeOf(value))).Interface() }

func readSchema(t *testing.T) *ast.Schema {
	t.Helper()
	paths, err := filepath.Glob("schema/*.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	var sources []*ast.Source
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: path, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
