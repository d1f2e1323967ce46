package funding

import (
	"errors"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

// The packages that a new platform sells.
const (
	starter models.TokenPackageID = "package_00000000000000000000000001" // 650 tokens for 9.00 EUR
	studio  models.TokenPackageID = "package_00000000000000000000000003" // 13,000 tokens for 129.00 EUR
)

// newTopUpWorld is a world whose team has an OWNER.
func newTopUpWorld(t *testing.T) (*world, models.UserID) {
	t.Helper()
	w := newWorld(t)
	owner := w.member("owner", models.RoleOwner)
	return w, owner
}

// member adds a person to the team.
func (w *world) member(name string, role models.TeamRole) models.UserID {
	w.t.Helper()
	now := time.Now()
	id := models.NewUserID(now)
	w.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, '-', now())`,
		id, name+"@example.com", name)
	w.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4, now())`,
		models.NewMembershipID(now), w.team, id, role)
	return id
}

// setTopUp sets auto top-up as the OWNER does who must succeed.
func (w *world) setTopUp(owner models.UserID, change func(*AutoTopUpInput)) models.AutoTopUp {
	w.t.Helper()
	input := AutoTopUpInput{Team: w.team, Enabled: true, Package: new(starter)}
	if change != nil {
		change(&input)
	}
	set, err := w.SetAutoTopUp(w.ctx(), owner, input)
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}

// shown is the team's auto top-up as it is read.
func (w *world) shown() TopUp {
	w.t.Helper()
	found, err := w.AutoTopUps(w.ctx(), []models.TeamID{w.team})
	if err != nil {
		w.t.Fatal(err)
	}
	topUp, ok := found[w.team]
	if !ok {
		w.t.Fatal("auto top-up was never set")
	}
	return topUp
}

func TestAutoTopUpBeginsWithTheTeamsThresholdAndThreePackagesAMonth(t *testing.T) {
	w, owner := newTopUpWorld(t)
	if found, err := w.AutoTopUps(w.ctx(), []models.TeamID{w.team}); err != nil || len(found) != 0 {
		t.Fatalf("before: %v, %v", found, err)
	}
	w.exec(`UPDATE balances SET low_balance_threshold = 200 WHERE team_id = $1`, w.team)
	set := w.setTopUp(owner, nil)
	if !set.Enabled || *set.PackageID != starter || set.Threshold != 200 || set.MonthlyCapMinor != 2_700 ||
		set.SetBy != owner || set.PausedReason != nil {
		t.Errorf("set: %+v", set)
	}
	shown := w.shown()
	if shown.Package == nil || shown.Package.Tokens != 650 || shown.SpentThisMonthMinor != 0 || shown.Pause != nil ||
		shown.Threshold != 200 || shown.MonthlyCapMinor != 2_700 {
		t.Errorf("shown: %+v", shown)
	}
}

func TestWhatIsLeftOutOfAutoTopUpStays(t *testing.T) {
	w, owner := newTopUpWorld(t)
	other := w.member("other", models.RoleOwner)
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.Threshold, i.MonthlyCapMinor = new(models.Tokens(0)), new(int64(900)) })
	set := w.setTopUp(other, func(i *AutoTopUpInput) { i.Enabled, i.Package = false, nil })
	if set.Enabled || *set.PackageID != starter || set.Threshold != 0 || set.MonthlyCapMinor != 900 || set.SetBy != other {
		t.Errorf("switched off: %+v", set)
	}
	set = w.setTopUp(owner, func(i *AutoTopUpInput) { i.Package, i.Threshold = nil, new(models.MaxTokens) })
	if !set.Enabled || *set.PackageID != starter || set.Threshold != models.MaxTokens || set.MonthlyCapMinor != 900 {
		t.Errorf("switched on again: %+v", set)
	}
}

func TestAutoTopUpCanBePreparedWithoutAPackage(t *testing.T) {
	w, owner := newTopUpWorld(t)
	set := w.setTopUp(owner, func(i *AutoTopUpInput) { i.Enabled, i.Package = false, nil })
	if set.PackageID != nil || set.MonthlyCapMinor != 0 {
		t.Errorf("prepared: %+v", set)
	}
	if shown := w.shown(); shown.Package != nil || shown.Pause != nil {
		t.Errorf("shown: %+v", shown)
	}
	if set := w.setTopUp(owner, nil); set.MonthlyCapMinor != 2_700 {
		t.Errorf("with a package at last: %+v", set)
	}
}

