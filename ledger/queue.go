package ledger

import (
	"context"
	"sync"

	"productgenerator/models"
)

// Bounds of what shares one transaction, so that no change waits long for the others' rows.
const (
	maxBatchChanges = 512
	maxBatchWeight  = 4096
)

// pending is a change that waits for its answer.
type pending struct {
	ctx     context.Context // the caller's: a change whose caller has gone before it began is dropped
	change  *Change
	outcome Outcome
	err     error
	topics  []string
	unclean bool // refused after it had already changed something
	done    chan struct{}
}

func (p *pending) finish(err error) {
	if err != nil {
		p.err = err
	}
	if p.err != nil {
		p.outcome = Outcome{}
	}
	close(p.done)
}

func (p *pending) weight() int { return max(1, p.change.Weight) }

// queue is where changes wait while the transaction before theirs commits.
type queue struct {
	wake chan struct{} // capacity 1: there is something to take
	goes sync.WaitGroup

	mu      sync.Mutex // protects all below
	waiting []*pending
	lanes   map[models.TeamID][]*pending // of teams whose row someone else holds, each served by a goroutine
	closed  bool
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), lanes: map[models.TeamID][]*pending{}}
}

func (q *queue) add(p *pending) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if lane, held := q.lanes[p.change.Team]; held {
		q.lanes[p.change.Team] = append(lane, p)
		return nil
	}
	q.waiting = append(q.waiting, p)
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes what fits into one transaction from the front of the queue. open is false once the queue is closed and
// empty.
func (q *queue) take() (changes []*pending, open bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	changes, q.waiting = cut(q.waiting)
	if len(q.waiting) > 0 || q.closed {
		q.signal()
	}
	return changes, !q.closed || len(changes) > 0
}

// detour moves skipped changes to the lanes of their teams and returns the teams whose lane has just begun.
func (q *queue) detour(skipped []*pending) (begun []models.TeamID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range skipped {
		team := p.change.Team
		if _, exists := q.lanes[team]; !exists {
			begun = append(begun, team)
			q.goes.Add(1)
		}
		q.lanes[team] = append(q.lanes[team], p)
	}
	return begun
}

// takeLane removes what fits into one transaction from a team's lane. An empty lane ends: the team's next changes go
// the common way.
func (q *queue) takeLane(team models.TeamID) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	changes, rest := cut(q.lanes[team])
	if len(changes) == 0 {
		delete(q.lanes, team)
		return nil
	}
	q.lanes[team] = rest
	return changes
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.signal()
	q.mu.Unlock()
	q.goes.Wait()
}

// cut splits off the front of a queue as far as it fits into one transaction.
func cut(waiting []*pending) (front, rest []*pending) {
	weight, n := 0, 0
	for n < len(waiting) && n < maxBatchChanges && (n == 0 || weight+waiting[n].weight() <= maxBatchWeight) {
		weight += waiting[n].weight()
		n++
	}
	if n == len(waiting) {
		return waiting, nil
	}
	return waiting[:n:n], append([]*pending(nil), waiting[n:]...)
}
