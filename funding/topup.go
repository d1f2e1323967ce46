package funding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

const (
	// topUpPace is the least time between two automatic purchases of a team.
	topUpPace = time.Minute

	// maxRest is how long a team whose cap is reached is left alone at most: the package may become cheaper.
	maxRest = time.Hour

	// topUpsAtOnce is how many teams are looked at before looking again who needs it.
	topUpsAtOnce = 100

	// chargeLife is how long a charge is tried: providers remember its key.
	chargeLife = keyMemory
)

// Why nothing was paid, where no bank has said so: the provider refuses the charge, or has not answered for a day.
const (
	failureRefused     = "provider_refused"
	failureUnreachable = "provider_unreachable"
)

// isOurs says that a failure is not a bank's word.
func isOurs(failure string) bool { return failure == failureRefused || failure == failureUnreachable }

// topUpPlan is all that a decision goes by, besides the account.
type topUpPlan struct {
	setting models.AutoTopUp
	chosen  *models.TokenPackage // nil: none
	method  *models.SavedMethod  // nil: none is saved
	bought  []recentPurchase     // the oldest first
}

// spentSince is what the purchases since then cost, in the package's currency. One that nothing came of cost nothing;
// what was paid back counts, so that no refund lets the team be charged beyond its cap.
func (p topUpPlan) spentSince(begins time.Time) (minor int64) {
	for _, purchase := range p.bought {
		counts := purchase.Automatic && !purchase.void() && !purchase.CreatedAt.Before(begins)
		if counts && p.chosen != nil && purchase.Currency == p.chosen.Currency {
			minor += purchase.PriceMinor
		}
	}
	return minor
}

// void says that nothing came of the purchase.
func (p recentPurchase) void() bool {
	switch p.Status {
	case models.PurchaseFailed, models.PurchaseCancelled, models.PurchaseExpired:
		return true
	default:
		return false
	}
}

// capReached says whether what is left of the month's cap does not pay the package.
func (p topUpPlan) capReached(begins time.Time) bool {
	return p.chosen != nil && p.spentSince(begins)+p.chosen.PriceMinor > p.setting.MonthlyCapMinor
}

// pause is why it buys nothing though it is on; nil: it does when it is time.
func (p topUpPlan) pause(monthBegins time.Time) *models.TopUpPause {
	var reason models.TopUpPause
	switch {
	case !p.setting.Enabled:
		return nil
	case p.setting.PausedReason != nil:
		return p.setting.PausedReason
	case p.method == nil:
		reason = models.PausedNoSavedMethod
	case p.capReached(monthBegins):
		reason = models.PausedMonthlyCap
	default:
		return nil
	}
	return &reason
}

// wentBack says that money of the purchase was paid back, or that its payer asks for it.
func (p recentPurchase) wentBack() bool {
	switch p.Status {
	case models.PurchaseDisputed, models.PurchaseRefunded, models.PurchasePartiallyRefunded:
		return true
	default:
		return false
	}
}

// mishap is why it must not go on, by what became of purchases since it was set: money of any of them went back, or a
// charge came to nothing. Who gets money back must not be charged again by itself.
func (p topUpPlan) mishap() (reason models.TopUpPause, happened bool) {
	for _, purchase := range p.bought {
		switch {
		case purchase.wentBack() && purchase.UpdatedAt.After(p.setting.UpdatedAt):
			return models.PausedMoneyBack, true
		case !purchase.Automatic, purchase.CreatedAt.Before(p.setting.UpdatedAt), !purchase.void():
		case purchase.Failure != nil && isOurs(*purchase.Failure):
			return models.PausedRefused, true
		default:
			return models.PausedDeclined, true
		}
	}
	return "", false
}

// mustWait says whether it is too early for another purchase: one at a time, and not too many.
func (p topUpPlan) mustWait(now time.Time) bool {
	if p.setting.RestsUntil != nil && now.Before(*p.setting.RestsUntil) {
		return true
	}
	for _, purchase := range p.bought {
		early := purchase.Status == models.PurchasePending || now.Before(purchase.CreatedAt.Add(topUpPace))
		if purchase.Automatic && early {
			return true
		}
	}
	return false
}

