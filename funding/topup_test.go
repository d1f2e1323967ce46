package funding

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// give brings tokens into the team; 0 brings none.
func (w *world) give(tokens models.Tokens) {
	w.t.Helper()
	if tokens == 0 {
		return
	}
	input := w.input(fmt.Sprintf("give %d at %d", tokens, time.Now().UnixNano()))
	input.Tokens = tokens
	if _, _, err := w.Grant(w.ctx(), w.administrator, input); err != nil {
		w.t.Fatal(err)
	}
}

// lookAround does what auto top-up does by itself, once: it decides, without charging anything.
func (w *world) lookAround() {
	w.t.Helper()
	if _, err := w.topUpTeams(w.ctx()); err != nil {
		w.t.Fatal(err)
	}
}

// automaticOnes counts the team's automatic purchases by status.
func (w *world) automaticOnes() map[models.PurchaseStatus]int {
	w.t.Helper()
	rows, err := w.db.Pool.Query(w.ctx(), `SELECT status, count(*) FROM purchases WHERE automatic AND team_id = $1 GROUP BY 1`, w.team)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	counts := map[models.PurchaseStatus]int{}
	for rows.Next() {
		var status models.PurchaseStatus
		var count int
		if err := rows.Scan(&status, &count); err != nil {
			w.t.Fatal(err)
		}
		counts[status] = count
	}
	return counts
}

