package models

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// Ids are TypeIDs: a prefix that names the type, an underscore, and a UUIDv7 in Crockford's base 32, so that the ids of
// one type sort by the time they were made. Clients treat them as opaque.
type (
	// UserID names a person, user_….
	UserID string
	// SessionID names a signed-in session, session_…. It is not the secret that the client holds.
	SessionID string
	// TeamID names a team, team_….
	TeamID string
	// MembershipID names a person's place in a team, member_….
	MembershipID string
	// InvitationID names an invitation, invite_….
	InvitationID string
	// BalanceID names a team's balance, balance_…, with the team's own suffix.
	BalanceID string
	// GrantID names a grant, grant_….
	GrantID string
	// LedgerEntryID names a line of a ledger, entry_….
	LedgerEntryID string
	// GenerationID names a generation and its reservation, gen_….
	GenerationID string
	// BatchID names a run over many products, batch_….
	BatchID string
	// ProductID names a product, product_….
	ProductID string
	// ContentID names one version of a product's text, content_….
	ContentID string
	// ImageID names an image of a product, image_….
	ImageID string
	// PriceID names a price of a product, price_….
	PriceID string
	// TemplateID names a template, template_….
	TemplateID string
	// AlertRuleID names an alert rule, alert_….
	AlertRuleID string
	// LimitWarningID names a warning, warning_….
	LimitWarningID string
	// TokenPackageID names a package of tokens, package_….
	TokenPackageID string
	// PurchaseID names a purchase, purchase_….
	PurchaseID string
	// RefundID names a refund that was asked for, refund_….
	RefundID string
	// PromotionID names a promotion, promotion_….
	PromotionID string
	// ReferralID names that one team invited another, referral_….
	ReferralID string
)

// The prefixes of ids, one for each type.
const (
	PrefixUser           = "user"
	PrefixSession        = "session"
	PrefixTeam           = "team"
	PrefixMembership     = "member"
	PrefixInvitation     = "invite"
	PrefixBalance        = "balance"
	PrefixGrant          = "grant"
	PrefixLedgerEntry    = "entry"
	PrefixGeneration     = "gen"
	PrefixBatch          = "batch"
	PrefixProduct        = "product"
	PrefixContent        = "content"
	PrefixImage          = "image"
	PrefixPrice          = "price"
	PrefixTemplate       = "template"
	PrefixAlertRule      = "alert"
	PrefixLimitWarning   = "warning"
	PrefixTokenPackage   = "package"
	PrefixPurchase       = "purchase"
	PrefixRefund         = "refund"
	PrefixPromotion      = "promotion"
	PrefixReferral       = "referral"
	PrefixAdministration = "administration"
)

// AdministrationID is the id of the one administration there is.
const AdministrationID = PrefixAdministration + "_00000000000000000000000000"

// NewUserID makes an id for a user created now.
func NewUserID(now time.Time) UserID { return UserID(newID(PrefixUser, now)) }

// NewSessionID makes an id for a session begun now.
func NewSessionID(now time.Time) SessionID { return SessionID(newID(PrefixSession, now)) }

// NewTeamID makes an id for a team created now.
func NewTeamID(now time.Time) TeamID { return TeamID(newID(PrefixTeam, now)) }

// NewMembershipID makes an id for a membership begun now.
func NewMembershipID(now time.Time) MembershipID { return MembershipID(newID(PrefixMembership, now)) }

// NewInvitationID makes an id for an invitation sent now.
func NewInvitationID(now time.Time) InvitationID { return InvitationID(newID(PrefixInvitation, now)) }

// NewGrantID makes an id for a grant issued now.
func NewGrantID(now time.Time) GrantID { return GrantID(newID(PrefixGrant, now)) }

// NewLedgerEntryID makes an id for a ledger line posted now.
func NewLedgerEntryID(now time.Time) LedgerEntryID {
	return LedgerEntryID(newID(PrefixLedgerEntry, now))
}

// NewGenerationID makes an id for a generation requested now.
func NewGenerationID(now time.Time) GenerationID { return GenerationID(newID(PrefixGeneration, now)) }

// NewBatchID makes an id for a run over many products requested now.
func NewBatchID(now time.Time) BatchID { return BatchID(newID(PrefixBatch, now)) }

// NewProductID makes an id for a product created now.
func NewProductID(now time.Time) ProductID { return ProductID(newID(PrefixProduct, now)) }

