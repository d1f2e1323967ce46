package models

import "time"

// AlertMetric is the figure that an alert rule watches. The values are the API's.
type AlertMetric string

// The figures that rules watch: the share of the day's limit that is used, in percent; available tokens; and how soon
// a grant expires, in days.
const (
	MetricDailyLimitPercentUsed  AlertMetric = "DAILY_LIMIT_PERCENT_USED"
	MetricAvailableTokensBelow   AlertMetric = "AVAILABLE_TOKENS_BELOW"
	MetricGrantExpiresWithinDays AlertMetric = "GRANT_EXPIRES_WITHIN_DAYS"
)

// AlertRule says when a team is warned, and by which ways besides the API.
type AlertRule struct {
	ID            AlertRuleID `gorm:"primaryKey"`
	TeamID        TeamID
	Metric        AlertMetric
	Threshold     int     // percent, tokens or days, as the metric says
	Email         bool    // the team's ADMINs and OWNERs get an e-mail
	WebhookURL    *string // a signed request goes there
	WebhookSecret *string // signs it; never shown again
	Enabled       bool
	RaisedOn      *Date     // the day of the crossing that lasts; nil: armed
	WarnedOf      []GrantID `gorm:"serializer:json"` // live grants whose expiry was warned of
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// TableName is the table of alert rules.
func (AlertRule) TableName() string { return "alert_rules" }

// LimitWarningKind is what a warning tells of. The values are the API's.
type LimitWarningKind string

// The kinds of warnings, as the schema describes them.
const (
	WarningDailyLimitNear     LimitWarningKind = "DAILY_LIMIT_NEAR"
	WarningDailyLimitReached  LimitWarningKind = "DAILY_LIMIT_REACHED"
	WarningBalanceLow         LimitWarningKind = "BALANCE_LOW"
	WarningBalanceEmpty       LimitWarningKind = "BALANCE_EMPTY"
	WarningGrantExpiring      LimitWarningKind = "GRANT_EXPIRING"
	WarningMemberLimitNear    LimitWarningKind = "MEMBER_LIMIT_NEAR"
	WarningMemberLimitReached LimitWarningKind = "MEMBER_LIMIT_REACHED"
	WarningTopUpPaused        LimitWarningKind = "AUTO_TOP_UP_PAUSED"
)

// Metric is the metric whose rules carry a warning of that kind to where they go; empty: those of no metric.
func (k LimitWarningKind) Metric() AlertMetric {
	switch k {
	case WarningDailyLimitNear, WarningDailyLimitReached:
		return MetricDailyLimitPercentUsed
	case WarningBalanceLow, WarningBalanceEmpty, WarningTopUpPaused:
		return MetricAvailableTokensBelow
	case WarningGrantExpiring:
		return MetricGrantExpiresWithinDays
	default:
		return ""
	}
}

// LimitWarning is one crossing of a line, stored with the change that caused it.
type LimitWarning struct {
	ID             LimitWarningID
	TeamID         TeamID `gorm:"primaryKey"`
	Sequence       int64  `gorm:"primaryKey"` // 1, 2, 3 … without a gap, for each team
	Kind           LimitWarningKind
	RuleID         *AlertRuleID // whose line was crossed; nil: one that every team has
	MemberID       *UserID      // whose own limit it is
	GrantID        *GrantID     // which grant expires
	Threshold      Tokens       // the line, in tokens; of a grant that expires: in days
	Value          Tokens       // the figure that crossed it: used, available, or what lapses
	DailyLimit     *Tokens      // the limit that is used up, the team's or the member's
	ClearsAt       *time.Time   // the day's end, or the grant's
	BalanceVersion int64
	RaisedAt       time.Time
	AcknowledgedAt *time.Time
	AcknowledgedBy *UserID
	DispatchedAt   *time.Time // when its e-mails and webhooks were queued
}

// TableName is the table of warnings.
func (LimitWarning) TableName() string { return "limit_warnings" }
