package notify

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

func TestWhereWarningsGo(t *testing.T) {
	const day, tokens, expiry = models.MetricDailyLimitPercentUsed, models.MetricAvailableTokensBelow, models.MetricGrantExpiresWithinDays
	mail := func(user models.UserID) Job { return Job{Warning: "w", Recipient: user} }
	hook := func(rule models.AlertRuleID) Job { return Job{Warning: "w", Rule: rule} }
	of := func(kind models.LimitWarningKind) raised { return raised{id: "w", kind: kind} }
	by := func(kind models.LimitWarningKind, rule models.AlertRuleID) raised {
		return raised{id: "w", kind: kind, rule: &rule}
	}
	about := func(kind models.LimitWarningKind, member models.UserID) raised {
		return raised{id: "w", kind: kind, member: &member}
	}
	for name, c := range map[string]struct {
		rules   []rule
		warning raised
		want    []Job
	}{
		"by mail to each who leads": {
			[]rule{{id: "a", metric: day, email: true}},
			by(models.WarningDailyLimitNear, "a"),
			[]Job{mail("ada"), mail("bob")},
		},
		"to the rule's webhook": {
			[]rule{{id: "a", metric: day, url: "u"}},
			by(models.WarningDailyLimitNear, "a"),
			[]Job{hook("a")},
		},
		"not where other rules say": {
			[]rule{{id: "a", metric: day, url: "u"}, {id: "b", metric: day, email: true, url: "v"}},
			by(models.WarningDailyLimitNear, "a"),
			[]Job{hook("a")},
		},
		"nowhere once the rule is gone": {
			[]rule{{id: "b", metric: day, email: true}}, by(models.WarningDailyLimitNear, "a"), nil,
		},
		"a limit that is reached, where all rules of the day say, everybody and every address once": {
			[]rule{
				{id: "a", metric: day, email: true, url: "u"},
				{id: "b", metric: day, email: true, url: "u"},
				{id: "c", metric: day, url: "v"},
				{id: "d", metric: tokens, email: true, url: "w"},
			},
			of(models.WarningDailyLimitReached),
			[]Job{hook("a"), hook("c"), mail("ada"), mail("bob")},
		},
		"a limit that is reached and is a rule's line, where that rule says": {
			[]rule{{id: "a", metric: day, url: "u"}, {id: "b", metric: day, url: "v"}},
			by(models.WarningDailyLimitReached, "b"),
			[]Job{hook("b")},
		},
		"an empty balance, where the rules of the tokens say": {
			[]rule{{id: "a", metric: day, url: "u"}, {id: "b", metric: tokens, url: "v"}, {id: "c", metric: expiry, url: "w"}},
			of(models.WarningBalanceEmpty),
			[]Job{hook("b")},
		},
		"a grant that expires, where its rule says": {
			[]rule{{id: "a", metric: expiry, email: true, url: "u"}},
			by(models.WarningGrantExpiring, "a"),
			[]Job{hook("a"), mail("ada"), mail("bob")},
		},
		"a member's limit, to the member alone": {
			[]rule{{id: "a", metric: day, email: true, url: "u"}},
			about(models.WarningMemberLimitReached, "eve"),
			[]Job{mail("eve")},
		},
		"a member's limit, nowhere if the day sends no mail": {
			[]rule{{id: "a", metric: day, url: "u"}, {id: "b", metric: tokens, email: true}},
			about(models.WarningMemberLimitNear, "eve"), nil,
		},
		"nowhere without rules": {nil, of(models.WarningBalanceEmpty), nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := routes{rules: c.rules, leads: []models.UserID{"ada", "bob"}}
			if difference := cmp.Diff(c.want, r.deliveries(c.warning)); difference != "" {
				t.Errorf("want -, got +:\n%s", difference)
			}
		})
	}
}
