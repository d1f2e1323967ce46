package ledger

import (
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/postgres/pgtest"
)

// onTwoProcesses is a platform with two ledgers, each with a pool of its own.
func onTwoProcesses(t testing.TB, url string) (*platform, [2]*Ledger) {
	t.Helper()
	p := platformOn(t, openDatabase(t, url))
	return p, [2]*Ledger{p.ledger, p.newLedger(openDatabase(t, url))}
}

// warnedOf counts the team's warnings by kind.
func (tm *team) warnedOf() map[models.LimitWarningKind]int {
	tm.t.Helper()
	var warnings []models.LimitWarning
	if err := tm.db.Gorm.Find(&warnings, "team_id = ?", tm.id).Error; err != nil {
		tm.t.Fatal(err)
	}
	kinds := map[models.LimitWarningKind]int{}
	for _, w := range warnings {
		kinds[w.Kind]++
	}
	return kinds
}

// zoneFarFromMidnight is a time zone in which the day lasts for hours yet: another day would warn again.
func zoneFarFromMidnight(now time.Time) string {
	if hour := now.UTC().Hour(); 6 <= hour && hour < 18 {
		return "UTC"
	}
	return "Etc/GMT+12"
}

func TestAHundredSpendersWhoCrossLinesTogetherRaiseOneWarningOfEach(t *testing.T) {
	const spenders, rounds = 100, 10
	p, ledgers := onTwoProcesses(t, pgtest.NewURL(t))
	tm := p.team(zoneFarFromMidnight(time.Now()))
	p.exec(`UPDATE memberships SET daily_limit = $2 WHERE user_id = $1`, tm.owner, spenders*10)
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.Issue(gift(spenders*10+5, nil), nil)
		tx.SetOwnLimit(models.LimitOf(spenders * 10))
		tx.SetPlatformLimits(false, true, models.NoLimit())
		return nil
	}})
	for round := 1; round <= rounds; round++ {
		ids := make([]models.GenerationID, spenders)
		atOnce(spenders, func(i int) {
			ids[i] = models.NewGenerationID(time.Now())
			_, err := ledgers[i%2].Update(t.Context(), Change{Team: tm.id, Actor: tm.owner, Decide: func(tx *Tx) error {
				return tx.Reserve(tm.owner, request(ids[i], models.OperationSearchImages))
			}})
			if err != nil {
				t.Error(err)
			}
		})
		kinds := tm.warnedOf()
		for _, kind := range []models.LimitWarningKind{
			models.WarningDailyLimitNear, models.WarningDailyLimitReached, models.WarningBalanceLow, models.WarningBalanceEmpty,
			models.WarningMemberLimitNear, models.WarningMemberLimitReached,
		} {
			want(t, string(kind), kinds[kind], round)
		}
		want(t, "kinds", len(kinds), 6)
		atOnce(spenders, func(i int) {
			_, err := ledgers[i%2].Update(t.Context(), Change{
				Team: tm.id, Actor: tm.owner, Reservations: []models.GenerationID{ids[i]},
				Decide: func(tx *Tx) error { return tx.Release(ids[i], models.PartImages) },
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	p.checkTokens()
}

func TestWhatTimeAloneCrossesIsWarnedOfOnceHoweverManyPostIt(t *testing.T) {
	now := time.Date(2026, time.March, 10, 12, 0, 0, 0, time.UTC)
	url, set := clockedDatabase(t, "timestamptz", "value", now)
	p, ledgers := onTwoProcesses(t, url)
	tm := p.team("UTC")
	tm.must(Change{Decide: func(tx *Tx) error {
		expiry := now.AddDate(0, 0, 8)
		tx.Issue(gift(500, &expiry), nil)
		return nil
	}})
	for _, moment := range []struct {
		at    time.Time
		kinds map[models.LimitWarningKind]int
	}{
		{now.AddDate(0, 0, 1).Add(-time.Second), nil},
		{now.AddDate(0, 0, 1), map[models.LimitWarningKind]int{models.WarningGrantExpiring: 1}},
		{now.AddDate(0, 0, 3), map[models.LimitWarningKind]int{models.WarningGrantExpiring: 1}},
		{now.AddDate(0, 0, 8), map[models.LimitWarningKind]int{
			models.WarningGrantExpiring: 1, models.WarningBalanceLow: 1, models.WarningBalanceEmpty: 1,
		}},
		{now.AddDate(0, 0, 9), map[models.LimitWarningKind]int{
			models.WarningGrantExpiring: 1, models.WarningBalanceLow: 1, models.WarningBalanceEmpty: 1,
		}},
	} {
		set(moment.at)
		atOnce(32, func(i int) {
			if err := ledgers[i%2].PostTime(t.Context(), tm.id); err != nil {
				t.Error(err)
			}
		})
		kinds := tm.warnedOf()
		want(t, "kinds at "+moment.at.String(), len(kinds), len(moment.kinds))
		for kind, count := range moment.kinds {
			want(t, string(kind)+" at "+moment.at.String(), kinds[kind], count)
		}
	}
	var rule models.AlertRule
	if err := p.db.Gorm.Take(&rule, "team_id = ? AND metric = ?", tm.id, models.MetricGrantExpiresWithinDays).Error; err != nil {
		t.Fatal(err)
	}
	want(t, "grants that the rule remembers", len(rule.WarnedOf), 0)
	p.checkTokens()
}

func TestARuleMayBeDeletedAndSetAgainInOneChange(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	rule := *rulesOf(tm)[0]
	rule.Threshold = 50
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.deleteRule(rule.ID)
		tx.setRule(rule)
		return nil
	}})
	want(t, "rules", len(rulesOf(tm)), 3)
	want(t, "threshold", rulesOf(tm)[0].Threshold, 50)
	fresh := models.AlertRule{ID: models.NewAlertRuleID(time.Now()), Metric: models.MetricAvailableTokensBelow, Threshold: 70}
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.deleteRule(rule.ID)
		tx.setRule(rule)
		tx.deleteRule(rule.ID)
		tx.setRule(fresh)
		tx.deleteRule(fresh.ID)
		return nil
	}})
	want(t, "rules", len(rulesOf(tm)), 2)
}

func TestAGrantThatIsHeldAsAWholeIsRemembered(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	soon := time.Now().AddDate(0, 0, 2)
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.Issue(gift(10, &soon), nil)
		return nil
	}})
	id := tm.mustReserve(models.OperationSearchImages)
	later := soon.AddDate(0, 0, 1)
	tm.must(Change{Decide: func(tx *Tx) error { // which loads no grant but its own
		tx.Issue(gift(10, &later), nil)
		return nil
	}})
	want(t, "warnings of two grants", tm.warnedOf()[models.WarningGrantExpiring], 2)
	if _, err := tm.release(id, models.PartImages); err != nil {
		t.Fatal(err)
	}
	want(t, "warnings once it is back", tm.warnedOf()[models.WarningGrantExpiring], 2)
	tm.checkTokens()
}