// boughtAt makes an automatic purchase of the past, paid or not.
func (w *world) boughtAt(owner models.UserID, at time.Time, status models.PurchaseStatus) models.PurchaseID {
	w.t.Helper()
	id := models.NewPurchaseID(at)
	var grant *models.GrantID
	var paidAt *time.Time
	if !(recentPurchase{Status: status}).void() && status != models.PurchasePending {
		grant, paidAt = new(models.NewGrantID(at)), &at
		_, err := w.ledger.Update(w.ctx(), ledger.Change{Team: w.team, Decide: func(tx *ledger.Tx) error {
			tx.Issue(models.Grant{ID: *grant, Source: models.SourcePurchase, Tokens: 1}, nil)
			return nil
		}})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	w.exec(`
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live,
	automatic, status, grant_id, paid_at, checkout_ends_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, 'Starter', 1, 900, 'EUR', 'invoice', false, true, $5, $6, $7, $8, $8, $8)`,
		id, w.team, owner, starter, status, grant, paidAt, at)
	return id
}

// warned lists the kinds of warnings that the team got.
func (w *world) warned() (kinds []models.LimitWarningKind) {
	w.t.Helper()
	warnings, err := w.ledger.WarningsAfter(w.ctx(), w.team, 0, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, warning := range warnings {
		kinds = append(kinds, warning.Kind)
	}
	return kinds
}

func (w *world) warnedOfPauses() (count int) {
	w.t.Helper()
	for _, kind := range w.warned() {
		if kind == models.WarningTopUpPaused {
			count++
		}
	}
	return count
}

// pausedFor fails the test unless auto top-up is paused for that reason, with one warning.
func (w *world) pausedFor(reason models.TopUpPause) {
	w.t.Helper()
	pause := w.shown().Pause
	if pause == nil || *pause != reason || w.warnedOfPauses() != 1 {
		w.t.Errorf("pause: %v, with the warnings %v; want %s, with one", deref(pause), w.warned(), reason)
	}
}

func deref[T any](pointer *T) (value T) {
	if pointer != nil {
		value = *pointer
	}
	return value
}

func TestItBuysWhenFewerTokensAreAvailableThanTheThreshold(t *testing.T) {
	for _, test := range []struct {
		available, threshold models.Tokens
		buys                 int
	}{
		{131, 130, 0},
		{130, 130, 0},
		{129, 130, 1},
		{0, 1, 1},
		{0, 0, 0},
		{100, models.MaxTokens, 1},
	} {
		t.Run(fmt.Sprintf("%d of %d", test.available, test.threshold), func(t *testing.T) {
			w, owner := newTopUpWorld(t)
			w.give(test.available)
			w.setTopUp(owner, func(i *AutoTopUpInput) { i.Threshold = &test.threshold })
			w.lookAround()
			if bought := w.automaticOnes()[models.PurchasePending]; bought != test.buys {
				t.Errorf("it began %d purchases, want %d", bought, test.buys)
			}
		})
	}
}

func TestAnAutomaticPurchaseFreezesWhatItBuysAndWithWhat(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.exec(`UPDATE token_packages SET expires_after_days = 90 WHERE id = $1`, starter)
	w.setTopUp(owner, nil)
	w.lookAround()
	claimed, err := w.claimPurchases(w.ctx())
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	p := claimed[0]
	if p.BuyerID != owner || p.PackageID != starter || p.PackageName != "Starter" || p.Tokens != 650 ||
		p.PriceMinor != 900 || p.Currency != "EUR" || *p.ExpiresAfterDays != 90 || p.Provider != payment.InvoiceName ||
		p.Live || !p.Automatic || *p.Customer != payment.InvoiceName || *p.Method != payment.InvoiceName ||
		p.Status != models.PurchasePending || p.SaveMethod {
		t.Errorf("purchase: %+v", p)
	}
	if again, err := w.claimPurchases(w.ctx()); err != nil || len(again) != 0 {
		t.Errorf("claimed again at once: %d, %v", len(again), err)
	}
}

func TestItBuysNothingWhereItMustNot(t *testing.T) {
	for name, prepare := range map[string]func(w *world, owner models.UserID){
		"switched off":   func(w *world, _ models.UserID) { w.exec(`UPDATE auto_top_ups SET enabled = false`) },
		"unlimited":      func(w *world, _ models.UserID) { w.exec(`UPDATE balances SET unlimited = true`) },
		"one is pending": func(w *world, o models.UserID) { w.boughtAt(o, time.Now().Add(-time.Hour), models.PurchasePending) },
		"one a minute":   func(w *world, o models.UserID) { w.boughtAt(o, time.Now().Add(-50*time.Second), models.PurchasePaid) },
		"paused": func(w *world, _ models.UserID) {
			w.exec(`UPDATE auto_top_ups SET paused_reason = 'DECLINED', paused_at = now()`)
		},
		"just enough": func(w *world, _ models.UserID) { w.give(130) },
		"settled dispute": func(w *world, o models.UserID) {
			w.give(130)
			w.boughtAt(o, time.Now().Add(-time.Hour), models.PurchaseDisputed)
		},
		"no saved method": func(w *world, _ models.UserID) { w.provider = payment.NewInvoice(false) },
		"resting": func(w *world, _ models.UserID) {
			w.exec(`UPDATE auto_top_ups SET rests_until = now() + interval '1 hour'`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, owner := newTopUpWorld(t)
			w.setTopUp(owner, nil)
			prepare(w, owner)
			before := w.automaticOnes()[models.PurchasePending]
			w.lookAround()
			if _, err := w.ledger.Update(w.ctx(), ledger.Change{
				Team: w.team, Members: []models.UserID{owner},
				Lookups: []ledger.Want{
					w.rows.topUps.Want(w.team), w.rows.topUpPackages.Want(w.team), w.rows.recent.Want(w.team),
					w.rows.savedMethods.Want(w.team),
				},
				Decide: func(tx *ledger.Tx) error { // whatever the search for candidates says
					plan, _ := w.planOf(tx)
					_, err := w.decideTopUp(tx, plan)
					return err
				},
			}); err != nil {
				t.Fatal(err)
			}
			if after := w.automaticOnes()[models.PurchasePending]; after != before {
				t.Errorf("it began %d purchases", after-before)
			}
			if w.warnedOfPauses() != 0 {
				t.Errorf("warned: %v", w.warned())
			}
		})
	}
}

func TestItPausesWithOneWarningUntilItIsSetAgain(t *testing.T) {
	for reason, prepare := range map[models.TopUpPause]func(w *world, owner models.UserID){
		models.PausedPackageInactive: func(w *world, _ models.UserID) { w.exec(`UPDATE token_packages SET active = false`) },
		models.PausedNoBuyer: func(w *world, o models.UserID) {
			w.exec(`UPDATE memberships SET role = 'MEMBER' WHERE user_id = $1`, o)
		},
		models.PausedDeclined: func(w *world, o models.UserID) { w.boughtAt(o, time.Now(), models.PurchaseFailed) },
		models.PausedRefused: func(w *world, o models.UserID) {
			w.exec(`UPDATE purchases SET failure = 'provider_refused' WHERE id = $1`, w.boughtAt(o, time.Now(), models.PurchaseFailed))
		},
	} {
		t.Run(string(reason), func(t *testing.T) {
			w, owner := newTopUpWorld(t)
			w.setTopUp(owner, nil)
			prepare(w, owner)
			for range 3 {
				w.lookAround()
			}
			w.pausedFor(reason)
			if counts := w.automaticOnes(); counts[models.PurchasePending] != 0 {
				t.Errorf("purchases: %v", counts)
			}
			w.exec(`UPDATE token_packages SET active = true`)
			w.exec(`UPDATE memberships SET role = 'OWNER'`)
			w.exec(`UPDATE purchases SET created_at = created_at - interval '1 hour'`)
			w.lookAround()
			w.pausedFor(reason)
			w.setTopUp(owner, nil)
			w.lookAround()
			if counts := w.automaticOnes(); counts[models.PurchasePending] != 1 || w.shown().Pause != nil {
				t.Errorf("set again: %v, paused for %v", counts, deref(w.shown().Pause))
			}
		})
	}
}

func TestMoneyThatWentBackPausesEvenWithTokensLeft(t *testing.T) {
	for _, status := range []models.PurchaseStatus{models.PurchaseDisputed, models.PurchaseRefunded, models.PurchasePartiallyRefunded} {
		for _, automatic := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, automatic %t", status, automatic), func(t *testing.T) {
				t.Parallel()
				w, owner := newTopUpWorld(t)
				w.give(1_000)
				id := w.boughtAt(owner, time.Now().AddDate(0, -3, 0), models.PurchasePaid)
				w.exec(`UPDATE purchases SET automatic = $2 WHERE id = $1`, id, automatic)
				w.setTopUp(owner, nil)
				w.lookAround()
				if pause := w.shown().Pause; pause != nil {
					t.Fatalf("paused for %s", *pause)
				}
				w.exec(`UPDATE purchases SET status = $2, updated_at = now() WHERE id = $1`, id, status)
				w.lookAround()
				w.pausedFor(models.PausedMoneyBack)
				w.setTopUp(owner, nil)
				w.lookAround()
				if pause := w.shown().Pause; pause != nil {
					t.Errorf("set again, and nothing new has happened: paused for %s", *pause)
				}
			})
		}
	}
}

