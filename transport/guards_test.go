package transport

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// checked is the code that a document is refused with, "" if it is not.
func checked(t *testing.T, s *Server, query string, variables map[string]any) string {
	t.Helper()
	err := s.Check(query, variables)
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("%T", err)
	}
	return refusal.Code()
}

func testServer() *Server {
	return New(Config{Schema: newTestSchema(), MoneyMutations: []string{"spend", "buy"}})
}

// repeated joins n texts made of their number.
func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func deep(levels int) string {
	return "{ item(id: 1) " + strings.Repeat("{ parent ", levels-2) + "{ id }" + strings.Repeat(" }", levels-1)
}

func TestEachLimitHoldsAndLetsItsBoundThrough(t *testing.T) {
	s := testServer()
	for name, c := range map[string]struct{ within, beyond string }{
		"tokens":             {"{ item(id: 1) { " + strings.Repeat("...f ", 490) + "} } fragment f on Item { id }", "{ hello " + strings.Repeat("hello(name: \"a\") ", 200) + "}"},
		"depth":              {deep(10), deep(11)},
		"depth in fragments": {"{ item(id: 1) { ...a } } fragment a on Item { parent { ...b } } fragment b on Item { id }", "{ item(id: 1) { ...a } } fragment a on Item { parent { parent { parent { parent { parent { ...b } } } } } } fragment b on Item { parent { parent { parent { parent { id } } } } }"},
		"selections":         {"{ item(id: 1) { " + strings.Repeat("id ", 499) + "} }", "{ item(id: 1) { " + strings.Repeat("id ", 500) + "} }"},
		"aliases":            {"{ item(id: 1) { " + repeated(15, "a%d: id ") + "} }", "{ item(id: 1) { " + repeated(16, "a%d: id ") + "} }"},
		"aliases in fragments": {
			"{ item(id: 1) { ...f parent { ...f } } } fragment f on Item { " + repeated(7, "a%d: id ") + "}",
			"{ item(id: 1) { ...f parent { ...f } } } fragment f on Item { " + repeated(8, "a%d: id ") + "}",
		},
		"directives":      {"{ item(id: 1) { " + strings.Repeat("id @skip(if: true) ", 10) + "} }", "{ item(id: 1) { " + strings.Repeat("id @skip(if: true) ", 11) + "} }"},
		"root fields":     {"{ " + repeated(10, "a%d: hello ") + "}", "{ " + repeated(11, "a%d: hello ") + "}"},
		"money mutations": {"mutation { spend(n: 1) add(n: 1) }", "mutation { a: spend(n: 1) b: spend(n: 1) }"},
		"money mutations in fragments": {
			"mutation { ...f } fragment f on Mutation { buy }",
			"mutation { ...f buy } fragment f on Mutation { spend(n: 1) }",
		},
		"cost of one page":     {"{ items(first: 100) { nodes { parent { id } } } }", "{ a: items(first: 100) { nodes { items(first: 10) { nodes { id } } } } }"},
		"cost of nested pages": {"{ items(first: 100) { nodes { items(first: 9) { nodes { id } } } } }", "{ items(first: 100) { nodes { items(first: 10) { nodes { id } } } } }"},
		"cost by default":      {"{ items { nodes { items { nodes { id } } } } }", "{ items { nodes { items { nodes { items(first: 3) { nodes { id } } } } } } }"},
		"cost through edges":   {"{ items(first: 100) { edges { node { items(first: 9) { edges { node { id } } } } } } }", "{ items(first: 100) { edges { node { items(first: 10) { edges { node { id } } } } } } }"},
		"cost in fragments": {
			"{ items(first: 100) { ...c } } fragment c on ItemConnection { nodes { items(first: 9) { totalCount } } }",
			"{ items(first: 100) { ...c } } fragment c on ItemConnection { nodes { items(first: 10) { totalCount } } }",
		},
		"the last of a page": {"{ items(last: 100) { nodes { parent { id } } } }", "{ items(last: 100) { nodes { items(first: 10) { totalCount } } } }"},
		"schema reads":       {"{ __schema { types { name } } }", "{ a: __schema { types { name } } b: __schema { types { name } } }"},
		"schema nesting":     {"{ __schema { types { fields { type { name } } } } }", "{ __schema { types { fields { type { fields { name } } } } } }"},
		"schema lists":       {"{ __schema { types { fields { args { name } } } directives { args { name } } } }", "{ __schema { types { " + repeated(14, "a%d: fields { name } ") + " interfaces { name } possibleTypes { name } } } }"},
	} {
		if code := checked(t, s, c.within, nil); code != "" {
			t.Errorf("%s: refused within its limit: %s, %v", name, code, s.Check(c.within, nil))
		}
		if code := checked(t, s, c.beyond, nil); code != CodeTooComplex {
			t.Errorf("%s: let through beyond its limit: %q, %v", name, code, s.Check(c.beyond, nil))
		}
	}
}

