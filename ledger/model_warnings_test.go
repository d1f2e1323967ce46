package ledger

import (
	"fmt"
	"slices"
	"time"

	"productgenerator/models"
)

// modelWarnings is what a model's team is warned of. Each line keeps the days of its warnings for as long as its
// figure is beyond it.
type modelWarnings struct {
	reached, empty modelLine
	rules          []*modelRule
	spent          bool // by the change at hand
	raised         []modelWarning
}

type modelRule struct {
	id        models.AlertRuleID
	metric    models.AlertMetric
	threshold int
	enabled   bool
	line      modelLine
	warned    map[models.GrantID]bool
}

// modelLine is the days on which a line was warned of since its figure went beyond it.
type modelLine []models.Date

// modelWarning is a warning with everything that it says.
type modelWarning struct {
	kind             models.LimitWarningKind
	rule             models.AlertRuleID
	member           models.UserID
	grant            models.GrantID
	threshold, value int
	limit            int // -1: none
	clears           int64
}

func (w modelWarning) String() string {
	return fmt.Sprintf("%s rule=%s member=%s grant=%s threshold=%d value=%d limit=%d clears=%s", w.kind, w.rule, w.member,
		w.grant, w.threshold, w.value, w.limit, time.UnixMicro(w.clears).UTC().Format(time.RFC3339))
}

// due says whether the figure behind a change is to be warned of: where it was not beyond the line before, or where the
// change spends and nothing was warned of on that day.
func (l *modelLine) due(beyond, spent bool, day models.Date) bool {
	if !beyond {
		*l = nil
		return false
	}
	if len(*l) > 0 && (!spent || slices.Contains(*l, day)) {
		return false
	}
	*l = append(*l, day)
	return true
}

// open is how a new team begins: without tokens, which it need not be told.
func (m *model) open(rules []*models.AlertRule) {
	m.reached, m.empty = modelLine{m.day()}, modelLine{m.day()}
	for _, rule := range rules {
		m.setRule(rule.ID, rule.Metric, rule.Threshold, true)
		if rule.Metric == models.MetricAvailableTokensBelow {
			m.rules[len(m.rules)-1].line = modelLine{m.day()}
		}
	}
}

func (m *model) setRule(id models.AlertRuleID, metric models.AlertMetric, threshold int, enabled bool) {
	set := &modelRule{id: id, metric: metric, threshold: threshold, enabled: enabled, warned: map[models.GrantID]bool{}}
	for i, rule := range m.rules {
		if rule.id != id {
			continue
		}
		if rule.metric != metric || rule.threshold != threshold || rule.enabled != enabled {
			m.rules[i] = set
		}
		return
	}
	m.rules = append(m.rules, set)
}

func (m *model) deleteRule(id models.AlertRuleID) {
	m.rules = slices.DeleteFunc(m.rules, func(rule *modelRule) bool { return rule.id == id })
}

// setThreshold moves the rules that stand where the threshold was.
func (m *model) setThreshold(threshold int) {
	for _, rule := range m.rules {
		if rule.metric == models.MetricAvailableTokensBelow && rule.threshold == min(m.threshold, 1<<31-1) {
			rule.threshold = min(threshold, 1<<31-1)
		}
	}
	m.threshold = threshold
}

