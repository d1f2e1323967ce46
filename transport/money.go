package transport

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// checkMoney lets a request move tokens or money once: several in one would be several effects that succeed and fail
// apart, behind one answer.
func (p *preparer) checkMoney(operation *ast.OperationDefinition, roots []*ast.Field) *Refusal {
	if operation.Operation != ast.Mutation {
		return nil
	}
	count := 0
	for _, root := range roots {
		if p.money[root.Name] {
			count++
		}
	}
	if count > p.limits.MoneyMutations {
		return tooComplex("A request moves tokens or money only once: send each such mutation by itself.")
	}
	return nil
}
