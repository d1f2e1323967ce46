package rehearsal

import (
	"container/heap"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// linesPerRequest is about how many ledger lines one request makes, and costPerRequest about how many tokens it costs.
const (
	linesPerRequest = 4.2
	costPerRequest  = 56
)

// Script says how much happens, and when.
type Script struct {
	Cast  Cast
	Lines int64 // about how many ledger lines
	Begin time.Time
	End   time.Time // not before Begin
	Seed  uint64    // the same one makes the same people do the same things
	// Progress hears now and then how many lines there are; nil: nobody does.
	Progress func(lines int64)
}

// Play makes the script's history up and writes it, and returns how many ledger lines it has. Nothing stays of one that
// fails or whose ctx ends. It returns what ledger.Rehearse returns.
func Play(ctx context.Context, books *ledger.Ledger, script Script) (lines int64, err error) {
	zone, err := time.LoadLocation(TimeZone)
	if err != nil {
		return 0, err
	}
	err = books.Rehearse(ctx, script.Cast.Team, script.Begin, func(r *ledger.Rehearsal) error {
		err := newStory(script, zone, r).tell(ctx)
		lines = r.Lines()
		return err
	})
	return lines, err
}

// story is a history while it is told.
type story struct {
	Script
	zone       *time.Location
	random     *rand.Rand
	rehearsal  *ledger.Rehearsal
	tables     tables
	products   []*product
	unfinished unfinished
	dayCost    models.Tokens // what an average working day costs
}

func newStory(script Script, zone *time.Location, r *ledger.Rehearsal) *story {
	s := &story{
		Script: script, zone: zone, random: rand.New(rand.NewPCG(script.Seed, 0)), rehearsal: r, tables: newTables(),
	}
	workdays := script.End.Sub(script.Begin).Hours() / 24 * meanWeight
	s.dayCost = models.Tokens(float64(script.Lines)/linesPerRequest/max(1, workdays)*costPerRequest) + costPerRequest
	s.products = makeProducts(s.random, script.Cast.Team, script.Begin)
	return s
}

// tell lets the days pass, one after the other.
func (s *story) tell(ctx context.Context) error {
	for _, p := range s.products {
		s.tables.products.Stage(s.rehearsal, p.Product)
	}
	err := s.rehearsal.At(s.Begin, func(a *ledger.Account) error {
		a.SetPlatformLimits(false, true, models.LimitOf(s.dayCost*5/4))
		return nil
	})
	if err != nil {
		return err
	}
	days := s.days()
	for i, day := range days {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.giveTokens(day.begin); err != nil {
			return err
		}
		for _, at := range s.arrivals(day, weightOf(days[i:])) {
			if err := s.settleUntil(at); err != nil {
				return err
			}
			if err := s.request(at); err != nil {
				return err
			}
		}
		if s.Progress != nil {
			s.Progress(s.rehearsal.Lines())
		}
	}
	return s.settleUntil(s.End)
}

// request lets somebody run an operation on a product that nobody is running one on. Who is refused for want of tokens
// buys some and asks again; who is refused by the day's limit gives up.
func (s *story) request(at time.Time) error {
	g := s.newGeneration(at)
	if g == nil {
		return nil
	}
	reserve := func(a *ledger.Account) error {
		return a.Reserve(g.ActorID, ledger.ReserveRequest{
			Generation: g.ID, Product: g.ProductID, Operation: g.Operation, Parts: costsOf(g.Operation),
		})
	}
	err := s.rehearsal.At(at, reserve)
	if lacksTokens(err) {
		if err := s.rehearsal.At(at, s.buy); err != nil {
			return err
		}
		err = s.rehearsal.At(at, reserve)
	}
	var refusal *models.Refusal
	if errors.As(err, &refusal) {
		return nil
	}
	if err != nil {
		return err
	}
	g.product.busy = true
	heap.Push(&s.unfinished, g)
	return nil
}

func lacksTokens(err error) bool {
	var refusal *models.Refusal
	if !errors.As(err, &refusal) {
		return false
	}
	for _, blocker := range refusal.Blockers {
		if blocker.Code != models.BlockerInsufficientTokens {
			return false
		}
	}
	return true
}

// settleUntil settles, part by part, what is due by then.
func (s *story) settleUntil(now time.Time) error {
	for len(s.unfinished) > 0 && !s.unfinished[0].due().After(now) {
		g := s.unfinished[0]
		if err := s.settleNext(g); err != nil {
			return err
		}
		if g.settled < len(g.Parts) {
			heap.Fix(&s.unfinished, 0)
			continue
		}
		heap.Pop(&s.unfinished)
		s.store(g)
		g.product.busy = false
	}
	return nil
}

func (s *story) settleNext(g *generation) error {
	part := &g.Parts[g.settled]
	at := g.due()
	err := s.rehearsal.At(at, func(a *ledger.Account) error {
		if part.Status == models.PartSucceeded {
			return a.Capture(g.ID, part.Part)
		}
		return a.Release(g.ID, part.Part)
	})
	part.FinishedAt = &at
	g.settled++
	return err
}

// unfinished is the generations under way, the one that settles a part next first: a heap.
type unfinished []*generation

func (u unfinished) Len() int           { return len(u) }
func (u unfinished) Less(i, j int) bool { return u[i].due().Before(u[j].due()) }
func (u unfinished) Swap(i, j int)      { u[i], u[j] = u[j], u[i] }
func (u *unfinished) Push(x any)        { *u = append(*u, x.(*generation)) }

func (u *unfinished) Pop() any {
	last := len(*u) - 1
	g := (*u)[last]
	*u = (*u)[:last]
	return g
}