// warn ends a change: it raises what is to be warned of.
func (m *model) warn() {
	spent, day := m.spent, m.day()
	m.spent = false
	used, available := m.used(day, ""), m.available()
	limit, limited := m.limit()
	ofLimit := modelWarning{value: used, limit: limit, clears: m.calendar.endOf(m.now).UnixMicro()}
	if m.reached.due(limited && used+int(cheapest) > limit, spent, day) {
		ofLimit.kind, ofLimit.rule, ofLimit.threshold = models.WarningDailyLimitReached, m.ruleOf(models.MetricDailyLimitPercentUsed), limit
		m.raised = append(m.raised, ofLimit)
	}
	if m.empty.due(!m.unlimited && available < int(cheapest), spent, day) {
		m.raised = append(m.raised, modelWarning{
			kind: models.WarningBalanceEmpty, rule: m.ruleOf(models.MetricAvailableTokensBelow),
			threshold: int(cheapest), value: available, limit: -1,
		})
	}
	for _, rule := range m.rules {
		switch rule.metric {
		case models.MetricDailyLimitPercentUsed:
			near := limited && limit > 0 && used*100 >= limit*rule.threshold
			if rule.line.due(rule.enabled && near && !rule.builtIn(), spent, day) {
				ofLimit.kind, ofLimit.rule = models.WarningDailyLimitNear, rule.id
				for ofLimit.threshold = 0; ofLimit.threshold*100 < limit*rule.threshold; ofLimit.threshold++ {
				}
				m.raised = append(m.raised, ofLimit)
			}
		case models.MetricAvailableTokensBelow:
			low := !m.unlimited && available <= rule.threshold
			if rule.line.due(rule.enabled && low && !rule.builtIn(), spent, day) {
				m.raised = append(m.raised, modelWarning{
					kind: models.WarningBalanceLow, rule: rule.id, threshold: rule.threshold, value: available, limit: -1,
				})
			}
		case models.MetricGrantExpiresWithinDays:
			m.warnOfExpiries(rule)
		}
	}
}

func (m *model) warnOfExpiries(rule *modelRule) {
	for _, g := range m.grants {
		if g.free+g.held == 0 { // if tokens of it come back, that is news
			delete(rule.warned, g.id)
		}
		if !rule.enabled || g.free == 0 || g.expires == nil || rule.warned[g.id] {
			continue
		}
		if g.expires.Sub(m.now) > time.Duration(rule.threshold)*24*time.Hour {
			continue
		}
		rule.warned[g.id] = true
		m.raised = append(m.raised, modelWarning{
			kind: models.WarningGrantExpiring, rule: rule.id, grant: g.id, threshold: rule.threshold, value: g.free, limit: -1,
			clears: g.expires.UnixMicro(),
		})
	}
}

// builtIn says that a rule's line is one that every team has.
func (r *modelRule) builtIn() bool {
	return r.metric == models.MetricDailyLimitPercentUsed && r.threshold >= 100 ||
		r.metric == models.MetricAvailableTokensBelow && r.threshold < int(cheapest)
}

// ruleOf is the oldest rule that stands at the line of that metric which every team has.
func (m *model) ruleOf(metric models.AlertMetric) (oldest models.AlertRuleID) {
	for _, rule := range m.rules {
		if rule.metric == metric && rule.enabled && rule.builtIn() && (oldest == "" || rule.id < oldest) {
			oldest = rule.id
		}
	}
	return oldest
}

// warnMember raises what is to be warned of where a member's share or use was another one before.
func (m *model) warnMember(who models.UserID, share models.Limit, usedBefore int) {
	now, limited := m.members[who].Tokens()
	if !limited {
		return
	}
	limit, used := int(now), m.used(m.day(), who)
	before, wasLimited := share.Tokens()
	near := func(limit, used int) bool { return limit > 0 && 10*used >= 8*limit }
	reached := func(limit, used int) bool { return limit < used+int(cheapest) }
	warning := modelWarning{member: who, value: used, limit: limit, clears: m.calendar.endOf(m.now).UnixMicro()}
	if near(limit, used) && !(wasLimited && near(int(before), usedBefore)) {
		warning.kind, warning.threshold = models.WarningMemberLimitNear, (8*limit+9)/10
		m.raised = append(m.raised, warning)
	}
	if reached(limit, used) && !(wasLimited && reached(int(before), usedBefore)) {
		warning.kind, warning.threshold = models.WarningMemberLimitReached, limit
		m.raised = append(m.raised, warning)
	}
}

