package models

import "time"

// BalanceRow is a team's balance as it is stored: the row that every change of the team's tokens locks.
type BalanceRow struct {
	TeamID               TeamID  `gorm:"primaryKey"`
	Version              int64   // higher after every change
	Available            Tokens  // owned and not reserved
	Reserved             Tokens  // reserved for running operations
	Debt                 Tokens  // spent tokens of a refunded purchase
	Unlimited            bool    // the team spends without owning
	CustomDailyLimit     *Tokens // set for this team by an administrator
	CustomDailyUnlimited bool    // an administrator lifted the daily limit for this team
	OwnDailyLimit        *Tokens // the team's own
	LowBalanceThreshold  Tokens
	TimeZone             string // IANA name; the team's midnight is there
	PendingTimeZone      *string
	PendingTimeZoneAt    *time.Time // when the pending time zone takes effect
	PendingLastDay       *Date      // the last day that begins at a midnight of TimeZone
	TimeZoneChangedAt    *time.Time // when a change was last asked for
	Day                  Date       // the day that Used counts
	Used                 Tokens     // captured and still reserved of what was reserved on Day
	LimitReachedOn       *Date      // the day on which the limit was reached, as long as it is; nil: it is not
	BalanceEmptyOn       *Date      // the day on which the balance became empty, as long as it is; nil: it is not
	Sequence             int64      // of the newest ledger line
	Warnings             int64      // the sequence of the newest warning
	LastEntryAt          time.Time
	UpdatedAt            time.Time
}

// TableName is the table of balances.
func (BalanceRow) TableName() string { return "balances" }

// GrantSource is how tokens came to a team.
type GrantSource string

// The sources of grants. Only a PURCHASE is bought; the others are bonus.
const (
	SourcePurchase   GrantSource = "PURCHASE"
	SourceGift       GrantSource = "GIFT"
	SourceReferral   GrantSource = "REFERRAL"
	SourceEvent      GrantSource = "EVENT"
	SourceAdjustment GrantSource = "ADJUSTMENT"
)

// Bought says whether the tokens were paid for.
func (s GrantSource) Bought() bool { return s == SourcePurchase }

// GrantStatus is what became of a grant.
type GrantStatus string

// A grant is ACTIVE while tokens of it remain or are reserved, SPENT when they are used up, EXPIRED when the rest lapsed,
// REVOKED when the rest was taken back, or all of it though it was spent.
const (
	GrantActive  GrantStatus = "ACTIVE"
	GrantSpent   GrantStatus = "SPENT"
	GrantExpired GrantStatus = "EXPIRED"
	GrantRevoked GrantStatus = "REVOKED"
)

// Grant is where tokens come from. Tokens = Remaining + Held + Consumed + Expired + Revoked + PaidDebt, always.
type Grant struct {
	ID        GrantID `gorm:"primaryKey"`
	TeamID    TeamID
	Source    GrantSource
	Tokens    Tokens
	Remaining Tokens
	Held      Tokens // by open reservations
	Consumed  Tokens
	Expired   Tokens
	Revoked   Tokens
	PaidDebt  Tokens
	// Reclaimed is how many of its tokens are to be taken back, of whatever grants they are taken; ReclaimHeld is what
	// of it waits for parts that hold tokens of the grant, ReclaimVoid what of it had lapsed. Corrected is how many of
	// them an administrator took back.
	Reclaimed     Tokens
	ReclaimHeld   Tokens
	ReclaimVoid   Tokens
	Corrected     Tokens
	ReclaimReason *EntryReason // why tokens were last taken back
	ExpiresAt     *time.Time
	Note          *string
	EffectKey     *string // names the effect that made the grant, such as a user's welcome; unique
	CreatedBy     *UserID // nil: the system
	CreatedAt     time.Time
}

// TableName is the table of grants.
func (Grant) TableName() string { return "grants" }

// ExpiredAt says whether the grant's tokens can no longer be spent at that instant.
func (g *Grant) ExpiredAt(now time.Time) bool { return g.ExpiresAt != nil && !g.ExpiresAt.After(now) }

// StatusAt is the grant's status at that instant.
func (g *Grant) StatusAt(now time.Time) GrantStatus {
	switch {
	case (g.Revoked > 0 || g.Reclaimed == g.Tokens) && g.Remaining+g.Held == 0:
		return GrantRevoked
	case g.Expired > 0 && g.Remaining+g.Held == 0, g.Remaining > 0 && g.ExpiredAt(now):
		return GrantExpired
	case g.Remaining+g.Held == 0:
		return GrantSpent
	default:
		return GrantActive
	}
}

// LedgerEntryKind is what a ledger line did.
type LedgerEntryKind string

