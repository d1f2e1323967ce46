package funding

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Rule is one rule for redeeming a code, and whether a team passes it.
type Rule struct {
	Code   models.PromotionRefusal // what it is refused with
	About  RuleAbout               // tells rules of one code apart
	Passed bool
	// At is when the promotion begins (NOT_STARTED) or ends (ENDED; nil: it does not), and, of a rule that is not passed,
	// when the team redeemed it, was invited, or was rewarded for it (ALREADY_REDEEMED).
	At *time.Time
}

// RuleAbout says what a rule looks at, where several are refused with the same code.
type RuleAbout string

// What rules look at.
const (
	// AboutRole: who asks has to be an ADMIN of the team.
	AboutRole RuleAbout = "ROLE"
	// AboutCampaign: a promotion of kind REFERRAL says what referrals bring; its own code brings nothing.
	AboutCampaign RuleAbout = "CAMPAIGN"
	// AboutPurchase: who has paid before cannot be invited any more.
	AboutPurchase RuleAbout = "PURCHASE"
	// AboutLoop: a team cannot be invited by one that it has invited itself, directly or through others.
	AboutLoop RuleAbout = "LOOP"
	// AboutInvitation: a team is invited once.
	AboutInvitation RuleAbout = "INVITATION"
	// AboutInvitationWaiting: the team was invited, and its reward comes with its first paid purchase.
	AboutInvitationWaiting RuleAbout = "INVITATION_WAITING"
	// AboutInvitationRewarded: the team was invited, and rewarded with its first paid purchase.
	AboutInvitationRewarded RuleAbout = "INVITATION_REWARDED"
	// AboutInvitationUnrewarded: the team was invited, and no campaign ran when it first paid.
	AboutInvitationUnrewarded RuleAbout = "INVITATION_UNREWARDED"
)

// PromotionRefusedError says why a code cannot be redeemed: the first rule that is not passed. Nothing has changed.
type PromotionRefusedError struct {
	Rule      Rule
	Promotion *models.Promotion // what the code belongs to; nil: to nothing, or to a team that invites
}

// Error names the rule, for logs.
func (e *PromotionRefusedError) Error() string {
	if e.Rule.About == "" {
		return "not redeemable: " + string(e.Rule.Code)
	}
	return fmt.Sprintf("not redeemable: %s: %s", e.Rule.Code, e.Rule.About)
}

// Reason is the API's word for why.
func (e *PromotionRefusedError) Reason() models.PromotionRefusal { return e.Rule.Code }

// claim is a team's wish to redeem a code: all that the rules look at.
type claim struct {
	team      models.TeamID
	role      models.TeamRole // of who asks; empty: no member
	now       time.Time
	promotion *models.Promotion // whose code it is
	inviter   models.TeamID     // whose referral code it is; empty: no team's
	redeemed  *time.Time        // when the team redeemed the promotion
	related   bool              // whether the team shares a member with the inviter
	referral  *models.Referral  // by which the team was invited before
	paid      bool              // whether the team has ever paid for a purchase
	loop      bool              // whether the team is among those that invited the inviter
}

// rules are all rules for the claim, in the order in which they refuse. Whether somebody may redeem at all is last: it
// is no business of the code's.
func (c *claim) rules() []Rule {
	known := Rule{Code: models.RefusedUnknownCode, Passed: c.promotion != nil || c.inviter != ""}
	role := Rule{Code: models.RefusedNotEligible, About: AboutRole, Passed: c.role.Includes(models.RoleAdmin)}
	switch {
	case c.promotion != nil && c.promotion.Kind == models.PromotionReferral:
		return []Rule{known, {Code: models.RefusedNotEligible, About: AboutCampaign}, role}
	case c.promotion != nil:
		return append(append([]Rule{known}, c.promotionRules()...), role)
	case c.inviter != "":
		return append(append([]Rule{known}, c.referralRules()...), role)
	default:
		return []Rule{known, role}
	}
}

func (c *claim) promotionRules() []Rule {
	p := c.promotion
	return []Rule{
		{Code: models.RefusedAlreadyRedeemed, Passed: c.redeemed == nil, At: c.redeemed},
		{Code: models.RefusedNotStarted, Passed: p.Started(c.now), At: &p.StartsAt},
		{Code: models.RefusedEnded, Passed: !p.Ended(c.now), At: p.EndsAt},
		{Code: models.RefusedUsedUp, Passed: !p.UsedUp()},
	}
}

func (c *claim) referralRules() []Rule {
	return []Rule{
		{Code: models.RefusedOwnReferral, Passed: c.inviter != c.team && !c.related},
		c.invitationRule(),
		{Code: models.RefusedNotEligible, About: AboutPurchase, Passed: !c.paid},
		{Code: models.RefusedNotEligible, About: AboutLoop, Passed: !c.loop},
	}
}

// invitationRule tells who was invited before what became of it.
func (c *claim) invitationRule() Rule {
	rule := Rule{Code: models.RefusedAlreadyRedeemed, About: AboutInvitation, Passed: c.referral == nil}
	switch {
	case c.referral == nil:
	case c.referral.PurchaseID == nil:
		rule.About, rule.At = AboutInvitationWaiting, &c.referral.CreatedAt
	case *c.referral.Tokens == 0:
		rule.About, rule.At = AboutInvitationUnrewarded, c.referral.RewardedAt
	default:
		rule.About, rule.At = AboutInvitationRewarded, c.referral.RewardedAt
	}
	return rule
}