// warningsFault compares warnings that were raised by one change, whatever their order, with the model's.
func warningsFault(got []models.LimitWarning, want []modelWarning) string {
	if len(got)+len(want) == 0 {
		return ""
	}
	said := make([]string, len(got))
	for i, w := range got {
		said[i] = seen(w).String()
	}
	expected := make([]string, len(want))
	for i, w := range want {
		expected[i] = w.String()
	}
	slices.Sort(said)
	slices.Sort(expected)
	if !slices.Equal(said, expected) {
		return fmt.Sprintf("warned of %q, the model of %q", said, expected)
	}
	return ""
}

func seen(w models.LimitWarning) modelWarning {
	saw := modelWarning{kind: w.Kind, threshold: int(w.Threshold), value: int(w.Value), limit: -1}
	if w.RuleID != nil {
		saw.rule = *w.RuleID
	}
	if w.MemberID != nil {
		saw.member = *w.MemberID
	}
	if w.GrantID != nil {
		saw.grant = *w.GrantID
	}
	if w.DailyLimit != nil {
		saw.limit = int(*w.DailyLimit)
	}
	if w.ClearsAt != nil {
		saw.clears = w.ClearsAt.UnixMicro()
	}
	return saw
}

// rulesFault compares the rules of an account with the model's.
func (m *model) rulesFault(rules []*models.AlertRule) string {
	if len(rules) != len(m.rules) {
		return fmt.Sprintf("%d rules, the model has %d", len(rules), len(m.rules))
	}
	for _, want := range m.rules {
		at := slices.IndexFunc(rules, func(rule *models.AlertRule) bool { return rule.ID == want.id })
		if at < 0 || rules[at].Metric != want.metric || rules[at].Threshold != want.threshold || rules[at].Enabled != want.enabled {
			return fmt.Sprintf("rule %s is not as in the model: %+v", want.id, *want)
		}
	}
	return ""
}

// modelConsumed is what the reports show of one row.
type modelConsumed struct{ tokens, parts, generations int }

// consumption counts what was captured, by day, member, operation and part.
func (m *model) consumption() map[string]modelConsumed {
	sums := map[string]modelConsumed{}
	for _, r := range m.reservations {
		for _, p := range r.parts {
			if p.state != models.PartCaptured {
				continue
			}
			key := fmt.Sprint(r.day, r.actor, r.operation, p.part)
			sum := sums[key]
			sum.tokens, sum.parts = sum.tokens+p.cost, sum.parts+1
			if p.part == r.first {
				sum.generations++
			}
			sums[key] = sum
		}
	}
	return sums
}

// productConsumption counts what was captured, by day, product, member and operation.
func (m *model) productConsumption() map[string]modelConsumed {
	sums := map[string]modelConsumed{}
	for _, r := range m.reservations {
		key := fmt.Sprint(r.day, r.product, r.actor, r.operation)
		sum := sums[key]
		for _, p := range r.parts {
			if p.state == models.PartCaptured {
				sum.tokens += p.cost
			}
		}
		if r.first != "" {
			sum.generations++
			sums[key] = sum
		}
	}
	return sums
}

// consumptionFault compares the rows of both reports with the model.
func (m *model) consumptionFault(rows []models.Consumption, products []models.ProductConsumption) string {
	byPart, byProduct := map[string]modelConsumed{}, map[string]modelConsumed{}
	for _, c := range rows {
		byPart[fmt.Sprint(c.Day, c.UserID, c.Operation, c.Part)] = modelConsumed{int(c.Tokens), int(c.Parts), int(c.Generations)}
	}
	for _, c := range products {
		byProduct[fmt.Sprint(c.Day, c.ProductID, c.UserID, c.Operation)] = modelConsumed{int(c.Tokens), 0, int(c.Generations)}
	}
	for _, pair := range [][2]map[string]modelConsumed{{byPart, m.consumption()}, {byProduct, m.productConsumption()}} {
		got, want := pair[0], pair[1]
		if len(got) != len(want) {
			return fmt.Sprintf("%d rows of consumption, the model has %d", len(got), len(want))
		}
		for key, sum := range want {
			if got[key] != sum {
				return fmt.Sprintf("consumption of %s is %v, the model has %v", key, got[key], sum)
			}
		}
	}
	return ""
}