// NewContentID makes an id for a version of a text stored now.
func NewContentID(now time.Time) ContentID { return ContentID(newID(PrefixContent, now)) }

// NewImageID makes an id for an image found now.
func NewImageID(now time.Time) ImageID { return ImageID(newID(PrefixImage, now)) }

// NewPriceID makes an id for a price found now.
func NewPriceID(now time.Time) PriceID { return PriceID(newID(PrefixPrice, now)) }

// NewTemplateID makes an id for a template created now.
func NewTemplateID(now time.Time) TemplateID { return TemplateID(newID(PrefixTemplate, now)) }

// NewAlertRuleID makes an id for an alert rule created now.
func NewAlertRuleID(now time.Time) AlertRuleID { return AlertRuleID(newID(PrefixAlertRule, now)) }

// NewLimitWarningID makes an id for a warning raised now.
func NewLimitWarningID(now time.Time) LimitWarningID {
	return LimitWarningID(newID(PrefixLimitWarning, now))
}

// NewTokenPackageID makes an id for a package of tokens added now.
func NewTokenPackageID(now time.Time) TokenPackageID {
	return TokenPackageID(newID(PrefixTokenPackage, now))
}

// NewPurchaseID makes an id for a purchase begun now.
func NewPurchaseID(now time.Time) PurchaseID { return PurchaseID(newID(PrefixPurchase, now)) }

// NewRefundID makes an id for a refund asked for now.
func NewRefundID(now time.Time) RefundID { return RefundID(newID(PrefixRefund, now)) }

// NewPromotionID makes an id for a promotion added now.
func NewPromotionID(now time.Time) PromotionID { return PromotionID(newID(PrefixPromotion, now)) }

// NewReferralID makes an id for a referral made now.
func NewReferralID(now time.Time) ReferralID { return ReferralID(newID(PrefixReferral, now)) }

// BalanceIDOf is the id of a team's balance: there is one for each team, so it shares the team's suffix.
func BalanceIDOf(team TeamID) BalanceID {
	return BalanceID(PrefixBalance + strings.TrimPrefix(string(team), PrefixTeam))
}

// TeamOfBalance is the team whose balance the id names; what is no balance's id names no team.
func TeamOfBalance(id BalanceID) TeamID {
	return TeamID(PrefixTeam + strings.TrimPrefix(string(id), PrefixBalance))
}

// PrefixOf is the part of an id that names its type, and whether the id has the form of one at all.
func PrefixOf(id string) (prefix string, ok bool) {
	prefix, suffix, found := strings.Cut(id, "_")
	if !found || len(suffix) != idSuffixLength {
		return "", false
	}
	for i := range len(suffix) {
		if strings.IndexByte(crockford, suffix[i]) < 0 {
			return "", false
		}
	}
	return prefix, true
}

const (
	crockford      = "0123456789abcdefghjkmnpqrstvwxyz"
	idSuffixLength = 26
)

// newID writes a UUIDv7 of that instant behind the prefix. Ids made within one millisecond are ordered by its 4,096ths.
func newID(prefix string, now time.Time) string {
	var uuid [16]byte
	if _, err := rand.Read(uuid[:]); err != nil {
		panic("no randomness: " + err.Error()) // crypto/rand never fails on supported systems
	}
	nanos := now.UnixNano()
	millis, fraction := nanos/1e6, (nanos%1e6)<<12/1e6
	binary.BigEndian.PutUint64(uuid[:8], uint64(millis)<<16|0x7000|uint64(fraction))
	uuid[8] = uuid[8]&0x3f | 0x80

	out := make([]byte, 0, len(prefix)+1+idSuffixLength)
	out = append(out, prefix...)
	out = append(out, '_')
	high, low := binary.BigEndian.Uint64(uuid[:8]), binary.BigEndian.Uint64(uuid[8:])
	for shift := 125; shift >= 0; shift -= 5 {
		out = append(out, crockford[fiveBits(high, low, shift)])
	}
	return string(out)
}

// fiveBits takes the five bits at shift out of a 128-bit number.
func fiveBits(high, low uint64, shift int) uint64 {
	switch {
	case shift >= 64:
		return high >> (shift - 64) & 31
	case shift > 59:
		return (low>>shift | high<<(64-shift)) & 31
	default:
		return low >> shift & 31
	}
}
