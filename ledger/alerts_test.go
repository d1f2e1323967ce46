package ledger

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

func ptr[T any](value T) *T { return &value }

// setRule sets an alert rule as the owner.
func (tm *team) setRule(s AlertRuleSetting) (models.AlertRule, string, error) {
	s.Team = tm.id
	if s.Actor == "" {
		s.Actor = tm.owner
	}
	return tm.ledger.SetAlertRule(tm.t.Context(), s)
}

func (tm *team) mustSetRule(s AlertRuleSetting) (models.AlertRule, string) {
	tm.t.Helper()
	rule, secret, err := tm.setRule(s)
	if err != nil {
		tm.t.Fatalf("set rule: %v", err)
	}
	return rule, secret
}

func (tm *team) rules() []models.AlertRule {
	tm.t.Helper()
	rules, err := tm.ledger.Rules(tm.t.Context(), tm.id)
	if err != nil {
		tm.t.Fatalf("rules: %v", err)
	}
	return rules
}

// warnings are all of the team's, the oldest first.
func (tm *team) warnings() []models.LimitWarning {
	tm.t.Helper()
	warnings, err := tm.ledger.WarningsAfter(tm.t.Context(), tm.id, 0, 10_000)
	if err != nil {
		tm.t.Fatalf("warnings: %v", err)
	}
	return warnings
}

// lowRule warns of 50 tokens or less.
func lowRule() AlertRuleSetting {
	return AlertRuleSetting{Metric: models.MetricAvailableTokensBelow, Threshold: 50, KeepWebhook: true}
}

func TestARuleIsMadeWithItsDefaultsAndChangedFieldByField(t *testing.T) {
	tm := newPlatform(t).funded(1_000)
	made, secret := tm.mustSetRule(lowRule())
	if made.Email || !made.Enabled || made.WebhookURL != nil || secret != "" || made.Threshold != 50 {
		t.Errorf("made: %+v, secret %q", made, secret)
	}
	want(t, "rules", len(tm.rules()), 4)

	change := lowRule()
	change.ID, change.Email, change.Threshold = made.ID, ptr(true), 40
	changed, _ := tm.mustSetRule(change)
	if !changed.Email || !changed.Enabled || changed.Threshold != 40 || changed.ID != made.ID {
		t.Errorf("changed: %+v", changed)
	}
	change = AlertRuleSetting{
		ID: made.ID, Metric: models.MetricGrantExpiresWithinDays, Threshold: 30, Enabled: ptr(false), KeepWebhook: true,
	}
	changed, _ = tm.mustSetRule(change)
	if !changed.Email || changed.Enabled || changed.Metric != models.MetricGrantExpiresWithinDays {
		t.Errorf("changed again: %+v", changed)
	}
	stored, err := tm.ledger.RulesByID(t.Context(), []models.AlertRuleID{made.ID, "alert_none"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "rules read by id", len(stored), 1)
	if diff := cmp.Diff(changed.Metric, stored[made.ID].Metric); diff != "" {
		t.Error(diff)
	}
	want(t, "rules in the end", len(tm.rules()), 4)
}

func TestAWebhooksSecretIsMadeWheneverItsAddressIsSetOrChanged(t *testing.T) {
	tm := newPlatform(t).funded(1_000)
	set := lowRule()
	set.WebhookURL, set.KeepWebhook = ptr("https://hooks.example.com/a?b=c"), false
	rule, first := tm.mustSetRule(set)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first, "whsec_"))
	if err != nil || len(key) != 24 || !strings.HasPrefix(first, "whsec_") {
		t.Fatalf("secret %q", first)
	}
	set.ID = rule.ID
	rule, secret := tm.mustSetRule(set)
	if secret != "" || *rule.WebhookSecret != first {
		t.Errorf("the same address made the secret %q", secret)
	}
	set.KeepWebhook, set.WebhookURL = true, nil
	rule, secret = tm.mustSetRule(set)
	if secret != "" || rule.WebhookURL == nil || *rule.WebhookSecret != first {
		t.Errorf("an address that stays made the secret %q of %+v", secret, rule)
	}
	set.KeepWebhook, set.WebhookURL = false, ptr("http://hooks.example.com/b")
	rule, second := tm.mustSetRule(set)
	if second == "" || second == first || *rule.WebhookSecret != second {
		t.Errorf("another address made the secret %q", second)
	}
	set.WebhookURL = nil
	rule, secret = tm.mustSetRule(set)
	if secret != "" || rule.WebhookURL != nil || rule.WebhookSecret != nil {
		t.Errorf("no address made the secret %q of %+v", secret, rule)
	}
	set.WebhookURL = ptr("http://hooks.example.com/b")
	if _, third := tm.mustSetRule(set); third == "" || third == second {
		t.Errorf("an address that is set anew made the secret %q", third)
	}
}