// The kinds of ledger lines, as the schema describes them.
const (
	EntryGrant     LedgerEntryKind = "GRANT"
	EntryReserve   LedgerEntryKind = "RESERVE"
	EntryCapture   LedgerEntryKind = "CAPTURE"
	EntryRelease   LedgerEntryKind = "RELEASE"
	EntryExpire    LedgerEntryKind = "EXPIRE"
	EntryRevoke    LedgerEntryKind = "REVOKE"
	EntryReinstate LedgerEntryKind = "REINSTATE"
)

// LedgerEntryKinds lists all kinds of ledger lines in the order of the API's enum.
func LedgerEntryKinds() []LedgerEntryKind {
	return []LedgerEntryKind{EntryGrant, EntryReserve, EntryCapture, EntryRelease, EntryExpire, EntryRevoke, EntryReinstate}
}

// EntryReason is why tokens were taken back, or came back. The values are the API's.
type EntryReason string

// The reasons: money was paid back (or a refund failed), a payment is disputed (or the dispute was won), an administrator
// corrected something, the purchase that a referral's reward hangs on was paid back.
const (
	ReasonRefund     EntryReason = "REFUND"
	ReasonDispute    EntryReason = "DISPUTE"
	ReasonCorrection EntryReason = "CORRECTION"
	ReasonReferral   EntryReason = "REFERRAL"
)

// Reclaim is how many tokens of a grant were taken to meet what is to be taken back of another, or of the grant itself.
type Reclaim struct {
	TeamID      TeamID
	GrantID     GrantID `gorm:"primaryKey"` // whose tokens are to be taken back
	FromGrantID GrantID `gorm:"primaryKey"` // whose tokens were taken
	Tokens      Tokens
}

// TableName is the table of what was taken back.
func (Reclaim) TableName() string { return "reclaims" }

// Draw is how many tokens were taken from a grant or given back to it.
type Draw struct {
	GrantID GrantID `json:"grant"`
	Tokens  Tokens  `json:"tokens"`
}

// LedgerEntry is one immutable line of a team's ledger.
type LedgerEntry struct {
	ID             LedgerEntryID
	TeamID         TeamID `gorm:"primaryKey"`
	Sequence       int64  `gorm:"primaryKey"` // 1, 2, 3 … without a gap, for each team
	BalanceVersion int64  // the balance version that first showed the line
	Kind           LedgerEntryKind
	Amount         Tokens // how many tokens the line moved, never negative
	Tokens         Tokens // the change of the team's available tokens, signed
	BalanceAfter   Tokens // the team's available tokens behind the line
	Operation      *Operation
	Part           *Part
	ActorID        *UserID // nil: the system
	GenerationID   *GenerationID
	GrantID        *GrantID
	Draws          []Draw `gorm:"serializer:json"`
	Debt           Tokens // the change of the debt, signed
	Day            Date   // the day whose use the line changes
	Usage          Tokens // the change of that day's use, signed
	Note           *string
	Reason         *EntryReason // of a REVOKE or REINSTATE
	OccurredAt     time.Time
}

// TableName is the table of ledger lines.
func (LedgerEntry) TableName() string { return "ledger_entries" }

// ReservedPartState is where a part of a reservation stands.
type ReservedPartState string

// A part is HELD until it is CAPTURED or RELEASED, exactly once.
const (
	PartHeld     ReservedPartState = "HELD"
	PartCaptured ReservedPartState = "CAPTURED"
	PartReleased ReservedPartState = "RELEASED"
)

// ReservedPart is what is reserved for one part of an operation, and which grants it was drawn from.
type ReservedPart struct {
	Part   Part              `json:"part"`
	Tokens Tokens            `json:"tokens"`
	State  ReservedPartState `json:"state"`
	Draws  []Draw            `json:"draws"` // empty where the team was unlimited
}

// Reservation holds the whole cost of a generation from its request until its last part is settled.
// Tokens = Captured + Released + what its HELD parts hold, always.
type Reservation struct {
	GenerationID GenerationID `gorm:"primaryKey"`
	TeamID       TeamID
	ActorID      UserID
	ProductID    ProductID
	Operation    Operation
	Day          Date // use is counted on this day, whenever the parts settle
	Unlimited    bool // frozen: the reservation was made while the team was unlimited
	Tokens       Tokens
	Captured     Tokens
	Released     Tokens
	Parts        []ReservedPart `gorm:"serializer:json"`
	CreatedAt    time.Time
	FinishedAt   *time.Time // nil while a part is held
}

// TableName is the table of reservations.
func (Reservation) TableName() string { return "reservations" }

// Held is what the reservation still holds.
func (r *Reservation) Held() Tokens { return r.Tokens - r.Captured - r.Released }

// MemberUsage is what a member used of a day.
type MemberUsage struct {
	TeamID TeamID `gorm:"primaryKey"`
	UserID UserID `gorm:"primaryKey"`
	Day    Date   `gorm:"primaryKey"`
	Used   Tokens
}

// TableName is the table of members' use.
func (MemberUsage) TableName() string { return "member_usage" }

