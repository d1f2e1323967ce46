package transport

import (
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// inspector looks at every argument of an operation, at each fragment's once.
type inspector struct {
	preparer *preparer
	plan     *plan
	seen     map[*ast.FragmentDefinition]bool
	refusal  *Refusal // the first
}

// inspect fills in the variables that plan depends on, and refuses what gqlgen would let through.
func (p *preparer) inspect(plan *plan) *Refusal {
	i := inspector{preparer: p, plan: plan, seen: make(map[*ast.FragmentDefinition]bool)}
	i.directives(plan.operation.Directives)
	i.set(plan.operation.SelectionSet)
	return i.refusal
}

func (i *inspector) set(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			i.directives(s.Directives)
			i.arguments(s)
			i.set(s.SelectionSet)
		case *ast.InlineFragment:
			i.directives(s.Directives)
			i.set(s.SelectionSet)
		case *ast.FragmentSpread:
			i.directives(s.Directives)
			if !i.seen[s.Definition] {
				i.seen[s.Definition] = true
				i.directives(s.Definition.Directives)
				i.set(s.Definition.SelectionSet)
			}
		}
	}
}

func (i *inspector) arguments(f *ast.Field) {
	if !isPaged(f) {
		return
	}
	for _, argument := range f.Arguments {
		if !slices.Contains(pageArguments[:], argument.Name) || i.refusal != nil {
			continue
		}
		if argument.Value.Kind == ast.Variable {
			i.plan.pageSizes = append(i.plan.pageSizes, argument.Value.Raw)
		} else if size, err := argument.Value.Value(nil); err == nil {
			i.refusal = i.preparer.checkPageSize(size)
		}
	}
}

func (i *inspector) directives(directives ast.DirectiveList) {
	for _, directive := range directives {
		if directive.Name == "defer" {
			i.refusal = refuse(http.StatusBadRequest, CodeValidationFailed, "@defer is not supported.")
			return
		}
		for _, argument := range directive.Arguments {
			if argument.Name == "if" && argument.Value.Kind == ast.Variable {
				i.plan.conditions = append(i.plan.conditions, argument.Value.Raw)
			}
		}
	}
}
