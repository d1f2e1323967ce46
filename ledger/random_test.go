package ledger

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"productgenerator/models"
)

const (
	stepsOfHistory = 200
	stepsOfAudit   = 4 // an audit adds everything up again; what it finds is still there a few steps later
	firstSeed      = 1
)

// pureTrial holds an account in memory against the model.
type pureTrial struct {
	*trial
	account *Account
	auditor *auditor
	until   time.Time
	steps   int
}

func newPureTrial(chance chance, all map[string][]*calendar) *pureTrial {
	name, which := oddZones[chance.IntN(len(oddZones))], chance.IntN(len(oddTimes))
	zones := func(name string) *calendar { return all[name][which] }
	begin := oddTimes[which].Add(time.Duration(chance.IntN(48*60)) * time.Minute)
	tr := newTrial(chance, name, zones, begin, []models.UserID{"ann", "bob", "eve"})
	account := newAccount(models.BalanceRow{
		TeamID: "team", TimeZone: name, Day: tr.model.day(), LastEntryAt: begin, LowBalanceThreshold: 130,
	}, Platform{DailyLimit: tr.model.defaultLimit, Cheapest: cheapest}, models.Calendar{Zone: tr.model.calendar.zone})
	for _, who := range tr.people {
		account.AddMember(who, Member{Role: models.RoleMember})
	}
	account.open()
	tr.model.open(account.Rules())
	return &pureTrial{trial: tr, account: account, auditor: newAuditor(), until: oddTimes[which].AddDate(0, 0, historyDays)}
}

// step lets time pass and one change happen to both, and returns what differs; empty: nothing.
func (tr *pureTrial) step() string {
	now, c := tr.next()
	fault := tr.watched(func() error {
		tr.account.advanceTo(now)
		return nil
	}, func(err error) string {
		tr.model.advance(now)
		return unexpected(err)
	})
	if fault != "" {
		return "by time: " + fault
	}
	fault = tr.watched(func() error {
		tr.account.advanceTo(now)
		return c.apply(tr.account)
	}, c.expect)
	if fault != "" {
		return fault
	}
	return tr.differs()
}

// watched lets something happen to both, and compares what was warned of.
func (tr *pureTrial) watched(happen func() error, expect func(error) string) string {
	a, m := tr.account, tr.model
	before, lines, warnings, expected := a.balance, len(a.posted.entries), len(a.posted.warnings), len(m.raised)
	err := happen()
	if err == nil {
		a.Warn()
	}
	if fault := expect(err); fault != "" {
		return fault
	}
	m.warn()
	if fault := warningsFault(a.posted.warnings[warnings:], m.raised[expected:]); fault != "" {
		return fault
	}
	return versionFault(before, a.balance, len(a.posted.entries)+len(a.posted.warnings) > lines+warnings)
}

// next draws when something happens, and what.
func (tr *pureTrial) next() (time.Time, command) {
	switch n := tr.chance.IntN(100); {
	case n < 14:
		return tr.later(), command{apply: func(*Account) error { return nil }, expect: unexpected}
	case n < 26:
		return tr.model.now, tr.issue()
	case n < 52:
		return tr.model.now, tr.reserve()
	case n < 86:
		return tr.model.now, tr.settle()
	case n < 91 && !tr.kept:
		return tr.model.now, tr.takeBack()
	default:
		return tr.model.now, tr.decree()
	}
}

// later is some moments, hours or days on, the end of the day or of a grant, or backwards.
func (tr *pureTrial) later() time.Time {
	now := tr.model.now
	switch tr.chance.IntN(8) {
	case 0:
		now = now.Add(time.Duration(tr.chance.IntN(72*60)) * time.Minute)
	case 1:
		now = tr.model.calendar.endOf(now)
	case 2:
		now = tr.model.calendar.endOf(now).Add(-time.Nanosecond)
	case 3:
		if next := tr.model.next(); next != nil && next.expires != nil {
			now = *next.expires
		}
	case 4:
		now = now.Add(-time.Hour)
	default:
		now = now.Add(time.Duration(tr.chance.IntN(120)) * time.Minute)
	}
	if now.After(tr.until) {
		return tr.model.now
	}
	return now
}

// versionFault checks that a change raises the version by one, and that only a change does.
func versionFault(before, after models.BalanceRow, posted bool) string {
	rose := after.Version - before.Version
	before.Version = after.Version
	changed := posted || before != after
	if rose < 0 || rose > 1 || changed && rose == 0 {
		return fmt.Sprintf("the version rose by %d; changed: %t", rose, changed)
	}
	return ""
}

// differs compares everything that can be seen of the account with the model, and often checks the invariants.
func (tr *pureTrial) differs() string {
	a, m := tr.account, tr.model
	if fault := tr.balanceFault(a.Balance()); fault != "" {
		return fault
	}
	if fault := m.rulesFault(a.Rules()); fault != "" {
		return fault
	}
	for _, who := range tr.people {
		if used := a.Member(who).Used; int(used) != m.used(m.day(), who) {
			return fmt.Sprintf("%s used %d, in the model %d", who, used, m.used(m.day(), who))
		}
	}
	for _, g := range m.grants {
		if fault := g.fault(*a.grants[g.id]); fault != "" {
			return fault
		}
	}
	if tr.steps++; tr.steps%stepsOfAudit == 0 {
		return tr.auditor.breach(a)
	}
	return ""
}

// reports compares what the reports are told with the model, and checks the invariants a last time.
func (tr *pureTrial) reports() string {
	if fault := tr.auditor.breach(tr.account); fault != "" {
		return fault
	}
	return tr.model.consumptionFault(tr.account.consumption(), tr.account.productConsumption())
}

func TestAnyRandomHistoryEqualsTheModel(t *testing.T) {
	all := calendars(t)
	var seeds, steps atomic.Int64
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for !t.Failed() {
				history := seeds.Add(1)
				if history > randomHistories {
					return
				}
				seed := uint64(firstSeed + history)
				tr := newPureTrial(rand.New(rand.NewPCG(seed, seed)), all)
				for n := range stepsOfHistory {
					if fault := tr.step(); fault != "" {
						t.Errorf("seed %d, step %d, %s: %s", seed, n, tr.model.now, fault)
						return
					}
				}
				if fault := tr.reports(); fault != "" {
					t.Errorf("seed %d, in the end: %s", seed, fault)
					return
				}
				steps.Add(stepsOfHistory)
			}
		})
	}
	readers.Wait()
	t.Logf("%d steps", steps.Load())
}

func TestAnyHistoryThatRapidFindsEqualsTheModel(t *testing.T) {
	all := calendars(t)
	rapid.Check(t, func(t *rapid.T) {
		tr := newPureTrial(drawn{t}, all)
		for range rapid.IntRange(1, stepsOfHistory).Draw(t, "steps") {
			if fault := tr.step(); fault != "" {
				t.Fatal(fault)
			}
		}
		if fault := tr.reports(); fault != "" {
			t.Fatal(fault)
		}
	})
}