// refusal is the first rule that is not passed, nil if all are.
func (c *claim) refusal() error {
	for _, rule := range c.rules() {
		if !rule.Passed {
			return &PromotionRefusedError{Rule: rule, Promotion: c.promotion}
		}
	}
	return nil
}

// Eligibility is whether a team can redeem a code, rule by rule.
type Eligibility struct {
	Redeemable bool              // every rule is passed
	Promotion  *models.Promotion // what the code belongs to; nil: to nothing, or to a team that invites
	Rules      []Rule            // in the order in which they refuse
}

// Eligibility says whether the actor could redeem a code for the team now, by the rules that Redeem goes by.
func (f *Funding) Eligibility(ctx context.Context, actor models.UserID, team models.TeamID, code string) (Eligibility, error) {
	c, err := f.readClaim(ctx, actor, team, codeOf(code))
	if err != nil {
		return Eligibility{}, fmt.Errorf("judge a code for %s: %w", team, err)
	}
	e := Eligibility{Promotion: c.promotion, Rules: c.rules()}
	e.Redeemable = !slices.ContainsFunc(e.Rules, func(rule Rule) bool { return !rule.Passed })
	return e, nil
}

// readClaim is lookUpClaim outside of any change, and locks nothing.
func (f *Funding) readClaim(ctx context.Context, actor models.UserID, team models.TeamID, code string) (*claim, error) {
	c := claim{team: team}
	err := f.pool.QueryRow(ctx, `
SELECT clock_timestamp(), coalesce((SELECT role FROM memberships WHERE team_id = $1 AND user_id = $2), '')`,
		string(team), string(actor)).Scan(&c.now, &c.role)
	if err != nil {
		return nil, err
	}
	promotions, err := f.readPromotions(ctx, `code = $1`, code)
	if err != nil {
		return nil, err
	}
	redemptions, redemptionsErr := readLookup(ctx, f, f.rows.redemptions, team)
	inviters, invitersErr := readLookup(ctx, f, f.rows.inviters, code)
	related, relatedErr := readLookup(ctx, f, f.rows.related, team)
	referrals, referralsErr := readLookup(ctx, f, f.rows.referrals, team)
	paid, paidErr := readLookup(ctx, f, f.rows.paid, team)
	if err := cmp.Or(redemptionsErr, invitersErr, relatedErr, referralsErr, paidErr); err != nil {
		return nil, err
	}
	c.ofPromotion(promotions, redemptions[team])
	c.paid = paid[team]
	referral, invited := referrals[team]
	c.ofInviter(inviters[code], related[team], func(team models.TeamID) models.TeamID { return inviters[string(team)] })
	c.ofReferral(referral, invited)
	return &c, nil
}

// lookUpClaim is the claim as it stands under the lock of the team's balance.
func (f *Funding) lookUpClaim(tx *ledger.Tx, actor models.UserID, code string) *claim {
	team := tx.Team()
	c := claim{team: team, role: tx.Member(actor).Role, now: tx.Now()}
	promotions, _ := f.rows.promotions.Get(tx, code)
	redemptions, _ := f.rows.redemptions.Get(tx, team)
	inviter, _ := f.rows.inviters.Get(tx, code)
	related, _ := f.rows.related.Get(tx, team)
	c.ofPromotion(promotions, redemptions)
	c.paid, _ = f.rows.paid.Get(tx, team)
	referral, invited := f.rows.referrals.Get(tx, team)
	c.ofInviter(inviter, related, func(team models.TeamID) models.TeamID {
		inviter, _ := f.rows.inviters.Get(tx, string(team))
		return inviter
	})
	c.ofReferral(referral, invited)
	return &c
}

// claimWants are the look-ups of lookUpClaim.
func (f *Funding) claimWants(team models.TeamID, code string) []ledger.Want {
	return []ledger.Want{
		f.rows.promotions.Want(code), f.rows.redemptions.Want(team), f.rows.inviters.Want(code), f.rows.related.Want(team),
		f.rows.referrals.Want(team), f.rows.paid.Want(team),
	}
}

func (c *claim) ofPromotion(promotions []models.Promotion, redemptions map[models.PromotionID]time.Time) {
	if len(promotions) == 0 {
		return
	}
	c.promotion = &promotions[0]
	if at, redeemed := redemptions[c.promotion.ID]; redeemed {
		c.redeemed = &at
	}
}

// ofInviter notes whose code it is and walks up the line of those who invited that team. above is who invited a team,
// empty: nobody. The line has an end, because no loop is ever made.
func (c *claim) ofInviter(inviter models.TeamID, related map[models.TeamID]bool, above func(models.TeamID) models.TeamID) {
	c.inviter, c.related = inviter, related[inviter]
	if inviter == c.team {
		return
	}
	for team := above(inviter); team != "" && !c.loop; team = above(team) {
		c.loop = team == c.team
	}
}

func (c *claim) ofReferral(referral models.Referral, invited bool) {
	if invited {
		c.referral = &referral
	}
}

// readLookup reads what a look-up reads, outside of any change.
func readLookup[K ~string, V any](ctx context.Context, f *Funding, lookup *ledger.Lookup[K, V], key K) (map[K]V, error) {
	rows, err := f.pool.Query(ctx, lookup.SQL, []string{string(key)})
	if err != nil {
		return nil, err
	}
	values := map[K]V{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		return struct{}{}, lookup.Scan(row, values)
	})
	return values, err
}
