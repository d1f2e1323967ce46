package transport

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// document is a text that may run: within the limits, valid, and with what else its operations need known beforehand.
// It is shared by all requests with the same text and never changes.
type document struct {
	ast   *ast.QueryDocument
	plans []plan // of its operations, in their order
}

// plan is what is known of an operation before its variables are.
type plan struct {
	operation   *ast.OperationDefinition
	field       string // the first root field, for metrics: unlike an operation's name there are only so many
	introspects bool
	pageSizes   []string // variables that first and last are set by
	conditions  []string // variables that @skip and @include are decided by
	costVaries  bool     // some page sizes would make it cost too much
}

// maxName is how long a name may be, in bytes.
const maxName = 200

// preparer makes documents of texts. The guards come in the order of what they cost us: counting tokens, parsing,
// measuring, and only then validating.
type preparer struct {
	schema *ast.Schema
	limits Limits
	money  map[string]bool
	rules  *rules.Rules
	cache  *cache
}

func newPreparer(schema *ast.Schema, limits Limits, moneyMutations []string) *preparer {
	p := &preparer{
		schema: schema,
		limits: limits,
		money:  make(map[string]bool, len(moneyMutations)),
		rules:  rules.NewDefaultRules(),
		cache:  newCache(limits.CachedText),
	}
	for _, name := range moneyMutations {
		p.money[name] = true
	}
	p.rules.RemoveRule(rules.MaxIntrospectionDepth.Name) // introspection.go is stricter
	p.withoutSuggestions()
	return p
}

// withoutSuggestions keeps "Did you mean" out of answers: it tells the schema to those who may not introspect it, and
// costs a comparison with every name.
func (p *preparer) withoutSuggestions() {
	p.rules.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	p.rules.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	p.rules.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	p.rules.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	p.rules.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
}

// prepare gives the document of a text, or why it may not run.
func (p *preparer) prepare(text string) (*document, *Refusal) {
	if doc, ok := p.cache.get(text); ok {
		return doc, nil
	}
	if refusal := p.countTokens(text); refusal != nil {
		return nil, refusal
	}
	parsed, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, cannotRun(CodeParseFailed, asError(err))
	}
	if len(parsed.Operations) == 0 {
		return nil, cannotRun(CodeParseFailed, gqlerror.Errorf("The document has no operation."))
	}
	if refusal := p.measure(parsed); refusal != nil {
		return nil, refusal
	}
	if errs := validator.ValidateWithRules(p.schema, parsed, p.rules); len(errs) > 0 {
		return nil, cannotRun(CodeValidationFailed, errs...)
	}
	doc := &document{ast: parsed, plans: make([]plan, len(parsed.Operations))}
	for i, operation := range parsed.Operations {
		plan, refusal := p.plan(parsed, operation)
		if refusal != nil {
			return nil, refusal
		}
		doc.plans[i] = plan
	}
	p.cache.add(text, doc)
	return doc, nil
}

// countTokens refuses a text that is too long to parse, and tokens that stand for no value: gqlgen panics at a number
// that no machine word holds.
func (p *preparer) countTokens(text string) *Refusal {
	lex := lexer.New(&ast.Source{Input: text})
	replaced := strings.ContainsRune(text, '\uFFFD')
	for range p.limits.Tokens + 1 {
		token, err := lex.ReadToken()
		if err != nil {
			return cannotRun(CodeParseFailed, asError(err))
		}
		switch token.Kind {
		case lexer.EOF:
			return nil
		case lexer.Name:
			// Names come back in answers, as keys and in errors.
			if len(token.Value) > maxName {
				return tooComplex("A name in the document is longer than %d bytes.", maxName)
			}
		case lexer.Int:
			if _, err := strconv.ParseInt(token.Value, 10, 64); err != nil {
				return numberTooLarge()
			}
		case lexer.Float:
			if _, err := strconv.ParseFloat(token.Value, 64); err != nil {
				return numberTooLarge()
			}
		case lexer.String, lexer.BlockString:
			// The lexer writes U+FFFD for a lone surrogate.
			if strings.ContainsRune(token.Value, 0) || !replaced && strings.ContainsRune(token.Value, '\uFFFD') {
				return badRequest("A string in the document holds NUL or a lone surrogate.")
			}
		}
	}
	return tooComplex("The document has more than %d tokens.", p.limits.Tokens)
}

func numberTooLarge() *Refusal {
	return refuse(http.StatusBadRequest, CodeBadUserInput, "A number in the document is too large.")
}

// plan completes the guards of an operation with those that need its types.
func (p *preparer) plan(doc *ast.QueryDocument, operation *ast.OperationDefinition) (plan, *Refusal) {
	roots := rootFields(nil, doc, operation.SelectionSet)
	plan := plan{operation: operation, field: roots[0].Name}
	for _, root := range roots {
		plan.introspects = plan.introspects || introspects(root)
	}
	if refusal := p.checkMoney(operation, roots); refusal != nil {
		return plan, refusal
	}
	if refusal := p.checkIntrospection(roots); refusal != nil {
		return plan, refusal
	}
	if refusal := p.inspect(&plan); refusal != nil {
		return plan, refusal
	}
	worst := cost{limits: p.limits, schema: p.schema, assume: p.limits.PageSize}
	if worst.of(operation.SelectionSet) <= p.limits.Cost {
		return plan, nil
	}
	// Some page sizes are too large. Without variables that is the last word, else it is theirs.
	plan.costVaries = true
	if len(plan.pageSizes) == 0 {
		return plan, p.checkCost(&plan, nil)
	}
	return plan, nil
}

func asError(err error) *gqlerror.Error {
	if gqlErr, ok := errors.AsType[*gqlerror.Error](err); ok {
		return gqlErr
	}
	return gqlerror.Errorf("The document cannot be read.")
}