func TestARuleOutsideOfItsRangeIsRefusedFieldByField(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	metric := func(m models.AlertMetric, threshold int) AlertRuleSetting {
		return AlertRuleSetting{Metric: m, Threshold: threshold, KeepWebhook: true}
	}
	hook := func(address string) AlertRuleSetting {
		return AlertRuleSetting{Metric: models.MetricAvailableTokensBelow, Threshold: 1, WebhookURL: &address}
	}
	percent, tokens, days := models.MetricDailyLimitPercentUsed, models.MetricAvailableTokensBelow, models.MetricGrantExpiresWithinDays
	for _, good := range []AlertRuleSetting{
		metric(percent, 1), metric(percent, 100), metric(tokens, 0), metric(tokens, 1<<31-1), metric(days, 1), metric(days, 365),
		hook("https://example.com"), hook("http://127.0.0.1:8080/hook"), hook("https://[::1]/hook"),
		hook("https://example.com/" + strings.Repeat("ñ", 1_980)),
	} {
		if err := good.check(anywhere); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []struct {
		set  AlertRuleSetting
		want models.FieldErrors
	}{
		{metric(percent, 0), models.FieldErrors{{Path: []string{"threshold"}, Code: models.FieldOutOfRange, Limit: 1}}},
		{metric(percent, 101), models.FieldErrors{{Path: []string{"threshold"}, Code: models.FieldOutOfRange, Limit: 1}}},
		{metric(tokens, -1), models.FieldErrors{{Path: []string{"threshold"}, Code: models.FieldOutOfRange}}},
		{metric(days, 0), models.FieldErrors{{Path: []string{"threshold"}, Code: models.FieldOutOfRange, Limit: 1}}},
		{metric(days, 366), models.FieldErrors{{Path: []string{"threshold"}, Code: models.FieldOutOfRange, Limit: 1}}},
		{hook(""), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("/hook"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("ftp://example.com"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://:443/"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://me@example.com"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://me:secret@example.com"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://example.com/a b"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://example.com/\n"), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldInvalid}}},
		{hook("https://example.com/" + strings.Repeat("ñ", 1_981)), models.FieldErrors{{Path: []string{"webhookUrl"}, Code: models.FieldTooLong, Limit: 2_000}}},
		{AlertRuleSetting{Metric: percent, Threshold: 0, WebhookURL: ptr("x")}, models.FieldErrors{
			{Path: []string{"threshold"}, Code: models.FieldOutOfRange, Limit: 1}, {Path: []string{"webhookUrl"}, Code: models.FieldInvalid},
		}},
	} {
		_, _, err := tm.setRule(bad.set)
		var got models.FieldErrors
		errors.As(err, &got)
		if diff := cmp.Diff(bad.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", bad.set, diff)
		}
	}
	want(t, "rules", len(tm.rules()), 3)
}

func TestATeamHasAtMostTwentyRulesHoweverManyAreMadeAtOnce(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	var mu sync.Mutex // protects refused
	refused := 0
	atOnce(30, func(int) {
		_, _, err := tm.setRule(lowRule())
		var faults models.FieldErrors
		switch {
		case err == nil:
		case errors.As(err, &faults) && faults[0].Code == models.FieldTooMany && faults[0].Limit == 20:
			mu.Lock()
			refused++
			mu.Unlock()
		default:
			t.Error(err)
		}
	})
	want(t, "refused", refused, 13)
	want(t, "rules", len(tm.rules()), 20)
	change := lowRule()
	change.ID = tm.rules()[19].ID
	tm.mustSetRule(change)
}

func TestRulesAndWarningsAreAnADMINsOfTheirOwnTeam(t *testing.T) {
	p := newPlatform(t)
	tm, other := p.funded(1_000), p.funded(1_000)
	tm.setLowAndCross()
	warning, rule := tm.warnings()[0], tm.rules()[0]
	member, admin := tm.user(), tm.user()
	tm.join(member, models.RoleMember)
	tm.join(admin, models.RoleAdmin)

	for actor, wanted := range map[models.UserID]error{member: models.ErrForbidden, other.owner: models.ErrNotFound, "": models.ErrNotFound} {
		set := lowRule()
		set.Team, set.Actor = tm.id, actor
		if _, _, err := tm.ledger.SetAlertRule(t.Context(), set); !errors.Is(err, wanted) {
			t.Errorf("set by %q: %v", actor, err)
		}
		if _, err := tm.ledger.DeleteAlertRule(t.Context(), actor, tm.id, rule.ID); !errors.Is(err, wanted) {
			t.Errorf("delete by %q: %v", actor, err)
		}
		if _, err := tm.ledger.AcknowledgeWarning(t.Context(), actor, tm.id, warning.ID); !errors.Is(err, wanted) {
			t.Errorf("acknowledge by %q: %v", actor, err)
		}
	}
	foreign := lowRule()
	foreign.ID = rule.ID
	if _, _, err := other.setRule(foreign); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("set another team's: %v", err)
	}
	if _, err := other.ledger.DeleteAlertRule(t.Context(), other.owner, other.id, rule.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("delete another team's: %v", err)
	}
	if _, err := other.ledger.AcknowledgeWarning(t.Context(), other.owner, other.id, warning.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("acknowledge another team's: %v", err)
	}
	nowhere := lowRule()
	nowhere.Team, nowhere.Actor = models.NewTeamID(time.Now()), tm.owner
	if _, _, err := tm.ledger.SetAlertRule(t.Context(), nowhere); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("set of no team: %v", err)
	}
	set := lowRule()
	set.Actor = admin
	if _, _, err := tm.setRule(set); err != nil {
		t.Errorf("set by an ADMIN: %v", err)
	}
}

// setLowAndCross gives the team a rule that its balance of 1,000 crosses at once.
func (tm *team) setLowAndCross() models.AlertRule {
	tm.t.Helper()
	set := lowRule()
	set.Threshold = 1_000
	rule, _ := tm.mustSetRule(set)
	return rule
}

func TestARuleWhoseLineIsCrossedWarnsAtOnceAndOpenScreensHear(t *testing.T) {
	tm := newPlatform(t).funded(1_000)
	before, heard := tm.balance().Version, tm.heard.of(string(tm.id))
	rule := tm.setLowAndCross()
	warnings := tm.warnings()
	if len(warnings) != 1 || *warnings[0].RuleID != rule.ID || warnings[0].Kind != models.WarningBalanceLow {
		t.Fatalf("warnings: %+v", warnings)
	}
	want(t, "version", tm.balance().Version, before+1)
	want(t, "signals", tm.heard.of(string(tm.id)), heard+1)

	deleted, err := tm.ledger.DeleteAlertRule(t.Context(), tm.owner, tm.id, rule.ID)
	if err != nil || deleted.ID != rule.ID || deleted.Threshold != 1_000 {
		t.Errorf("deleted %+v: %v", deleted, err)
	}
	want(t, "rules", len(tm.rules()), 3)
	want(t, "warnings behind the deletion", len(tm.warnings()), 1)
	want(t, "version behind the deletion", tm.balance().Version, before+2)
	if _, err := tm.ledger.DeleteAlertRule(t.Context(), tm.owner, tm.id, rule.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a second deletion: %v", err)
	}
}

func TestTheFirstAcknowledgementStays(t *testing.T) {
	tm := newPlatform(t).funded(1_000)
	tm.setLowAndCross()
	admin := tm.user()
	tm.join(admin, models.RoleAdmin)
	id := tm.warnings()[0].ID

	actors := []models.UserID{tm.owner, admin}
	got := make([]models.LimitWarning, 16)
	atOnce(len(got), func(i int) {
		var err error
		if got[i], err = tm.ledger.AcknowledgeWarning(t.Context(), actors[i%2], tm.id, id); err != nil {
			t.Error(err)
		}
	})
	stored, err := tm.ledger.Warning(t.Context(), id)
	if err != nil || stored.AcknowledgedAt == nil {
		t.Fatalf("stored %+v: %v", stored, err)
	}
	for _, answer := range got {
		if *answer.AcknowledgedBy != *stored.AcknowledgedBy || !answer.AcknowledgedAt.Equal(*stored.AcknowledgedAt) {
			t.Errorf("answered %v at %v, stored %v at %v", *answer.AcknowledgedBy, answer.AcknowledgedAt, *stored.AcknowledgedBy, stored.AcknowledgedAt)
		}
	}
	version, heard := tm.balance().Version, tm.heard.of(string(tm.id))
	if _, err := tm.ledger.AcknowledgeWarning(t.Context(), admin, tm.id, id); err != nil {
		t.Fatal(err)
	}
	want(t, "version behind a repetition", tm.balance().Version, version)
	want(t, "signals of a repetition", tm.heard.of(string(tm.id)), heard)
	if _, err := tm.ledger.AcknowledgeWarning(t.Context(), admin, tm.id, models.NewLimitWarningID(time.Now())); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a warning that does not exist: %v", err)
	}
}

func anywhere(string) bool { return true }
