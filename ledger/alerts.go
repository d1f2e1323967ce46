package ledger

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// What an alert rule may be.
const (
	maxAlertRules    = 20 // of one team
	maxWebhookURL    = 2_000
	maxAlertPercent  = 100
	maxAlertDays     = 365
	webhookKeyBytes  = 24
	webhookKeyPrefix = "whsec_"
)

// AlertRuleSetting is what an alert rule shall be.
type AlertRuleSetting struct {
	Team      models.TeamID
	Actor     models.UserID
	ID        models.AlertRuleID // empty: a new rule
	Metric    models.AlertMetric
	Threshold int   // percent, tokens or days, as the metric says
	Email     *bool // nil: as it is; a new rule sends none
	Enabled   *bool // nil: as it is; a new rule is
	// WebhookURL is where requests go, nil: nowhere. It counts unless KeepWebhook says that it stays as it is.
	WebhookURL  *string
	KeepWebhook bool
}

// SetAlertRule makes an alert rule or changes one, and returns it with its webhook's secret, if a new one was made. Where
// its line is crossed already, the team is warned at once. An address that is set or changed gets a new secret, which
// cannot be read again.
//
// It returns models.FieldErrors (TOO_MANY where a new rule would be one too many), models.ErrForbidden below ADMIN, or
// models.ErrNotFound where the team has no such rule or the actor is none of its members.
func (l *Ledger) SetAlertRule(ctx context.Context, s AlertRuleSetting) (models.AlertRule, string, error) {
	if err := s.check(l.mayReach); err != nil {
		return models.AlertRule{}, "", err
	}
	var set models.AlertRule
	var secret string
	err := l.configure(ctx, s.Team, s.Actor, nil, func(tx *Tx) error {
		rule, err := s.of(tx)
		if err != nil {
			return err
		}
		secret = ""
		if !s.KeepWebhook {
			secret = setWebhook(&rule, s.WebhookURL)
		}
		tx.setRule(rule)
		tx.touchBalance()
		set = *tx.Rule(rule.ID)
		return nil
	})
	if err != nil {
		return models.AlertRule{}, "", err
	}
	return set, secret, nil
}

// DeleteAlertRule deletes an alert rule and returns its last state; the warnings that it raised stay. It returns
// models.ErrForbidden below ADMIN, or models.ErrNotFound.
func (l *Ledger) DeleteAlertRule(ctx context.Context, actor models.UserID, team models.TeamID, id models.AlertRuleID) (models.AlertRule, error) {
	var deleted models.AlertRule
	err := l.configure(ctx, team, actor, nil, func(tx *Tx) error {
		rule := tx.Rule(id)
		if rule == nil {
			return models.ErrNotFound
		}
		deleted = *rule
		tx.deleteRule(id)
		tx.touchBalance()
		return nil
	})
	if err != nil {
		return models.AlertRule{}, err
	}
	return deleted, nil
}

// AcknowledgeWarning notes that the actor has seen a warning, for the whole team; who was first stays. It returns
// models.ErrForbidden below ADMIN, or models.ErrNotFound.
func (l *Ledger) AcknowledgeWarning(ctx context.Context, actor models.UserID, team models.TeamID, id models.LimitWarningID) (models.LimitWarning, error) {
	var acknowledged models.LimitWarning
	err := l.configure(ctx, team, actor, []Want{l.alerts.warnings.Want(id)}, func(tx *Tx) error {
		warning, found := l.alerts.warnings.Get(tx, id)
		if !found || warning.TeamID != team {
			return models.ErrNotFound
		}
		if warning.AcknowledgedAt == nil {
			now := tx.Now()
			warning.AcknowledgedAt, warning.AcknowledgedBy = &now, &actor
			l.alerts.warnings.Put(tx, id, warning)
			l.alerts.acknowledge.Stage(tx, warning)
			tx.touchBalance()
		}
		acknowledged = warning
		return nil
	})
	if err != nil {
		return models.LimitWarning{}, err
	}
	return acknowledged, nil
}

// configure runs a change that is an ADMIN's. Where it changes anything it raises the balance's version, so that open
// screens, which watch the balance, hear of it.
func (l *Ledger) configure(ctx context.Context, team models.TeamID, actor models.UserID, lookups []Want, decide func(*Tx) error) error {
	_, err := l.Update(ctx, Change{Team: team, Actor: actor, Lookups: lookups, Decide: func(tx *Tx) error {
		if err := tx.Member(actor).Role.Require(models.RoleAdmin); err != nil {
			return err
		}
		return decide(tx)
	}})
	if errors.Is(err, ErrNoAccount) {
		return models.ErrNotFound
	}
	return err
}

// of is the rule that the setting makes of the team's: its webhook is what it was.
func (s AlertRuleSetting) of(tx *Tx) (models.AlertRule, error) {
	rule := models.AlertRule{Enabled: true}
	if s.ID != "" {
		known := tx.Rule(s.ID)
		if known == nil {
			return rule, models.ErrNotFound
		}
		rule = *known
	} else {
		if len(tx.Rules()) >= maxAlertRules {
			return rule, models.FieldErrors{{Code: models.FieldTooMany, Limit: maxAlertRules}}
		}
		rule.ID = models.NewAlertRuleID(tx.Now())
	}
	rule.Metric, rule.Threshold = s.Metric, s.Threshold
	if s.Email != nil {
		rule.Email = *s.Email
	}
	if s.Enabled != nil {
		rule.Enabled = *s.Enabled
	}
	return rule, nil
}