func TestWhatAutoTopUpCannotBeIsRefused(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.exec(`UPDATE token_packages SET active = false WHERE id = $1`, studio)
	w.exec(`INSERT INTO token_packages (id, name, tokens, price_minor, currency, active, created_at, updated_at)
		VALUES ('package_0000000000000000000000yen0', 'Yen', 650, 1500, 'JPY', true, now(), now())`)
	yen := models.TokenPackageID("package_0000000000000000000000yen0")
	refused := func(change func(*AutoTopUpInput), want string) {
		t.Helper()
		input := AutoTopUpInput{Team: w.team, Enabled: true, Package: new(starter)}
		change(&input)
		_, err := w.SetAutoTopUp(w.ctx(), owner, input)
		faults, ok := errors.AsType[models.FieldErrors](err)
		if !ok || faults.Error() != "bad input: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	refused(func(i *AutoTopUpInput) { i.Package = nil }, "packageId: REQUIRED")
	refused(func(i *AutoTopUpInput) { i.Package = new(models.TokenPackageID("package_x")) }, "packageId: INVALID")
	refused(func(i *AutoTopUpInput) { i.Package = new(studio) }, "packageId: INVALID")
	refused(func(i *AutoTopUpInput) { i.Threshold = new(models.Tokens(-1)) }, "threshold: OUT_OF_RANGE")
	refused(func(i *AutoTopUpInput) { i.Threshold = new(models.MaxTokens + 1) }, "threshold: OUT_OF_RANGE")
	refused(func(i *AutoTopUpInput) { i.MonthlyCapMinor = new(int64(899)) }, "monthlyCapMinor: OUT_OF_RANGE")
	refused(func(i *AutoTopUpInput) { i.MonthlyCapMinor = new(int64(-1)) }, "monthlyCapMinor: OUT_OF_RANGE")
	refused(func(i *AutoTopUpInput) { i.MonthlyCapMinor = new(maxMinor + 1) }, "monthlyCapMinor: OUT_OF_RANGE")

	w.setTopUp(owner, nil)
	refused(func(i *AutoTopUpInput) { i.Package = new(yen) }, "monthlyCapMinor: REQUIRED")
	if shown := w.shown(); *shown.PackageID != starter || shown.Package.ID != starter {
		t.Errorf("after a refusal: %+v", shown)
	}
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.Package, i.MonthlyCapMinor = new(yen), new(int64(1_500)) })

	// A package that became dearer than the cap, or is withdrawn, keeps nobody from switching off.
	w.exec(`UPDATE token_packages SET price_minor = 9999, active = false WHERE id = $1`, yen)
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.Enabled, i.Package = false, nil })
	refused(func(i *AutoTopUpInput) { i.Package = nil }, "packageId: INVALID")

	refused(func(i *AutoTopUpInput) { i.Enabled, i.MonthlyCapMinor = false, new(int64(-1)) }, "monthlyCapMinor: OUT_OF_RANGE")
	// A cap of nothing that somebody has set stays one.
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.Enabled, i.MonthlyCapMinor = false, new(int64(0)) })
	refused(func(i *AutoTopUpInput) { i.Package = nil }, "monthlyCapMinor: OUT_OF_RANGE")
}

func TestOnlyAnOwnerSetsAutoTopUp(t *testing.T) {
	w, _ := newTopUpWorld(t)
	for _, test := range []struct {
		actor models.UserID
		team  models.TeamID
		want  error
	}{
		{w.member("leader", models.RoleAdmin), w.team, models.ErrForbidden},
		{w.member("viewer", models.RoleViewer), w.team, models.ErrForbidden},
		{w.administrator, w.team, models.ErrNotFound},
		{w.member("second", models.RoleOwner), models.NewTeamID(time.Now()), models.ErrNotFound},
	} {
		input := AutoTopUpInput{Team: test.team, Enabled: true, Package: new(starter)}
		if _, err := w.SetAutoTopUp(w.ctx(), test.actor, input); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.actor, err, test.want)
		}
	}
}

func TestInvoicesCannotBePaidWithoutTheBuyer(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.provider = payment.NewInvoice(false)
	_, err := w.SetAutoTopUp(w.ctx(), owner, AutoTopUpInput{Team: w.team, Enabled: true, Package: new(starter)})
	refused, ok := errors.AsType[*PaymentError](err)
	if !ok || refused.Kind != payment.Refused || refused.Provider != payment.InvoiceName {
		t.Errorf("switched on: %v", err)
	}
	w.setTopUp(owner, func(i *AutoTopUpInput) { i.Enabled = false })
}

func TestSettingAutoTopUpAgainLiftsAPause(t *testing.T) {
	w, owner := newTopUpWorld(t)
	w.setTopUp(owner, nil)
	w.exec(`UPDATE auto_top_ups SET paused_reason = 'DECLINED', paused_at = now(), rests_until = now() + interval '1 day'`)
	if pause := w.shown().Pause; pause == nil || *pause != models.PausedDeclined {
		t.Fatalf("paused: %v", pause)
	}
	set := w.setTopUp(owner, func(i *AutoTopUpInput) { i.Package = nil })
	if set.PausedReason != nil || set.PausedAt != nil || set.RestsUntil != nil || w.shown().Pause != nil {
		t.Errorf("set again: %+v", set)
	}
}

func TestAMonthBeginsAndEndsWithTheTeamsCalendar(t *testing.T) {
	for _, test := range []struct {
		zone, day    string
		begins, ends string
	}{
		{"UTC", "2026-12-31", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"Asia/Kolkata", "2026-11-01", "2026-10-31T18:30:00Z", "2026-11-30T18:30:00Z"},
		{"America/Havana", "2026-02-10", "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z"},
	} {
		day, err := models.ParseDate(test.day)
		if err != nil {
			t.Fatal(err)
		}
		begins, ends, err := monthOf(models.Balance{TimeZone: test.zone, Day: day})
		if err != nil {
			t.Fatal(err)
		}
		if got := begins.UTC().Format(time.RFC3339); got != test.begins {
			t.Errorf("%s %s begins at %s, want %s", test.zone, test.day, got, test.begins)
		}
		if got := ends.UTC().Format(time.RFC3339); got != test.ends {
			t.Errorf("%s %s ends at %s, want %s", test.zone, test.day, got, test.ends)
		}
	}
}
