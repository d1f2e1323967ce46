package funding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// packagesAtFirst is how many packages a month auto top-up may buy where nobody has said.
const packagesAtFirst = 3

// maxMinor is the largest amount of money that the API can write.
const maxMinor = int64(models.MaxTokens)

// AutoTopUpInput is how an OWNER sets auto top-up. What is nil stays as it is; at first the threshold is the team's
// lowBalanceThreshold, and the cap is three packages.
type AutoTopUpInput struct {
	Team            models.TeamID
	Enabled         bool
	Package         *models.TokenPackageID
	Threshold       *models.Tokens
	MonthlyCapMinor *int64 // in the package's currency
}

// SetAutoTopUp sets a team's auto top-up, on behalf of an OWNER, who is the buyer from then on. It lifts a pause.
//
// It returns models.FieldErrors: packageId is REQUIRED to switch it on, INVALID if it cannot be bought; monthlyCapMinor
// is OUT_OF_RANGE if it does not pay one package, REQUIRED with a package in another currency. It returns
// models.ErrNotFound to who is no member, models.ErrForbidden to who is no OWNER, or a *PaymentError of kind Refused
// where payments cannot be made without the buyer.
func (f *Funding) SetAutoTopUp(ctx context.Context, actor models.UserID, input AutoTopUpInput) (models.AutoTopUp, error) {
	if err := input.check(); err != nil {
		return models.AutoTopUp{}, err
	}
	lookups := []ledger.Want{f.rows.topUps.Want(input.Team), f.rows.topUpPackages.Want(input.Team)}
	if input.Package != nil {
		lookups = append(lookups, f.rows.packages.Want(*input.Package))
	}
	var set models.AutoTopUp
	_, err := f.ledger.Update(ctx, ledger.Change{
		Team: input.Team, Actor: actor, Lookups: lookups,
		Decide: func(tx *ledger.Tx) (err error) {
			set, err = f.setTopUp(tx, actor, input)
			return err
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return models.AutoTopUp{}, models.ErrNotFound
	}
	if err != nil {
		return models.AutoTopUp{}, fmt.Errorf("set auto top-up of %s: %w", input.Team, err)
	}
	f.Wake()
	return set, nil
}

func (i AutoTopUpInput) check() error {
	var faults models.FieldErrors
	if i.Threshold != nil && (*i.Threshold < 0 || *i.Threshold > models.MaxTokens) {
		faults.Add(models.FieldOutOfRange, 0, "threshold")
	}
	if i.MonthlyCapMinor != nil && (*i.MonthlyCapMinor < 0 || *i.MonthlyCapMinor > maxMinor) {
		faults.Add(models.FieldOutOfRange, 0, "monthlyCapMinor")
	}
	return faults.Err()
}

func (f *Funding) setTopUp(tx *ledger.Tx, actor models.UserID, input AutoTopUpInput) (models.AutoTopUp, error) {
	if err := tx.Member(actor).Role.Require(models.RoleOwner); err != nil {
		return models.AutoTopUp{}, err
	}
	if input.Enabled && !f.chargesSaved() {
		return models.AutoTopUp{}, &PaymentError{Provider: f.provider.Name(), Kind: payment.Refused}
	}
	set, known := f.rows.topUps.Get(tx, input.Team)
	if !known {
		set = models.AutoTopUp{TeamID: input.Team, Threshold: tx.Balance().LowBalanceThreshold, CreatedAt: tx.Now()}
	}
	set.Enabled, set.SetBy, set.UpdatedAt = input.Enabled, actor, tx.Now()
	set.PausedReason, set.PausedAt, set.RestsUntil = nil, nil, nil
	if input.Threshold != nil {
		set.Threshold = *input.Threshold
	}
	if input.MonthlyCapMinor != nil {
		set.MonthlyCapMinor = *input.MonthlyCapMinor
	}
	if err := f.choosePackage(tx, input, &set); err != nil {
		return models.AutoTopUp{}, err
	}
	f.rows.putTopUps.Stage(tx, set)
	f.rows.topUps.Put(tx, input.Team, set)
	return set, nil
}

// choosePackage sets which package is bought, and how much of it a month at first.
func (f *Funding) choosePackage(tx *ledger.Tx, input AutoTopUpInput, set *models.AutoTopUp) error {
	current, chosenBefore := f.rows.topUpPackages.Get(tx, input.Team)
	chosen, found := current.TokenPackage, chosenBefore
	if input.Package != nil {
		chosen, found = f.rows.packages.Get(tx, *input.Package)
	}
	capGiven := input.MonthlyCapMinor != nil
	if found && !capGiven && !chosenBefore && set.MonthlyCapMinor == 0 {
		set.MonthlyCapMinor = min(packagesAtFirst*chosen.PriceMinor, maxMinor)
	}
	var faults models.FieldErrors
	switch {
	case !found && input.Package != nil:
		faults.Add(models.FieldInvalid, 0, "packageId")
	case !found && input.Enabled:
		faults.Add(models.FieldRequired, 0, "packageId")
	case !found:
	case input.Enabled && !chosen.Active:
		faults.Add(models.FieldInvalid, 0, "packageId")
	case !capGiven && chosenBefore && chosen.Currency != current.Currency:
		faults.Add(models.FieldRequired, 0, "monthlyCapMinor")
	case input.Enabled && set.MonthlyCapMinor < chosen.PriceMinor:
		faults.Add(models.FieldOutOfRange, 0, "monthlyCapMinor")
	}
	if found {
		set.PackageID = &chosen.ID
	}
	if len(faults) == 0 && found {
		f.rows.topUpPackages.Put(tx, input.Team, topUpPackage{input.Team, chosen})
	}
	return faults.Err()
}

// chargesSaved says whether payments can be made without the buyer: an invoice waits for who pays it, but in the
// demonstration, which needs no saved method either.
func (f *Funding) chargesSaved() bool {
	return f.provider.Name() != payment.InvoiceName || f.needsNoMethod()
}

func (f *Funding) needsNoMethod() bool {
	return f.provider.Name() == payment.InvoiceName && !f.provider.Live()
}

// TopUp is a team's auto top-up with all that it goes by.
type TopUp struct {
	models.AutoTopUp
	Package *models.TokenPackage
	// SpentThisMonthMinor is what its purchases of this month cost, in the package's currency, whatever was paid back.
	SpentThisMonthMinor int64
	// Pause is why it buys nothing, though it is on; nil: it does when it is time.
	Pause *models.TopUpPause
}

// AutoTopUps are those of the teams that have ever set theirs.
func (f *Funding) AutoTopUps(ctx context.Context, teams []models.TeamID) (map[models.TeamID]TopUp, error) {
	plans, err := f.glanceAtTopUps(ctx, teams)
	if err != nil {
		return nil, fmt.Errorf("read auto top-ups: %w", err)
	}
	balances, err := f.ledger.Balances(ctx, teams)
	if err != nil {
		return nil, fmt.Errorf("read auto top-ups: %w", err)
	}
	found := map[models.TeamID]TopUp{}
	for team, plan := range plans {
		begins, _, err := monthOf(balances[team])
		if err != nil {
			return nil, fmt.Errorf("read auto top-ups: %w", err)
		}
		shown := TopUp{AutoTopUp: plan.setting, SpentThisMonthMinor: plan.spentSince(begins), Pause: plan.pause(begins)}
		if plan.chosen != nil {
			shown.Package = plan.chosen
		}
		found[team] = shown
	}
	return found, nil
}

func (f *Funding) glanceAtTopUps(ctx context.Context, teams []models.TeamID) (map[models.TeamID]topUpPlan, error) {
	settings, err := glance(ctx, f, f.rows.topUps, teams)
	if err != nil || len(settings) == 0 {
		return nil, err
	}
	packages, err := glance(ctx, f, f.rows.topUpPackages, teams)
	if err != nil {
		return nil, err
	}
	bought, err := glance(ctx, f, f.rows.recent, teams)
	if err != nil {
		return nil, err
	}
	methods, err := glance(ctx, f, f.rows.savedMethods, teams)
	if err != nil {
		return nil, err
	}
	plans := map[models.TeamID]topUpPlan{}
	for team, setting := range settings {
		plan := topUpPlan{setting: setting, bought: bought[team], method: f.methodOf(methods[team])}
		if chosen, ok := packages[team]; ok {
			plan.chosen = &chosen.TokenPackage
		}
		plans[team] = plan
	}
	return plans, nil
}

// monthOf is when the calendar month of a team began, and when the next one does.
func monthOf(balance models.Balance) (begins, ends time.Time, err error) {
	zone, err := time.LoadLocation(balance.TimeZone)
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("load a time zone: %w", err)
	}
	first := models.Date{Year: balance.Day.Year, Month: balance.Day.Month, Day: 1}
	next := models.DateOf(time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, time.UTC))
	return models.StartOfDay(first, zone), models.StartOfDay(next, zone), nil
}