// setWebhook sets where a rule's requests go and returns the secret that was made for it; empty: the address is the one
// it was, or none.
func setWebhook(rule *models.AlertRule, address *string) (secret string) {
	switch {
	case address == nil:
		rule.WebhookURL, rule.WebhookSecret = nil, nil
		return ""
	case rule.WebhookURL != nil && *rule.WebhookURL == *address:
		return ""
	}
	key := make([]byte, webhookKeyBytes)
	_, _ = rand.Read(key) // never fails
	secret = webhookKeyPrefix + base64.StdEncoding.EncodeToString(key)
	rule.WebhookURL, rule.WebhookSecret = address, &secret
	return secret
}

func (s AlertRuleSetting) check(mayReach func(address string) bool) error {
	var faults models.FieldErrors
	lowest, highest := 0, math.MaxInt32
	switch s.Metric {
	case models.MetricDailyLimitPercentUsed:
		lowest, highest = 1, maxAlertPercent
	case models.MetricGrantExpiresWithinDays:
		lowest, highest = 1, maxAlertDays
	}
	if s.Threshold < lowest || s.Threshold > highest {
		faults.Add(models.FieldOutOfRange, lowest, "threshold")
	}
	if !s.KeepWebhook && s.WebhookURL != nil {
		code, limit := checkWebhookURL(*s.WebhookURL)
		if code == "" && !mayReach(*s.WebhookURL) {
			code = models.FieldInvalid
		}
		faults.Add(code, limit, "webhookUrl")
	}
	return faults.Err()
}

// checkWebhookURL says what is wrong with an address that requests shall go to.
func checkWebhookURL(address string) (models.FieldCode, int) {
	if utf8.RuneCountInString(address) > maxWebhookURL {
		return models.FieldTooLong, maxWebhookURL
	}
	parsed, err := url.Parse(address)
	absolute := err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Hostname() != ""
	if !absolute || parsed.User != nil || strings.ContainsFunc(address, unicode.IsSpace) {
		return models.FieldInvalid, 0
	}
	return "", 0
}

// alertRows are the look-up and the statement of acknowledged warnings.
type alertRows struct {
	warnings    *Lookup[models.LimitWarningID, models.LimitWarning]
	acknowledge *Statement[models.LimitWarning]
}

func newAlertRows() alertRows {
	return alertRows{
		warnings: &Lookup[models.LimitWarningID, models.LimitWarning]{
			SQL: `SELECT ` + warningColumns + ` FROM limit_warnings WHERE id = ANY($1)`,
			Scan: func(row pgx.CollectableRow, into map[models.LimitWarningID]models.LimitWarning) error {
				warning, err := scanWarning(row)
				into[warning.ID] = warning
				return err
			},
		},
		acknowledge: &Statement[models.LimitWarning]{
			Rank: RankAfter,
			SQL: `
UPDATE limit_warnings
SET acknowledged_at = n.at, acknowledged_by = n.by
FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS n (id, at, by)
WHERE limit_warnings.id = n.id AND limit_warnings.acknowledged_at IS NULL`,
			Columns: func(rows []models.LimitWarning) []any {
				type row = models.LimitWarning
				return []any{
					Column(rows, func(r row) string { return string(r.ID) }),
					Column(rows, func(r row) *time.Time { return r.AcknowledgedAt }),
					Column(rows, func(r row) *string { return (*string)(r.AcknowledgedBy) }),
				}
			},
		},
	}
}

// Rules reads a team's alert rules, the oldest first.
func (l *Ledger) Rules(ctx context.Context, team models.TeamID) ([]models.AlertRule, error) {
	return l.readRules(ctx, "team_id = $1 ORDER BY created_at, metric, id", string(team))
}

// RulesByID reads alert rules. Those that do not exist are left out.
func (l *Ledger) RulesByID(ctx context.Context, ids []models.AlertRuleID) (map[models.AlertRuleID]models.AlertRule, error) {
	rules, err := l.readRules(ctx, "id = ANY($1)", Column(ids, func(id models.AlertRuleID) string { return string(id) }))
	if err != nil {
		return nil, err
	}
	byID := make(map[models.AlertRuleID]models.AlertRule, len(rules))
	for _, rule := range rules {
		byID[rule.ID] = rule
	}
	return byID, nil
}

func (l *Ledger) readRules(ctx context.Context, where string, arg any) ([]models.AlertRule, error) {
	rows, err := l.pool.Query(ctx, "SELECT "+ruleColumns+" FROM alert_rules WHERE "+where, arg)
	if err != nil {
		return nil, fmt.Errorf("read alert rules: %w", err)
	}
	rules, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (models.AlertRule, error) {
		rule, err := scanRule(row)
		if err != nil {
			return models.AlertRule{}, err
		}
		return *rule, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read alert rules: %w", err)
	}
	return rules, nil
}