func TestPagesAreSizedByVariablesToo(t *testing.T) {
	s := testServer()
	const query = "query($a: Int, $b: Int = 10) { items(first: $a) { nodes { items(first: $b) { nodes { id } } } } }"
	for _, c := range []struct {
		variables map[string]any
		code      string
	}{
		{nil, ""},
		{map[string]any{"a": int64(90)}, ""},
		{map[string]any{"a": int64(91)}, CodeTooComplex},
		{map[string]any{"a": int64(100), "b": int64(9)}, ""},
		{map[string]any{"a": int64(100), "b": int64(10)}, CodeTooComplex},
		{map[string]any{"a": nil, "b": nil}, ""},
		{map[string]any{"a": int64(0)}, CodeBadUserInput},
		{map[string]any{"a": int64(-1)}, CodeBadUserInput},
		{map[string]any{"a": int64(101)}, CodeBadUserInput},
		{map[string]any{"a": int64(1) << 62}, CodeBadUserInput},
		{map[string]any{"a": "12"}, CodeBadUserInput},
	} {
		if code := checked(t, s, query, c.variables); code != c.code {
			t.Errorf("%v: %q, want %q", c.variables, code, c.code)
		}
	}
}

func TestPageSizesInTheDocumentAreChecked(t *testing.T) {
	s := testServer()
	for size, code := range map[string]string{
		"1": "", "100": "", "null": "", "0": CodeBadUserInput, "101": CodeBadUserInput, "-5": CodeBadUserInput,
		"4611686018427387904": CodeBadUserInput, "99999999999999999999": CodeBadUserInput,
	} {
		if got := checked(t, s, "{ items(first: "+size+") { totalCount } }", nil); got != code {
			t.Errorf("first: %s: %q, want %q", size, got, code)
		}
	}
}

func TestNestedFragmentsAreMeasuredInNoTime(t *testing.T) {
	s := testServer()
	var b strings.Builder
	b.WriteString("{ item(id: 1) { ...f0 } } ")
	for i := range 60 {
		fmt.Fprintf(&b, "fragment f%d on Item { ...f%d ...f%d } ", i, i+1, i+1)
	}
	b.WriteString("fragment f60 on Item { id }")
	if code := checked(t, s, b.String(), nil); code != CodeTooComplex {
		t.Errorf("%q", code)
	}
}

func TestCyclicFragmentsAreRefused(t *testing.T) {
	s := testServer()
	for _, query := range []string{
		"{ item(id: 1) { ...a } } fragment a on Item { ...a }",
		"{ item(id: 1) { ...a } } fragment a on Item { parent { ...b } } fragment b on Item { items { nodes { ...a } } }",
		"{ hello } fragment a on Item { ...b } fragment b on Item { ...a }",
		"{ ...a } fragment a on Query { hello ...a }",
	} {
		if code := checked(t, s, query, nil); code != CodeTooComplex {
			t.Errorf("%s: %q", query, code)
		}
	}
}

func TestTheToolsIntrospectionQueryIsLetThrough(t *testing.T) {
	if err := testServer().Check(toolsIntrospection, nil); err != nil {
		t.Error(err)
	}
}

func TestPreparedDocumentsAreKeptWithinTheirBound(t *testing.T) {
	c := newCache(1_600)
	doc := new(document)
	for i := range 100 {
		c.add(fmt.Sprintf("%100d", i), doc)
		c.get(fmt.Sprintf("%100d", 0))
	}
	c.add(strings.Repeat("x", 101), doc)
	if c.size > 1_600 || len(c.entries) != c.order.Len() || len(c.entries) != 16 {
		t.Errorf("%d bytes, %d entries, %d in order", c.size, len(c.entries), c.order.Len())
	}
	if _, kept := c.get(fmt.Sprintf("%100d", 0)); !kept {
		t.Error("what was used all the time is gone")
	}
	if _, kept := c.get(fmt.Sprintf("%100d", 50)); kept {
		t.Error("what was used long ago is still there")
	}
}

// FuzzCheck: no document makes the guards panic, or takes them long.
func FuzzCheck(f *testing.F) {
	for _, h := range hostileRequests() {
		f.Add(h.query)
	}
	f.Add(toolsIntrospection)
	f.Add("query Q($n: Int = 5, $b: Boolean!) { items(first: $n) { edges { node { ...i @include(if: $b) } } } } fragment i on Item { id parent { name } }")
	s := testServer()
	f.Fuzz(func(t *testing.T, query string) {
		began := time.Now()
		_ = s.Check(query, nil)
		if took := time.Since(began); took > refusedWithin {
			t.Errorf("%v", took)
		}
	})
}

// toolsIntrospection is the query of graphql 16's getIntrospectionQuery with every option on, as GraphiQL sends it.
const toolsIntrospection = `
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind }
    mutationType { name kind }
    subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description
    args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef }
    isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
  name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}`