func TestAnAutomaticPurchaseIsNotCalledOff(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.setTopUp(owner, nil)
	w.lookAround()
	claimed, err := w.claimPurchases(w.ctx())
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	_, _, err = w.CancelPurchase(w.ctx(), owner, claimed[0].ID)
	if refused, ok := errors.AsType[*StateError](err); !ok || refused.Purchase.Status != models.PurchasePending {
		t.Errorf("called off while it is charged: %v", err)
	}
}

func TestThePackageOfACapKeepsItsCurrency(t *testing.T) {
	w, owner := newTopUpWorld(t)
	package1 := models.TokenPackageID(starter)
	input := PackageInput{ID: &package1, Name: "Starter", Tokens: 700, PriceMinor: 1_000, Currency: "USD", Active: true}
	w.setTopUp(owner, nil)
	_, err := w.SetPackage(w.ctx(), input)
	if faults, ok := errors.AsType[models.FieldErrors](err); !ok || faults.Error() != "bad input: currency: WRONG_STATE" {
		t.Errorf("another currency: %v", err)
	}
	input.Currency = "eur"
	if stored, err := w.SetPackage(w.ctx(), input); err != nil || stored.PriceMinor != 1_000 {
		t.Errorf("another price: %+v, %v", stored, err)
	}
	w.exec(`DELETE FROM auto_top_ups`)
	input.Currency = "USD"
	if stored, err := w.SetPackage(w.ctx(), input); err != nil || stored.Currency != "USD" {
		t.Errorf("another currency where no cap is in the old one: %+v, %v", stored, err)
	}
}

