package ledger

import (
	"maps"
	"math/rand/v2"
	"testing"

	"productgenerator/models"
)

// mostTargeted is of how many grants something is taken back at most.
const mostTargeted = 4

// ordered is a history that two trials play alike, and targets that both bring its grants to by ways of their own.
type ordered struct {
	seed    uint64
	setting func(*trial)
	grants  []models.GrantID
	targets map[models.GrantID]models.Tokens
}

// newOrdered draws up to so many grants of a history and a last target for each.
func newOrdered(seed uint64, all map[string][]*calendar, most int, setting func(*trial)) *ordered {
	o := &ordered{seed: seed, setting: setting, targets: map[models.GrantID]models.Tokens{}}
	tr := o.play(all)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 1 + random.IntN(most) {
		if len(tr.model.grants) == 0 {
			break
		}
		g := tr.model.grants[random.IntN(len(tr.model.grants))]
		if _, drawn := o.targets[g.id]; !drawn {
			o.grants = append(o.grants, g.id)
			o.targets[g.id] = models.Tokens(random.IntN(g.tokens + 1))
		}
	}
	return o
}

// play lets the history happen once more.
func (o *ordered) play(all map[string][]*calendar) *pureTrial {
	random := rand.New(rand.NewPCG(o.seed, o.seed))
	tr := newPureTrial(random, all)
	o.setting(tr.trial)
	for range 20 + random.IntN(60) {
		tr.step()
	}
	return tr
}

// bring takes the grants to their targets by way of some others.
func (o *ordered) bring(a *Account, random *rand.Rand) {
	cause := Cause{Reason: models.ReasonDispute}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	for range random.IntN(8) {
		if len(o.grants) > 0 {
			id := o.grants[random.IntN(len(o.grants))]
			must(a.Reclaim(id, models.Tokens(random.IntN(int(a.grants[id].Tokens)+1)), cause))
		}
	}
	for _, at := range random.Perm(len(o.grants)) {
		must(a.Reclaim(o.grants[at], o.targets[o.grants[at]], cause))
	}
	a.Warn()
}

// both plays the history twice and brings each account to the targets by another way.
func (o *ordered) both(all map[string][]*calendar) (one, other *pureTrial) {
	one, other = o.play(all), o.play(all)
	o.bring(one.account, rand.New(rand.NewPCG(o.seed, 2)))
	o.bring(other.account, rand.New(rand.NewPCG(o.seed, 3)))
	return one, other
}

// settle lets all that is open be captured or released, alike in both.
func (o *ordered) settle(a *Account, reservations []*modelReservation) {
	random := rand.New(rand.NewPCG(o.seed, 4))
	for _, r := range reservations {
		for _, part := range r.parts {
			how := a.Capture
			if random.IntN(2) == 0 {
				how = a.Release
			}
			_ = how(r.id, part.part) // most are settled
		}
	}
	a.Warn()
}

func sameBalance(t *testing.T, seed uint64, one, other *pureTrial) bool {
	t.Helper()
	for _, tr := range []*pureTrial{one, other} {
		if fault := tr.auditor.breach(tr.account); fault != "" {
			t.Errorf("seed %d: %s", seed, fault)
			return false
		}
	}
	a, b := one.account.balance, other.account.balance
	if a.Available != b.Available || a.Debt != b.Debt {
		t.Errorf("seed %d: %d available and %d owed by one way, %d and %d by the other", seed, a.Available, a.Debt, b.Available, b.Debt)
		return false
	}
	return true
}

func TestTheWayToTheTargetsOfAnyGrantsDoesNotChangeTheBalance(t *testing.T) {
	all := calendars(t)
	indebted := 0
	for seed := range uint64(orderedHistories) {
		o := newOrdered(seed, all, mostTargeted, func(tr *trial) { tr.kept = true })
		one, other := o.both(all)
		if !sameBalance(t, seed, one, other) {
			return
		}
		if one.account.balance.Debt > 0 {
			indebted++
		}
	}
	if indebted < orderedHistories/20 {
		t.Errorf("of %d histories only %d ended in debt", orderedHistories, indebted)
	}
}

func TestTheWayToTheTargetOfOneGrantChangesNothingAtAll(t *testing.T) {
	all := calendars(t)
	for seed := range uint64(orderedHistories) {
		o := newOrdered(seed, all, 1, func(tr *trial) { tr.kept = true })
		one, other := o.both(all)
		if !sameBalance(t, seed, one, other) {
			return
		}
		for id, g := range one.account.grants {
			h := other.account.grants[id]
			same := g.Remaining == h.Remaining && g.Revoked == h.Revoked && g.PaidDebt == h.PaidDebt && g.Reclaimed == h.Reclaimed &&
				g.ReclaimHeld == h.ReclaimHeld && g.ReclaimVoid == h.ReclaimVoid && g.Expired == h.Expired
			if !same || !maps.Equal(taken(one.account, id), taken(other.account, id)) {
				t.Errorf("seed %d: a grant is %+v by one way, %+v by the other", seed, *g, *h)
				return
			}
		}
	}
}

// taken is what was taken from which grants for one.
func taken(a *Account, id models.GrantID) map[models.GrantID]models.Tokens {
	some := maps.Clone(a.reclaims[id])
	maps.DeleteFunc(some, func(_ models.GrantID, tokens models.Tokens) bool { return tokens == 0 })
	return some
}

func TestOnceAllIsSettledOnlyTheTargetsCountWhateverCameBefore(t *testing.T) {
	all := calendars(t)
	for seed := range uint64(orderedHistories) {
		o := newOrdered(seed, all, mostTargeted, func(tr *trial) { tr.lasting = true })
		one, other := o.both(all)
		o.settle(one.account, one.model.reservations)
		o.settle(other.account, other.model.reservations)
		if !sameBalance(t, seed, one, other) {
			return
		}
	}
}