// methodOf is the method of payment that the current provider can charge; nil: none. The demonstration's needs none.
func (f *Funding) methodOf(saved []models.SavedMethod) *models.SavedMethod {
	if f.needsNoMethod() {
		return &models.SavedMethod{Provider: f.provider.Name(), Customer: f.provider.Name(), Method: f.provider.Name()}
	}
	for _, method := range saved {
		if method.Provider == f.provider.Name() {
			return &method
		}
	}
	return nil
}

// topUpCandidate is a team for which something may be to do, and on whose behalf.
type topUpCandidate struct {
	TeamID models.TeamID
	SetBy  models.UserID
}

// topUpTeams starts the purchases that are due. Who needs one is found without a lock and decided again under it.
func (f *Funding) topUpTeams(ctx context.Context) (more bool, err error) {
	rows, err := f.pool.Query(ctx, `
SELECT t.team_id, t.set_by
FROM auto_top_ups t
JOIN balances b USING (team_id)
WHERE t.enabled AND t.paused_reason IS NULL
	AND (NOT b.unlimited AND b.available < t.threshold
		AND (t.rests_until IS NULL OR t.rests_until <= now())
		AND ($1 OR EXISTS (SELECT FROM saved_methods s WHERE s.team_id = t.team_id AND s.provider = $2))
		AND NOT EXISTS (SELECT FROM purchases p WHERE p.team_id = t.team_id AND p.automatic
			AND (p.status = 'PENDING' OR p.created_at > now() - $3::interval))
	OR EXISTS (SELECT FROM purchases p WHERE p.team_id = t.team_id AND p.automatic
			AND p.status IN ('FAILED', 'CANCELLED', 'EXPIRED') AND p.created_at >= t.updated_at
			AND p.created_at > now() - `+recently+`)
	OR EXISTS (SELECT FROM purchases p WHERE p.team_id = t.team_id AND p.status IN `+moneyBack+`
			AND p.updated_at > greatest(t.updated_at, now() - `+recently+`)))
ORDER BY t.team_id
LIMIT $4`, f.needsNoMethod(), f.provider.Name(), topUpPace, topUpsAtOnce)
	if err != nil {
		return false, fmt.Errorf("find teams to top up: %w", err)
	}
	candidates, err := pgx.CollectRows(rows, pgx.RowToStructByName[topUpCandidate])
	if err != nil {
		return false, fmt.Errorf("find teams to top up: %w", err)
	}
	var failures []error
	begun := false
	for _, candidate := range candidates {
		bought, err := f.topUp(ctx, candidate)
		if err != nil {
			failures = append(failures, fmt.Errorf("top up %s: %w", candidate.TeamID, err))
		}
		begun = begun || bought
	}
	if begun {
		f.Wake()
	}
	return len(candidates) == topUpsAtOnce && len(failures) == 0, errors.Join(failures...)
}

// topUp starts a team's automatic purchase, or pauses it, if that is still due. It says whether it has started one.
func (f *Funding) topUp(ctx context.Context, candidate topUpCandidate) (begun bool, err error) {
	team := candidate.TeamID
	_, err = f.ledger.Update(ctx, ledger.Change{
		Team: team, Members: []models.UserID{candidate.SetBy},
		Lookups: []ledger.Want{
			f.rows.topUps.Want(team), f.rows.topUpPackages.Want(team), f.rows.recent.Want(team),
			f.rows.savedMethods.Want(team),
		},
		Decide: func(tx *ledger.Tx) (err error) {
			begun = false
			plan, ok := f.planOf(tx)
			if !ok || plan.setting.SetBy != candidate.SetBy {
				return nil // it was set by somebody else meanwhile, and is found again
			}
			begun, err = f.decideTopUp(tx, plan)
			return err
		},
	})
	return begun && err == nil, err
}