// IdempotencyKey remembers what a caller's key did for a team.
type IdempotencyKey struct {
	CallerID  UserID `gorm:"primaryKey"`
	TeamID    TeamID `gorm:"primaryKey"`
	Key       string `gorm:"primaryKey"`
	Mutation  string
	InputHash []byte   // SHA-256 of the canonical input
	Subject   *string  // the id of what the key made; null: the key was refused
	Refusal   *Refusal `gorm:"serializer:json"`
	CreatedAt time.Time
}

// TableName is the table of idempotency keys.
func (IdempotencyKey) TableName() string { return "idempotency_keys" }

// BalanceStatus is the traffic light of a balance.
type BalanceStatus string

// SUFFICIENT is green, LOW yellow, EMPTY red.
const (
	StatusSufficient BalanceStatus = "SUFFICIENT"
	StatusLow        BalanceStatus = "LOW"
	StatusEmpty      BalanceStatus = "EMPTY"
)

// StatusReason is what makes a balance LOW or EMPTY.
type StatusReason string

// The reasons, the one that weighs most first.
const (
	ReasonDebt          StatusReason = "DEBT"
	ReasonTokensEmpty   StatusReason = "TOKENS_EMPTY"
	ReasonLimitReached  StatusReason = "LIMIT_REACHED"
	ReasonTokensLow     StatusReason = "TOKENS_LOW"
	ReasonLimitNear     StatusReason = "LIMIT_NEAR"
	ReasonSufficient    StatusReason = "SUFFICIENT"
	ReasonUnlimitedTeam StatusReason = "UNLIMITED"
)

// DailyLimitSource is where the daily limit in force comes from.
type DailyLimitSource string

// The platform's default; a limit that an administrator set for this team; the team's own, lower one.
const (
	LimitPlatformDefault DailyLimitSource = "PLATFORM_DEFAULT"
	LimitPlatformCustom  DailyLimitSource = "PLATFORM_CUSTOM"
	LimitTeamOwn         DailyLimitSource = "TEAM_OWN"
)

// Balance is what a team sees of its tokens at an instant: one immutable value, the same for query and subscription.
type Balance struct {
	TeamID              TeamID
	Version             int64
	Available           Limit // no limit: an unlimited team
	Reserved            Tokens
	Purchased           Tokens
	Bonus               Tokens
	Unlimited           bool
	Debt                Tokens
	ConsumedToday       Tokens
	DailyLimit          Limit
	DailyLimitSource    DailyLimitSource
	AllowedDailyLimit   Limit
	RemainingToday      Limit
	LowBalanceThreshold Tokens
	OwnDailyLimit       *Tokens // the team's own; nil: it set none
	TimeZone            string
	PendingTimeZone     *string
	PendingTimeZoneAt   *time.Time
	Day                 Date
	ResetsAt            time.Time
	Status              BalanceStatus
	Reason              StatusReason
	Expiries            []GrantExpiry // all that lapses one day, the soonest first, each instant once
	UpdatedAt           time.Time
}

// ID is the balance's own id.
func (b *Balance) ID() BalanceID { return BalanceIDOf(b.TeamID) }

// Spendable is what can be spent now: the smaller of the available tokens and what remains of the day; nothing in
// debt, unless the team spends without owning.
func (b *Balance) Spendable() Limit {
	if b.Debt > 0 && !b.Unlimited {
		return LimitOf(0)
	}
	return b.Available.Tighter(b.RemainingToday)
}

// ChangesAt is the next instant at which time alone changes the balance: a new day, a grant that lapses, or a change
// of time zone that takes effect.
func (b *Balance) ChangesAt() time.Time {
	next := b.ResetsAt
	if expiry := b.NextExpiry(); expiry != nil && expiry.At.Before(next) {
		next = expiry.At
	}
	if b.PendingTimeZoneAt != nil && b.PendingTimeZoneAt.Before(next) {
		next = *b.PendingTimeZoneAt
	}
	return next
}

// NextExpiry is which tokens lapse next; nil: none do.
func (b *Balance) NextExpiry() *GrantExpiry {
	if len(b.Expiries) == 0 {
		return nil
	}
	return &b.Expiries[0]
}

// GrantExpiry says which tokens lapse next, and when.
type GrantExpiry struct {
	Tokens Tokens
	At     time.Time
}

// Paid is which grants paid the captured parts, each named once.
func (r *Reservation) Paid() []Draw {
	paid := []Draw{}
	places := map[GrantID]int{}
	for _, part := range r.Parts {
		if part.State != PartCaptured {
			continue
		}
		for _, draw := range part.Draws {
			place, known := places[draw.GrantID]
			if !known {
				place = len(paid)
				places[draw.GrantID] = place
				paid = append(paid, Draw{GrantID: draw.GrantID})
			}
			paid[place].Tokens += draw.Tokens
		}
	}
	return paid
}
