package transport

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"
)

// measure refuses documents that are too deep, too wide or cyclic, before they are validated: some rules of validation
// cost more than such a document deserves.
func (p *preparer) measure(doc *ast.QueryDocument) *Refusal {
	m := measurer{fragments: make(map[string]*fragment, len(doc.Fragments))}
	for _, definition := range doc.Fragments {
		if m.fragments[definition.Name] == nil {
			m.fragments[definition.Name] = &fragment{definition: definition}
		}
	}
	for name := range m.fragments {
		if refusal := p.checkExtent(m.spread(name)); refusal != nil {
			return refusal
		}
	}
	if m.cyclic {
		return tooComplex("Fragments spread each other in a cycle.")
	}
	for _, operation := range doc.Operations {
		extent := m.set(operation.SelectionSet)
		extent.directives = add(extent.directives, len(operation.Directives))
		for _, variable := range operation.VariableDefinitions {
			extent.directives = add(extent.directives, len(variable.Directives))
		}
		if refusal := p.checkExtent(extent); refusal != nil {
			return refusal
		}
		if refusal := p.checkRoots(&m, doc, operation); refusal != nil {
			return refusal
		}
	}
	return nil
}

func (p *preparer) checkExtent(e extent) *Refusal {
	switch {
	case e.selections > p.limits.Selections:
		return tooComplex("The document selects more than %d fields.", p.limits.Selections)
	case e.aliases > p.limits.Aliases:
		return tooComplex("The document has more than %d aliases.", p.limits.Aliases)
	case e.directives > p.limits.Directives:
		return tooComplex("The document has more than %d directives.", p.limits.Directives)
	case e.depth > p.limits.IntrospectionDepth:
		return tooComplex("The document nests fields more than %d deep.", p.limits.Depth)
	default:
		return nil
	}
}

// checkRoots holds each root field to its limit of depth: introspection may go deeper.
func (p *preparer) checkRoots(m *measurer, doc *ast.QueryDocument, operation *ast.OperationDefinition) *Refusal {
	roots := rootFields(nil, doc, operation.SelectionSet)
	if len(roots) > p.limits.RootFields {
		return tooComplex("The operation has more than %d root fields.", p.limits.RootFields)
	}
	for _, root := range roots {
		if !introspects(root) && m.set(root.SelectionSet).depth+1 > p.limits.Depth {
			return tooComplex("The document nests fields more than %d deep.", p.limits.Depth)
		}
	}
	return nil
}

// extent is how much a selection set holds, its fragments spread out.
type extent struct{ depth, selections, aliases, directives int }

func (e *extent) include(other extent) {
	e.depth = max(e.depth, other.depth)
	e.selections = add(e.selections, other.selections)
	e.aliases = add(e.aliases, other.aliases)
	e.directives = add(e.directives, other.directives)
}

// measurer walks each fragment once, however often it is spread: 60 fragments that each spread the next twice stand
// for more fields than anyone could count one by one.
type measurer struct {
	fragments map[string]*fragment
	cyclic    bool
}

type fragment struct {
	definition    *ast.FragmentDefinition
	extent        extent
	entered, left bool
}

func (m *measurer) set(selections ast.SelectionSet) (e extent) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			field := m.set(s.SelectionSet)
			field.depth++
			field.selections = add(field.selections, 1)
			field.directives = add(field.directives, len(s.Directives))
			if s.Alias != s.Name {
				field.aliases = add(field.aliases, 1)
			}
			e.include(field)
		case *ast.InlineFragment:
			e.include(m.set(s.SelectionSet))
			e.directives = add(e.directives, len(s.Directives))
		case *ast.FragmentSpread:
			e.include(m.spread(s.Name))
			e.directives = add(e.directives, len(s.Directives))
		}
	}
	return e
}

// spread gives the extent of a fragment. One that does not exist holds nothing; validation will say so.
func (m *measurer) spread(name string) extent {
	f := m.fragments[name]
	switch {
	case f == nil:
		return extent{}
	case f.left:
		return f.extent
	case f.entered:
		m.cyclic = true
		return extent{}
	}
	f.entered = true
	f.extent = m.set(f.definition.SelectionSet)
	f.extent.directives = add(f.extent.directives, len(f.definition.Directives))
	f.left = true
	return f.extent
}

// rootFields appends the fields of an operation's own selection set, fragments spread out. The extent was checked, so
// there are not many.
func rootFields(fields []*ast.Field, doc *ast.QueryDocument, selections ast.SelectionSet) []*ast.Field {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			fields = append(fields, s)
		case *ast.InlineFragment:
			fields = rootFields(fields, doc, s.SelectionSet)
		case *ast.FragmentSpread:
			if fragment := doc.Fragments.ForName(s.Name); fragment != nil {
				fields = rootFields(fields, doc, fragment.SelectionSet)
			}
		}
	}
	return fields
}

// add never overflows.
func add(a, b int) int {
	if a > math.MaxInt32-b {
		return math.MaxInt32
	}
	return a + b
}
