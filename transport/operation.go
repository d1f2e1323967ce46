package transport

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
)

// operation is a request that has passed the guards.
type operation struct {
	plan    *plan
	context *graphql.OperationContext
	began   time.Time
}

func (o *operation) kind() ast.Operation { return o.plan.operation.Operation }

// admit prepares a request, or says why it is not run. ctx says who asks.
func (s *Server) admit(ctx context.Context, req request) (*operation, *Refusal) {
	began := time.Now()
	doc, refusal := s.preparer.prepare(req.query)
	if refusal != nil {
		return nil, refusal
	}
	plan := doc.plan(req.operationName)
	if plan == nil {
		return nil, cannotRun(CodeValidationFailed,
			gqlerror.Errorf("The document has no such operation, or several to choose from."))
	}
	if plan.introspects && !s.config.Introspection(ctx) {
		return nil, refuse(http.StatusForbidden, CodeForbidden, "The schema may not be introspected here.")
	}
	variables, refusal := s.preparer.coerce(plan, req.variables)
	if refusal != nil {
		return nil, refusal
	}
	return &operation{
		plan: plan,
		context: &graphql.OperationContext{
			RawQuery:               req.query,
			Variables:              variables,
			OperationName:          req.operationName,
			Doc:                    doc.ast,
			Headers:                req.headers,
			Operation:              plan.operation,
			DisableIntrospection:   !plan.introspects,
			RecoverFunc:            s.recovered,
			ResolverMiddleware:     resolveField,
			RootResolverMiddleware: resolveRoot,
		},
		began: began,
	}, nil
}

func resolveField(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) }

func resolveRoot(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) }

// plan gives the operation of that name, or the only one.
func (d *document) plan(name string) *plan {
	operation := d.ast.Operations.ForName(name)
	for i := range d.plans {
		if d.plans[i].operation == operation {
			return &d.plans[i]
		}
	}
	return nil
}

// coerce reads the variables and checks what the plan leaves to them.
func (p *preparer) coerce(plan *plan, given map[string]any) (map[string]any, *Refusal) {
	for _, name := range plan.pageSizes {
		if refusal := p.checkPageSize(given[name]); refusal != nil {
			return nil, refusal
		}
	}
	variables, err := validator.VariableValues(p.schema, plan.operation, given)
	if err != nil {
		return nil, cannotRun(CodeBadUserInput, asError(err))
	}
	for _, name := range plan.conditions {
		if _, ok := variables[name].(bool); !ok {
			return nil, refuse(http.StatusBadRequest, CodeBadUserInput, "What @skip and @include hang on is true or false.")
		}
	}
	for _, name := range plan.pageSizes {
		if refusal := p.checkPageSize(variables[name]); refusal != nil { // a default is checked here
			return nil, refusal
		}
	}
	if plan.costVaries {
		return variables, p.checkCost(plan, variables)
	}
	return variables, nil
}

// execution is an operation that runs. Its responses come one by one; one of a query or mutation, any number of a
// subscription.
type execution struct {
	server *Server
	op     *operation
	ctx    context.Context // carries the errors of the stream as a whole
	next   graphql.ResponseHandler
	failed bool // an error was among the responses or ended them
}

// execute starts an operation. One that cannot even begin has no responses, only a failure.
func (s *Server) execute(ctx context.Context, op *operation) *execution {
	ctx = graphql.WithOperationContext(ctx, op.context)
	ctx = graphql.WithResponseContext(ctx, s.present, s.recovered)
	e := &execution{server: s, op: op, ctx: ctx}
	defer e.endOnPanic()
	e.next = s.config.Schema.Exec(ctx)
	if len(graphql.GetErrors(ctx)) > 0 {
		e.next = nil
	}
	return e
}

// response gives the next response, nil at the end. Its data is valid until the next call.
func (e *execution) response() (response *graphql.Response) {
	if e.next == nil || e.ctx.Err() != nil {
		return nil
	}
	defer e.endOnPanic()
	ctx := graphql.WithResponseContext(e.server.config.PerResponse(e.ctx), e.server.present, e.server.recovered)
	response = e.next(ctx)
	if response == nil {
		return nil
	}
	response.Errors = append(response.Errors, graphql.GetErrors(ctx)...)
	e.failed = e.failed || len(response.Errors) > 0
	return response
}

// failure is what ended the responses, if not their own end: a refusal at the start, or an error that a subscription's
// resolver added before it closed its channel.
func (e *execution) failure() gqlerror.List {
	errs := graphql.GetErrors(e.ctx)
	e.failed = e.failed || len(errs) > 0
	return errs
}

// endOnPanic turns a panic outside of any field into the end of the responses.
func (e *execution) endOnPanic() {
	if r := recover(); r != nil {
		e.next = nil
		graphql.AddError(e.ctx, e.server.recovered(e.ctx, r))
	}
}

// observe reports the execution once it has ended.
func (e *execution) observe(transport string) {
	status := StatusOK
	if e.failed {
		status = StatusError
	}
	e.server.observe(Observation{
		Transport: transport,
		Kind:      string(e.op.kind()),
		Field:     e.op.plan.field,
		Status:    status,
		Duration:  time.Since(e.op.began),
	})
}
