package ledger

import (
	"errors"
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
	firstSeed      = 1
)

// oddZones have days without midnight, with two, and of other lengths.
var oddZones = []string{
	"UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Atlantic/Azores", "Asia/Beirut", "America/Asuncion",
	"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "America/Scoresbysund",
}

// oddTimes are when something odd happens in one of them; histories begin a few days before.
var oddTimes = []time.Time{
	time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 4, 22, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 4, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC),
}

// historyDays is how long a history may last.
const historyDays = 40

// calendars of the odd zones around the odd times.
func calendars(t testing.TB) map[string][]*calendar {
	t.Helper()
	all := map[string][]*calendar{}
	for _, name := range oddZones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range oddTimes {
			all[name] = append(all[name], newCalendar(zone, at.AddDate(0, 0, -2), at.AddDate(0, 0, historyDays+2)))
		}
	}
	return all
}

// chance decides what happens next: n things are possible.
type chance interface{ IntN(n int) int }

// drawn is chance that rapid can shrink.
type drawn struct{ t *rapid.T }

func (d drawn) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

// trial is an account and its model, to which the same things happen.
type trial struct {
	chance  chance
	account *Account
	auditor *auditor
	model   *model
	until   time.Time
	made    int // grants and reservations
	open    []*modelReservation
}

var people = []models.UserID{"ann", "bob", "eve"}

func newTrial(chance chance, all map[string][]*calendar) *trial {
	name := oddZones[chance.IntN(len(oddZones))]
	which := chance.IntN(len(oddTimes))
	calendar := all[name][which]
	begin := oddTimes[which].Add(time.Duration(chance.IntN(48*60)) * time.Minute)
	limits := []models.Limit{models.NoLimit(), models.LimitOf(650), models.LimitOf(100)}
	limit := limits[chance.IntN(len(limits))]
	tr := &trial{chance: chance, auditor: newAuditor(), until: oddTimes[which].AddDate(0, 0, historyDays)}
	tr.model = &model{
		calendar: calendar, now: begin, defaultLimit: limit, threshold: 130, members: map[models.UserID]models.Limit{},
	}
	tr.account = NewAccount(models.BalanceRow{
		TeamID: "team", TimeZone: name, Day: calendar.dayAt(begin), LastEntryAt: begin, LowBalanceThreshold: 130,
	}, limit, calendar.zone)
	for _, who := range people {
		tr.account.AddMember(who, Member{Role: models.RoleMember})
	}
	return tr
}

// step lets one change happen to both and returns what differs; empty: nothing.
func (tr *trial) step() string {
	before, lines := tr.account.balance, len(tr.account.posted.entries)
	var fault string
	if n := tr.chance.IntN(100); n < 12 {
		tr.wait()
	} else {
		tr.advance(tr.model.now)
		switch {
		case n < 24:
			tr.issue()
		case n < 52:
			fault = tr.reserve()
		case n < 90:
			fault = tr.settle()
		default:
			tr.decree()
		}
	}
	if fault == "" {
		fault = versionFault(before, tr.account.balance, len(tr.account.posted.entries) > lines)
	}
	if fault == "" {
		fault = tr.differs()
	}
	return fault
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

// wait lets time pass: moments, hours, days, up to the end of the day or of a grant, or backwards.
func (tr *trial) wait() {
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
	if now.Before(tr.until) {
		tr.advance(now)
	}
}

func (tr *trial) advance(now time.Time) {
	tr.account.AdvanceTo(now)
	tr.model.advance(now)
}

func (tr *trial) issue() {
	tokens := 1 + tr.chance.IntN(150)
	var expires *time.Time
	if tr.chance.IntN(3) > 0 {
		at := tr.model.now.Add(time.Duration(tr.chance.IntN(96)) * time.Hour / 2)
		expires = &at
	}
	source := models.SourceGift
	if tr.chance.IntN(2) == 0 {
		source = models.SourcePurchase
	}
	tr.made++
	id := models.GrantID(fmt.Sprintf("g%05d", tr.made))
	tr.account.Issue(models.Grant{ID: id, Source: source, Tokens: models.Tokens(tokens), ExpiresAt: expires}, nil)
	tr.model.issue(id, tokens, source.Bought(), expires)
}

func (tr *trial) reserve() string {
	actor := people[tr.chance.IntN(len(people))]
	requests := make([]ReserveRequest, 1+tr.chance.IntN(3)/2*tr.chance.IntN(4))
	for i := range requests {
		tr.made++
		operations := models.Operations()
		id := models.GenerationID(fmt.Sprintf("r%05d", tr.made))
		requests[i] = request(id, operations[tr.chance.IntN(len(operations))])
	}
	version, lines := tr.account.balance.Version, len(tr.account.posted.entries)
	err := tr.account.Reserve(actor, requests...)
	blocks := tr.model.reserve(actor, requests)
	if fault := sameRefusal(err, blocks); fault != "" {
		return fault
	}
	if err == nil {
		tr.open = append(tr.open, tr.model.reservations[len(tr.model.reservations)-len(requests):]...)
	} else if version != tr.account.balance.Version || lines != len(tr.account.posted.entries) {
		return "a refusal has changed something"
	}
	return ""
}

func sameRefusal(err error, blocks []block) string {
	var refusal *models.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err.Error()
	}
	if err == nil {
		refusal = &models.Refusal{}
	}
	if len(refusal.Blockers) != len(blocks) {
		return fmt.Sprintf("refused with %v, the model with %v", refusal.Blockers, blocks)
	}
	for i, b := range refusal.Blockers {
		left := b.RemainingToday
		switch b.Code {
		case models.BlockerInDebt:
			left = b.Debt
		case models.BlockerInsufficientTokens:
			left = b.Available
		}
		if b.Code != blocks[i].code || int(left) != blocks[i].left || b.MemberID != blocks[i].member {
			return fmt.Sprintf("refused with %v, the model with %v", refusal.Blockers, blocks)
		}
	}
	return ""
}