// planOf is the plan of the change's team.
func (f *Funding) planOf(tx *ledger.Tx) (topUpPlan, bool) {
	setting, ok := f.rows.topUps.Get(tx, tx.Team())
	if !ok {
		return topUpPlan{}, false
	}
	plan := topUpPlan{setting: setting}
	if chosen, ok := f.rows.topUpPackages.Get(tx, tx.Team()); ok {
		plan.chosen = &chosen.TokenPackage
	}
	plan.bought, _ = f.rows.recent.Get(tx, tx.Team())
	saved, _ := f.rows.savedMethods.Get(tx, tx.Team())
	plan.method = f.methodOf(saved)
	return plan, true
}

// decideTopUp starts the purchase that is due, pauses, or does nothing. It says whether it has started one.
func (f *Funding) decideTopUp(tx *ledger.Tx, plan topUpPlan) (begun bool, err error) {
	if !plan.setting.Enabled || plan.setting.PausedReason != nil {
		return false, nil
	}
	if reason, happened := plan.mishap(); happened {
		f.pauseTopUp(tx, plan, reason)
		return false, nil
	}
	balance := tx.Balance()
	available, owns := balance.Available.Tokens()
	if !owns || available >= plan.setting.Threshold || plan.method == nil || plan.chosen == nil || plan.mustWait(tx.Now()) {
		return false, nil
	}
	begins, ends, err := monthOf(balance)
	if err != nil {
		return false, err
	}
	switch {
	case !plan.chosen.Active:
		f.pauseTopUp(tx, plan, models.PausedPackageInactive)
	case !tx.Member(plan.setting.SetBy).Role.Includes(models.RoleAdmin):
		f.pauseTopUp(tx, plan, models.PausedNoBuyer)
	case plan.capReached(begins):
		f.restTopUp(tx, plan, ends)
	default:
		f.buyTopUp(tx, plan)
		return true, nil
	}
	return false, nil
}

// pauseTopUp stops it until it is set again, and warns the team.
func (f *Funding) pauseTopUp(tx *ledger.Tx, plan topUpPlan, reason models.TopUpPause) {
	now := tx.Now()
	setting := plan.setting
	setting.PausedReason, setting.PausedAt = &reason, &now
	f.rows.putTopUps.Stage(tx, setting)
	f.rows.topUps.Put(tx, tx.Team(), setting)
	available, _ := tx.Balance().Available.Tokens()
	tx.Raise(models.LimitWarning{Kind: models.WarningTopUpPaused, Threshold: setting.Threshold, Value: available})
}

// restTopUp leaves the team alone until its next month, or for a while.
func (f *Funding) restTopUp(tx *ledger.Tx, plan topUpPlan, monthEnds time.Time) {
	until := tx.Now().Add(maxRest)
	if monthEnds.After(tx.Now()) && monthEnds.Before(until) {
		until = monthEnds
	}
	setting := plan.setting
	setting.RestsUntil = &until
	f.rows.putTopUps.Stage(tx, setting)
	f.rows.topUps.Put(tx, tx.Team(), setting)
}

// buyTopUp stages the purchase; it is charged once it is committed.
func (f *Funding) buyTopUp(tx *ledger.Tx, plan topUpPlan) {
	now := tx.Now()
	purchase := models.Purchase{
		ID: models.NewPurchaseID(now), TeamID: tx.Team(), BuyerID: plan.setting.SetBy,
		PackageID: plan.chosen.ID, PackageName: plan.chosen.Name, Tokens: plan.chosen.Tokens,
		PriceMinor: plan.chosen.PriceMinor, Currency: plan.chosen.Currency, ExpiresAfterDays: plan.chosen.ExpiresAfterDays,
		Provider: f.provider.Name(), Live: f.provider.Live(), Automatic: true,
		Customer: &plan.method.Customer, Method: &plan.method.Method,
		Version: 1, Status: models.PurchasePending, CheckoutEndsAt: now.Add(chargeLife), DueAt: &now,
		CreatedAt: now, UpdatedAt: now,
	}
	f.rows.insertPurchases.Stage(tx, purchase)
	f.rows.recent.Put(tx, tx.Team(), append(plan.bought, recentPurchase{
		Automatic: true,
		TeamID:    purchase.TeamID, Status: purchase.Status, PriceMinor: purchase.PriceMinor, Currency: purchase.Currency,
		CreatedAt: now, UpdatedAt: now,
	}))
	tx.Signal(string(purchase.ID))
}
