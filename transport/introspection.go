package transport

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// introspects says whether a field asks for the schema. __typename, which is everyone's, does not.
func introspects(f *ast.Field) bool {
	return f.Name == "__schema" || f.Name == "__type"
}

// checkIntrospection keeps the schema's own lists from multiplying: one __schema, no fields of fields, and no more
// lists in all than the tools' introspection query reads about twice over.
func (p *preparer) checkIntrospection(roots []*ast.Field) *Refusal {
	i := introspection{}
	for _, root := range roots {
		if !introspects(root) {
			continue
		}
		if root.Name == "__schema" {
			i.schemas++
		}
		i.set(root.SelectionSet, false)
	}
	switch {
	case i.schemas > 1:
		return tooComplex("The operation reads __schema more than once.")
	case i.nested:
		return tooComplex("The operation reads the fields of types of fields: ask for the types one by one.")
	case i.lists > p.limits.IntrospectionLists:
		return tooComplex("The operation reads more than %d lists of the schema.", p.limits.IntrospectionLists)
	default:
		return nil
	}
}

// introspection counts what an operation reads of the schema. It walks a fragment for every spread: the selections are
// known to be few.
type introspection struct {
	schemas, lists int
	nested         bool
}

func (i *introspection) set(selections ast.SelectionSet, ofMember bool) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			i.field(s, ofMember)
		case *ast.InlineFragment:
			i.set(s.SelectionSet, ofMember)
		case *ast.FragmentSpread:
			i.set(s.Definition.SelectionSet, ofMember)
		}
	}
}

// field counts a list. ofMember: it lies under one that leads from a type to others.
func (i *introspection) field(f *ast.Field, ofMember bool) {
	if f.Definition.Type.Elem != nil {
		i.lists++
	}
	switch f.Name {
	case "fields", "inputFields", "interfaces", "possibleTypes":
		i.nested = i.nested || ofMember
		ofMember = true
	}
	i.set(f.SelectionSet, ofMember)
}
