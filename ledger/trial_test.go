package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"productgenerator/models"
)

// oddZones have days without midnight, with two, and of other lengths.
var oddZones = []string{
	"UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Atlantic/Azores", "Asia/Beirut", "America/Asuncion",
	"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "America/Scoresbysund",
	"Pacific/Kiritimati", "Etc/GMT+12",
}

// oddTimes are when something odd happens in one of them; histories begin a few days before.
var oddTimes = []time.Time{
	time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 4, 22, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 4, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC),
}

// historyDays is how long a history may last.
const historyDays = 40

// calendars of the odd zones around the odd times, a week longer than histories last: changes of zone look ahead.
func calendars(t testing.TB) map[string][]*calendar {
	t.Helper()
	all := map[string][]*calendar{}
	for _, name := range oddZones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range oddTimes {
			all[name] = append(all[name], newCalendar(zone, at.AddDate(0, 0, -2), at.AddDate(0, 0, historyDays+7)))
		}
	}
	return all
}

// chance decides what happens next: n things are possible.
type chance interface{ IntN(n int) int }

// drawn is chance that rapid can shrink.
type drawn struct{ t *rapid.T }

func (d drawn) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

// trial draws commands for an account and holds it against a model to which the same happens.
type trial struct {
	chance chance
	model  *model
	people []models.UserID
	tag    string // tells its grants and reservations from another trial's
	made   int    // grants and reservations
	open   []*modelReservation

	kept    bool // nothing is taken back
	lasting bool // no grant expires
}

func newTrial(chance chance, zone string, zones func(string) *calendar, begin time.Time, people []models.UserID) *trial {
	limits := []models.Limit{models.NoLimit(), models.LimitOf(650), models.LimitOf(100)}
	return &trial{chance: chance, people: people, model: &model{
		modelDays: modelDays{calendar: zones(zone), zone: zone, zones: zones},
		now:       begin, defaultLimit: limits[chance.IntN(len(limits))], threshold: 130,
		members: map[models.UserID]models.Limit{},
	}}
}

// command is something that may happen to an account.
type command struct {
	actor       models.UserID
	reservation models.GenerationID
	grant       models.GrantID // to be taken back
	// apply does it to the account.
	apply func(a *Account) error
	// stage adds the rows that are not the ledger's; nil: there are none.
	stage func(tx *Tx)
	// expect does it to the model, and returns what differs from the account's answer; empty: nothing.
	expect func(err error) string
}

// somebody is one of the people.
func (tr *trial) somebody() models.UserID { return tr.people[tr.chance.IntN(len(tr.people))] }

func (tr *trial) issue() command {
	tokens := 1 + tr.chance.IntN(150)
	var expires *time.Time
	if tr.chance.IntN(3) > 0 && !tr.lasting {
		at := tr.model.now.Add(time.Duration(tr.chance.IntN(96)) * time.Hour / 2)
		expires = &at
	}
	source := models.SourceGift
	if tr.chance.IntN(2) == 0 {
		source = models.SourcePurchase
	}
	tr.made++
	id := models.GrantID(fmt.Sprintf("g%s%05d", tr.tag, tr.made))
	return command{
		actor: tr.somebody(),
		apply: func(a *Account) error {
			a.Issue(models.Grant{ID: id, Source: source, Tokens: models.Tokens(tokens), ExpiresAt: expires}, nil)
			return nil
		},
		expect: func(err error) string {
			tr.model.issue(id, tokens, source.Bought(), expires)
			return unexpected(err)
		},
	}
}

func unexpected(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

func (tr *trial) reserve() command {
	actor := tr.somebody()
	requests := make([]ReserveRequest, 1+tr.chance.IntN(3)/2*tr.chance.IntN(4))
	for i := range requests {
		tr.made++
		operations := models.Operations()
		id := models.GenerationID(fmt.Sprintf("r%s%05d", tr.tag, tr.made))
		requests[i] = request(id, operations[tr.chance.IntN(len(operations))])
		requests[i].Product = models.ProductID(fmt.Sprint("p", tr.chance.IntN(3)))
	}
	return command{
		actor: actor,
		apply: func(a *Account) error {
			version, lines := a.balance.Version, len(a.posted.entries)
			err := a.Reserve(actor, requests...)
			if err != nil && (version != a.balance.Version || lines != len(a.posted.entries)) {
				return errors.New("a refusal has changed something")
			}
			return err
		},
		expect: func(err error) string {
			fault := sameRefusal(err, tr.model.reserve(actor, requests))
			if err == nil && fault == "" {
				tr.open = append(tr.open, tr.model.reservations[len(tr.model.reservations)-len(requests):]...)
			}
			return fault
		},
	}
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
func (tr *trial) settle() command {
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
	how, state := (*Account).Capture, models.PartCaptured
	if tr.chance.IntN(2) == 0 {
		how, state = (*Account).Release, models.PartReleased
	}
	return command{
		actor: tr.somebody(), reservation: id,
		apply: func(a *Account) error { return how(a, id, part) },
		expect: func(err error) string {
			if expected := tr.model.settle(id, part, state); !errors.Is(err, expected) {
				return fmt.Sprintf("%s of %s %s: %v, the model says %v", state, part, id, err, expected)
			}
			return ""
		},
	}
}

// balanceFault compares what a team sees with the model.
func (tr *trial) balanceFault(balance models.Balance) string {
	m := tr.model
	day := m.day()
	available := m.available()
	if m.unlimited {
		available = -1
	}
	for _, figure := range []struct {
		name      string
		got, want int
	}{
		{"available", int(balance.Available.API()), available},
		{"reserved", int(balance.Reserved), m.reserved()},
		{"debt", int(balance.Debt), m.debt},
		{"used today", int(balance.ConsumedToday), m.used(day, "")},
		{"purchased and bonus", int(balance.Purchased + balance.Bonus), m.available()},
		{"threshold", int(balance.LowBalanceThreshold), m.threshold},
		{"own limit", int(models.LimitFrom(balance.OwnDailyLimit).API()), int(m.own.API())},
	} {
		if figure.got != figure.want {
			return fmt.Sprintf("%s: %d, the model has %d", figure.name, figure.got, figure.want)
		}
	}
	if balance.Day != day || !balance.ResetsAt.Equal(m.calendar.endOf(m.now)) {
		return fmt.Sprintf("the day is %s until %s, the model has %s at %s", balance.Day, balance.ResetsAt, day, m.now)
	}
	if fault := m.zoneFault(balance); fault != "" {
		return fault
	}
	if balance.Status != m.status() {
		return fmt.Sprintf("%s (%s), the model is %s", balance.Status, balance.Reason, m.status())
	}
	return ""
}

// grantFault compares a grant with the model's.
func (g *modelGrant) fault(got models.Grant) string {
	if int(got.Remaining) != g.free || int(got.Held) != g.held || int(got.Consumed) != g.consumed ||
		int(got.Expired) != g.expired || int(got.PaidDebt) != g.paidFor || int(got.Revoked) != g.revoked ||
		int(got.Reclaimed) != g.size() || int(got.ReclaimHeld) != g.waits || int(got.ReclaimVoid) != g.void ||
		int(got.Corrected) != g.corrected {
		return fmt.Sprintf("%+v, the model has %+v", got, *g)
	}
	return ""
}