func TestTheCapIsThatOfTheTeamsCalendarMonth(t *testing.T) {
	w, owner := newTopUpWorld(t)
	begins := w.monthBeganAWhileAgo()
	w.boughtAt(owner, begins.Add(-time.Microsecond), models.PurchasePaid)
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.MonthlyCapMinor, i.Threshold = new(int64(1_799)), new(models.MaxTokens) })
	if shown := w.shown(); shown.SpentThisMonthMinor != 0 || shown.Pause != nil {
		t.Errorf("with a purchase of last month: %+v", shown)
	}
	w.boughtAt(owner, begins.Add(time.Second), models.PurchaseFailed)
	w.boughtAt(owner, begins.Add(time.Minute), models.PurchaseRefunded)
	w.boughtAt(owner, begins, models.PurchaseCancelled)
	shown := w.shown()
	if shown.SpentThisMonthMinor != 900 || shown.Pause == nil || *shown.Pause != models.PausedMonthlyCap {
		t.Errorf("with one of this month, refunded: %+v", shown)
	}
	w.lookAround()
	if counts := w.automaticOnes(); counts[models.PurchasePending] != 0 {
		t.Errorf("beyond the cap: %v", counts)
	}
	setting := w.shown().AutoTopUp
	if setting.RestsUntil == nil || setting.PausedReason != nil || w.warnedOfPauses() != 0 {
		t.Errorf("it rests, and is not paused: %+v, %v", setting, w.warned())
	}
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.MonthlyCapMinor = new(int64(1_800)) })
	w.lookAround()
	if counts := w.automaticOnes(); counts[models.PurchasePending] != 1 || w.shown().SpentThisMonthMinor != 1_800 {
		t.Errorf("with a cap of two packages: %v, %d spent", counts, w.shown().SpentThisMonthMinor)
	}
}

// monthBeganAWhileAgo gives the team a time zone whose month did not begin within the last hour, and returns when it did.
func (w *world) monthBeganAWhileAgo() time.Time {
	w.t.Helper()
	for _, zone := range []string{"Pacific/Kiritimati", "Pacific/Pago_Pago"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			w.t.Fatal(err)
		}
		day := models.DayAt(time.Now(), location)
		begins, _, err := monthOf(models.Balance{TimeZone: zone, Day: day})
		if err != nil {
			w.t.Fatal(err)
		}
		if time.Since(begins) > time.Hour {
			w.exec(`UPDATE balances SET time_zone = $1, day = $2 WHERE team_id = $3`, zone, day.Midnight(), w.team)
			return begins
		}
	}
	w.t.Fatal("the month has just begun in two time zones that are 25 h apart")
	return time.Time{}
}

func TestRestEndsWithTheMonthOrAnHour(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.setTopUp(owner, nil)
	for _, test := range []struct{ left, rests time.Duration }{{3 * time.Hour, time.Hour}, {time.Minute, time.Minute}} {
		var now time.Time
		_, err := w.ledger.Update(w.ctx(), ledger.Change{
			Team: w.team, Lookups: []ledger.Want{w.rows.topUps.Want(w.team)},
			Decide: func(tx *ledger.Tx) error {
				now = tx.Now()
				setting, _ := w.rows.topUps.Get(tx, w.team)
				w.restTopUp(tx, topUpPlan{setting: setting}, now.Add(test.left))
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if rests := w.shown().RestsUntil.Sub(now); rests != test.rests {
			t.Errorf("with %s left it rests %s, want %s", test.left, rests, test.rests)
		}
	}
}

// processes are further ones on the same database.
func (w *world) processes(count int) []*Funding {
	all := []*Funding{w.Funding}
	for range count - 1 {
		l := ledger.New(w.db.Gorm, w.db.Pool, silence{}, ledger.Options{Cheapest: 10})
		w.t.Cleanup(l.Close)
		all = append(all, New(Options{DB: w.db.Gorm, Pool: w.db.Pool, Ledger: l, Provider: w.provider, Now: time.Now}))
	}
	return all
}

func TestOneFallIsOnePurchaseHoweverManyProcessesSeeIt(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.setTopUp(owner, nil)
	processes := w.processes(3)
	errs := make([]error, 30)
	var running sync.WaitGroup
	for i := range errs {
		running.Go(func() { _, errs[i] = processes[i%len(processes)].topUpTeams(w.ctx()) })
	}
	running.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		t.Error(errs[i])
	}
	if counts := w.automaticOnes(); counts[models.PurchasePending] != 1 || len(counts) != 1 {
		t.Errorf("purchases: %v", counts)
	}
}
