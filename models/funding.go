package models

import (
	"encoding/json"
	"time"
)

// TokenPackage is a package of tokens that teams can buy.
type TokenPackage struct {
	ID               TokenPackageID `gorm:"primaryKey"`
	Name             string
	Tokens           Tokens
	PriceMinor       int64  // in the currency's minor unit, taxes included
	Currency         string // ISO 4217
	Active           bool   // can be bought
	ExpiresAfterDays *int   // after which what remains of its tokens lapses; nil: never
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// TableName is the table of packages.
func (TokenPackage) TableName() string { return "token_packages" }

// PurchaseStatus is how far a purchase has come. The values are the API's.
type PurchaseStatus string

// The statuses of purchases, as the schema describes them.
const (
	PurchasePending           PurchaseStatus = "PENDING"
	PurchasePaid              PurchaseStatus = "PAID"
	PurchaseFailed            PurchaseStatus = "FAILED"
	PurchaseCancelled         PurchaseStatus = "CANCELLED"
	PurchaseExpired           PurchaseStatus = "EXPIRED"
	PurchasePartiallyRefunded PurchaseStatus = "PARTIALLY_REFUNDED"
	PurchaseRefunded          PurchaseStatus = "REFUNDED"
	PurchaseDisputed          PurchaseStatus = "DISPUTED"
)

// PurchaseAttention is why an administrator has to look at a purchase.
type PurchaseAttention string

// The reasons: money came that differs from what was asked for; more came than was asked for; a refund that an
// administrator asked for did not go through; the provider refuses what it is asked.
const (
	AttentionMismatch        PurchaseAttention = "MISMATCH"
	AttentionOverpaid        PurchaseAttention = "OVERPAID"
	AttentionRefundFailed    PurchaseAttention = "REFUND_FAILED"
	AttentionProviderRefused PurchaseAttention = "PROVIDER_REFUSED"
)

// Purchase is one package bought by a team, frozen as the package was then.
type Purchase struct {
	ID               PurchaseID `gorm:"primaryKey"`
	TeamID           TeamID
	BuyerID          UserID
	PackageID        TokenPackageID
	PackageName      string
	Tokens           Tokens
	PriceMinor       int64
	Currency         string
	ExpiresAfterDays *int
	Provider         string  // who takes the money: stripe, invoice
	Live             bool    // real money, rather than that of a test or a demonstration
	Automatic        bool    // by auto top-up
	SaveMethod       bool    // the buyer is asked to let the method of payment be charged again
	Customer         *string // the provider's id of the payer, if it knew one then
	Method           *string // the provider's id of the saved method that is charged; nil: the buyer pays on a page
	ReturnURL        *string
	Version          int64 // higher after every change
	Status           PurchaseStatus
	Attention        *PurchaseAttention
	Failure          *string         // the provider's code for why nothing was paid
	Facts            json.RawMessage `gorm:"serializer:json"` // all that the provider has said
	SessionID        *string
	PaymentID        *string
	CheckoutURL      *string
	CheckoutEndsAt   time.Time
	ReceiptURL       *string  // the provider's own
	RefundedMinor    int64    // of the price
	RefundedTokens   Tokens   // taken back for what was paid back, or is disputed
	GrantID          *GrantID // nil: not paid
	CancelledAt      *time.Time
	PaidAt           *time.Time
	DueAt            *time.Time // when something is to be done about it; nil: nothing is
	Attempts         int        // at what is due
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Payable says whether a buyer can begin to pay: nobody has, and it was not called off. An automatic purchase is charged
// without one.
func (p *Purchase) Payable() bool {
	return p.Status == PurchasePending && p.PaymentID == nil && p.CancelledAt == nil && !p.Automatic
}

// TableName is the table of purchases.
func (Purchase) TableName() string { return "purchases" }

// PaymentReference says which purchase a provider's id of a session or a payment belongs to.
type PaymentReference struct {
	Provider   string `gorm:"primaryKey"`
	Reference  string `gorm:"primaryKey"`
	PurchaseID PurchaseID
}

// TableName is the table of references.
func (PaymentReference) TableName() string { return "payment_references" }

// PaymentNotice is a provider's notice as it was received.
type PaymentNotice struct {
	Provider    string          `gorm:"primaryKey"`
	ID          string          `gorm:"primaryKey"` // the provider's
	Body        []byte          // as received; empty if it was listed rather than received
	Notice      json.RawMessage `gorm:"serializer:json"`
	ReceivedAt  time.Time
	DueAt       *time.Time // when it is to be processed; nil: it was
	Attempts    int
	WaitsFor    *string // the provider's id of a purchase that is not known yet
	ProcessedAt *time.Time
}

// TableName is the table of notices.
func (PaymentNotice) TableName() string { return "payment_notices" }

// ProviderComparison is when a provider's own lists were last compared with what is known here.
type ProviderComparison struct {
	Provider     string `gorm:"primaryKey"`
	ReconciledAt time.Time
}

// TableName is the table of reconciliations.
func (ProviderComparison) TableName() string { return "provider_comparisons" }

// RefundState is how far a requested refund has come.
type RefundState string

// A refund is REQUESTED until the provider has TAKEN it on or REFUSED it.
const (
	RefundRequested RefundState = "REQUESTED"
	RefundTaken     RefundState = "TAKEN"
	RefundRefused   RefundState = "REFUSED"
)

// RefundRequest is a refund that an administrator asked for.
type RefundRequest struct {
	ID          RefundID `gorm:"primaryKey"` // the provider's idempotency key as well
	TeamID      TeamID
	PurchaseID  PurchaseID
	PaymentID   string
	AmountMinor int64
	Currency    string // of the payment: another than the purchase's where that is what was wrong with it
	Note        string // why; the team sees it
	ActorID     UserID
	State       RefundState
	Failure     *string // why it was refused
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// TableName is the table of requested refunds.
func (RefundRequest) TableName() string { return "refund_requests" }

// SavedMethod is a team's method of payment that its provider keeps.
type SavedMethod struct {
	TeamID     TeamID `gorm:"primaryKey"`
	Provider   string `gorm:"primaryKey"`
	Customer   string // the provider's id
	Method     string // the provider's id
	PurchaseID PurchaseID
	SavedAt    time.Time
}

// TableName is the table of saved methods.
func (SavedMethod) TableName() string { return "saved_methods" }

// TopUpPause is why auto top-up buys nothing.
type TopUpPause string

// The reasons that are stored, and hold until it is set again: the bank declined; money of a purchase was paid back, or
// its payer asks for it; whoever it buys for may not buy for the team any more; the package is not sold any more; the
// provider refused or could not be reached for a day.
const (
	PausedDeclined        TopUpPause = "DECLINED"
	PausedMoneyBack       TopUpPause = "MONEY_BACK"
	PausedNoBuyer         TopUpPause = "NO_BUYER"
	PausedPackageInactive TopUpPause = "PACKAGE_INACTIVE"
	PausedRefused         TopUpPause = "PROVIDER_REFUSED"
)

// The reasons that end by themselves: no method of payment is saved, which the next purchase does; this month's cap
// leaves too little for the package.
const (
	PausedNoSavedMethod TopUpPause = "NO_SAVED_METHOD"
	PausedMonthlyCap    TopUpPause = "MONTHLY_CAP"
)

// AutoTopUp buys a package when a team's available tokens fall under a threshold.
type AutoTopUp struct {
	TeamID          TeamID `gorm:"primaryKey"`
	Enabled         bool
	PackageID       *TokenPackageID
	Threshold       Tokens
	MonthlyCapMinor int64 // in the package's currency; no purchase goes beyond it
	PausedReason    *TopUpPause
	PausedAt        *time.Time
	RestsUntil      *time.Time // before which it need not be looked at: nothing can be bought
	SetBy           UserID     // on whose behalf it buys
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// TableName is the table of auto top-ups.
func (AutoTopUp) TableName() string { return "auto_top_ups" }

// PromotionKind is what a promotion is for. The values are the API's.
type PromotionKind string

// The kinds of promotions.
const (
	PromotionGift     PromotionKind = "GIFT"
	PromotionReferral PromotionKind = "REFERRAL"
	PromotionEvent    PromotionKind = "EVENT"
)

// Source is how the tokens of such a promotion come to a team.
func (k PromotionKind) Source() GrantSource { return GrantSource(k) }

// Promotion is a campaign: whoever redeems its code gets tokens, once for each team.
type Promotion struct {
	ID                    PromotionID `gorm:"primaryKey"`
	Code                  string      // in capitals
	Kind                  PromotionKind
	Name                  string
	Terms                 string
	Tokens                Tokens
	StartsAt              time.Time
	EndsAt                *time.Time // exclusive; nil: it does not end
	MaxRedemptions        *int       // by all teams together; nil: any number
	Redemptions           int
	GrantExpiresAfterDays *int // after redemption; nil: never
	CreatedBy             *UserID
	CreatedAt             time.Time
	UpdatedAt             time.Time
}

// TableName is the table of promotions.
func (Promotion) TableName() string { return "promotions" }

// Started says whether the promotion's window has begun.
func (p *Promotion) Started(now time.Time) bool { return !now.Before(p.StartsAt) }

// Ended says whether the promotion's window is over.
func (p *Promotion) Ended(now time.Time) bool { return p.EndsAt != nil && !now.Before(*p.EndsAt) }

// UsedUp says whether as many teams have redeemed the promotion as may.
func (p *Promotion) UsedUp() bool {
	return p.MaxRedemptions != nil && p.Redemptions >= *p.MaxRedemptions
}

// ActiveAt says whether a team that has not redeemed the promotion could do so at that instant.
func (p *Promotion) ActiveAt(now time.Time) bool {
	return p.Started(now) && !p.Ended(now) && !p.UsedUp()
}

// Redemption is a promotion that a team has redeemed.
type Redemption struct {
	PromotionID PromotionID `gorm:"primaryKey"`
	TeamID      TeamID      `gorm:"primaryKey"`
	UserID      UserID
	GrantID     GrantID
	RedeemedAt  time.Time
}

// TableName is the table of redemptions.
func (Redemption) TableName() string { return "redemptions" }

// Referral is that one team invited another. Both are rewarded with the invited team's first paid purchase.
type Referral struct {
	ID               ReferralID `gorm:"primaryKey"`
	InviterID        TeamID
	InvitedID        TeamID
	UserID           UserID       // who entered the code
	PromotionID      *PromotionID // the campaign that it is rewarded by; nil: none ran with the first purchase
	Tokens           *Tokens      // for each of both, frozen with the first purchase; 0: no campaign ran
	ExpiresAfterDays *int
	PurchaseID       *PurchaseID // the first paid one; nil: there is none yet
	InviterGrantID   *GrantID
	InvitedGrantID   *GrantID
	DueAt            *time.Time // when the inviter's reward is to be brought up to date; nil: it is
	Attempts         int
	CreatedAt        time.Time
	RewardedAt       *time.Time
}

// TableName is the table of referrals.
func (Referral) TableName() string { return "referrals" }

// ReferralSummary is a team's code for inviting others, and what it brought.
type ReferralSummary struct {
	Code              string
	URL               string // to sign up with it
	TokensPerReferral Tokens // 0: no campaign runs
	Invited           int
	Rewarded          int
	TokensEarned      Tokens // less what was taken back
}

// PromotionRefusal is why a code cannot be redeemed. The values are the API's.
type PromotionRefusal string

// The reasons.
const (
	RefusedUnknownCode     PromotionRefusal = "UNKNOWN_CODE"
	RefusedNotStarted      PromotionRefusal = "NOT_STARTED"
	RefusedEnded           PromotionRefusal = "ENDED"
	RefusedUsedUp          PromotionRefusal = "USED_UP"
	RefusedAlreadyRedeemed PromotionRefusal = "ALREADY_REDEEMED"
	RefusedOwnReferral     PromotionRefusal = "OWN_REFERRAL"
	RefusedNotEligible     PromotionRefusal = "NOT_ELIGIBLE"
)
