package transport

import (
	"encoding/json"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"
)

// cost counts the objects that an operation may read.
//
// An object is 1 and what is selected of it. A page (a field with first or last) is that many times 1 and what is
// selected of an item, whether through nodes or edges. Scalars and lists without pages, which the schema keeps short,
// are free, and so is introspection, which has limits of its own. What @skip leaves out counts all the same.
type cost struct {
	schema    *ast.Schema
	limits    Limits
	assume    int            // the size of a page that a variable sets; 0: ask variables
	variables map[string]any // coerced
	spread    map[*ast.FragmentDefinition]int
}

func (c *cost) of(selections ast.SelectionSet) (sum int) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			sum = add(sum, c.field(s))
		case *ast.InlineFragment:
			sum = add(sum, c.of(s.SelectionSet))
		case *ast.FragmentSpread:
			sum = add(sum, c.fragment(s.Definition))
		}
	}
	return sum
}

func (c *cost) fragment(definition *ast.FragmentDefinition) int {
	if known, ok := c.spread[definition]; ok {
		return known
	}
	sum := c.of(definition.SelectionSet)
	if c.spread == nil {
		c.spread = make(map[*ast.FragmentDefinition]int)
	}
	c.spread[definition] = sum
	return sum
}

func (c *cost) field(f *ast.Field) int {
	if len(f.SelectionSet) == 0 || introspects(f) || f.Definition.Type.Name() == "PageInfo" {
		return 0
	}
	selected := c.of(f.SelectionSet)
	switch {
	case isPaged(f):
		return times(c.pageSize(f), add(1, selected))
	case f.Definition.Type.Elem != nil, isEdgeNode(f):
		return selected
	default:
		return add(1, selected)
	}
}

func (c *cost) pageSize(f *ast.Field) int {
	size := 0
	for _, name := range pageArguments {
		argument := f.Arguments.ForName(name)
		if argument == nil {
			continue
		}
		if argument.Value.Kind == ast.Variable && c.assume > 0 {
			return c.assume
		}
		if value, err := argument.Value.Value(c.variables); err == nil {
			asked, _ := value.(int64)
			size = max(size, int(min(asked, int64(c.limits.PageSize))))
		}
	}
	if size == 0 {
		return c.limits.DefaultPageSize
	}
	return size
}

var pageArguments = [...]string{"first", "last"}

func isPaged(f *ast.Field) bool {
	for _, name := range pageArguments {
		if definition := f.Definition.Arguments.ForName(name); definition != nil && definition.Type.NamedType == "Int" {
			return true
		}
	}
	return false
}

// isEdgeNode says whether f is the node of an edge: the item was counted with its page.
func isEdgeNode(f *ast.Field) bool {
	return f.Name == "node" && f.ObjectDefinition.Fields.ForName("cursor") != nil
}

// times never overflows.
func times(a, b int) int {
	return int(min(int64(a)*int64(b), int64(1)<<31-1))
}

func (p *preparer) checkCost(plan *plan, variables map[string]any) *Refusal {
	c := cost{schema: p.schema, limits: p.limits, variables: variables}
	if c.of(plan.operation.SelectionSet) > p.limits.Cost {
		return tooComplex("The operation may read more than %d objects: ask for smaller pages.", p.limits.Cost)
	}
	return nil
}

// checkPageSize holds the value of a first or last, coerced or not yet, to the limit.
func (p *preparer) checkPageSize(value any) *Refusal {
	if value == nil {
		return nil
	}
	size, ok := value.(int64)
	if number, given := value.(json.Number); given {
		parsed, err := number.Int64()
		size, ok = parsed, err == nil
	}
	if ok && size >= 1 && size <= int64(p.limits.PageSize) {
		return nil
	}
	return refuse(http.StatusBadRequest, CodeBadUserInput, "first and last are 1..%d.", p.limits.PageSize)
}