// settle captures or releases some part: mostly of an open reservation, sometimes twice, sometimes of none.
func (tr *trial) settle() string {
	id, parts := models.GenerationID("none"), models.OperationGenerateAll.Parts()
	part := parts[tr.chance.IntN(len(parts))]
	if len(tr.open) > 0 && tr.chance.IntN(40) > 0 {
		at := tr.chance.IntN(len(tr.open))
		r := tr.open[at]
		id = r.id
		if tr.chance.IntN(20) > 0 {
			part = r.parts[tr.chance.IntN(len(r.parts))].part
		}
		if tr.chance.IntN(3*len(r.parts)) == 0 { // settled or not, nobody asks for it any more
			tr.open[at] = tr.open[len(tr.open)-1]
			tr.open = tr.open[:len(tr.open)-1]
		}
	}
	how, state := tr.account.Capture, models.PartCaptured
	if tr.chance.IntN(2) == 0 {
		how, state = tr.account.Release, models.PartReleased
	}
	lines := len(tr.account.posted.entries)
	err, expected := how(id, part), tr.model.settle(id, part, state)
	if !errors.Is(err, expected) {
		return fmt.Sprintf("%s of %s %s: %v, the model says %v", state, part, id, err, expected)
	}
	if err != nil && lines != len(tr.account.posted.entries) {
		return "a refused settlement has posted a line"
	}
	return ""
}

// decree changes what is allowed, or makes debt where nothing is available.
func (tr *trial) decree() {
	limit := models.NoLimit()
	if tr.chance.IntN(3) > 0 {
		limit = models.LimitOf(models.Tokens(tr.chance.IntN(400)))
	}
	switch tr.chance.IntN(6) {
	case 0:
		tr.model.unlimited = !tr.model.unlimited && tr.chance.IntN(2) == 0
		tr.account.SetPlatformLimits(tr.model.unlimited, tr.model.custom != nil, deref(tr.model.custom))
	case 1:
		tr.model.custom = nil
		if tr.chance.IntN(2) == 0 {
			tr.model.custom = &limit
		}
		tr.account.SetPlatformLimits(tr.model.unlimited, tr.model.custom != nil, deref(tr.model.custom))
	case 2:
		tr.model.own = limit
		tr.account.touchBalance()
		tr.account.balance.OwnDailyLimit = limit.Column()
	case 3:
		who := people[tr.chance.IntN(len(people))]
		tr.model.members[who] = limit
		used := tr.account.Member(who).Used
		tr.account.AddMember(who, Member{Role: models.RoleMember, Limit: limit, Used: used})
	case 4:
		if owed := 1 + tr.chance.IntN(60); tr.model.available() == 0 {
			tr.model.debt += owed
			tr.account.post(models.LedgerEntry{Kind: "DEBT", Debt: models.Tokens(owed), Day: tr.account.Day()})
		}
	default:
		tr.model.threshold = tr.chance.IntN(200)
		tr.account.touchBalance()
		tr.account.balance.LowBalanceThreshold = models.Tokens(tr.model.threshold)
	}
}

func deref(limit *models.Limit) models.Limit {
	if limit == nil {
		return models.NoLimit()
	}
	return *limit
}

// differs compares everything that can be seen of the account with the model, and checks the invariants.
func (tr *trial) differs() string {
	a, m := tr.account, tr.model
	balance := a.Balance(cheapest)
	day := m.day()
	for _, figure := range []struct {
		name      string
		got, want int
	}{
		{"available", int(a.balance.Available), m.available()},
		{"reserved", int(balance.Reserved), m.reserved()},
		{"debt", int(balance.Debt), m.debt},
		{"used today", int(balance.ConsumedToday), m.used(day, "")},
		{"grants", len(a.grants), len(m.grants)},
	} {
		if figure.got != figure.want {
			return fmt.Sprintf("%s: %d, the model has %d", figure.name, figure.got, figure.want)
		}
	}
	if balance.Day != day || !balance.ResetsAt.Equal(m.calendar.endOf(m.now)) {
		return fmt.Sprintf("the day is %s until %s, the model has %s at %s", balance.Day, balance.ResetsAt, day, m.now)
	}
	if balance.Status != m.status() {
		return fmt.Sprintf("%s (%s), the model is %s", balance.Status, balance.Reason, m.status())
	}
	for _, who := range people {
		if used := a.Member(who).Used; int(used) != m.used(day, who) {
			return fmt.Sprintf("%s used %d, in the model %d", who, used, m.used(day, who))
		}
	}
	for _, g := range m.grants {
		got := a.grants[g.id]
		if int(got.Remaining) != g.free || int(got.Held) != g.held || int(got.Consumed) != g.consumed ||
			int(got.Expired) != g.expired || int(got.PaidDebt) != g.paidFor {
			return fmt.Sprintf("%+v, the model has %+v", *got, *g)
		}
	}
	return tr.auditor.breach(a)
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
				tr := newTrial(rand.New(rand.NewPCG(seed, seed)), all)
				for n := range stepsOfHistory {
					if fault := tr.step(); fault != "" {
						t.Errorf("seed %d, step %d, %s: %s", seed, n, tr.model.now, fault)
						return
					}
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
		tr := newTrial(drawn{t}, all)
		for range rapid.IntRange(1, stepsOfHistory).Draw(t, "steps") {
			if fault := tr.step(); fault != "" {
				t.Fatal(fault)
			}
		}
	})
}
