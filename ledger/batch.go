package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// batch is the changes of one transaction: what they need is loaded together, each is decided in its turn, and what
// they post and stage is written together.
type batch struct {
	ledger   *Ledger
	pending  []*pending
	wait     bool // whether to wait for rows that someone else holds, or to pass them over
	now      time.Time
	xid      *string // names the transaction to the database; nil: it has written nothing
	accounts map[models.TeamID]*Account
	opened   map[models.TeamID]bool // accounts that this transaction made and no change has confirmed yet
	unopened []string               // accounts that it made for a change that did not happen
	witness  models.LedgerEntryID   // a line that it posts; empty: none
	keys     map[keyID]*models.IdempotencyKey
	newKeys  []*models.IdempotencyKey
	staged   map[any]staged
	looked   map[lookup]any
	loaded   loaded
}

type keyID struct {
	caller models.UserID
	team   models.TeamID
	key    string
}

// loaded is what came from the database before it is put into accounts.
type loaded struct {
	defaultLimit models.Limit
	balances     []models.BalanceRow
	grants       []*models.Grant
	reclaims     []models.Reclaim
	reservations []*models.Reservation
	members      []memberRow
	rules        []*models.AlertRule
}

// Errors for which a transaction is given up. Its changes are tried apart from each other, until the one that is to
// blame fails alone.
var (
	errUnclean  = errors.New("a refused change has changed something")
	errPanicked = errors.New("panic")
)

func newBatch(l *Ledger, changes []*pending, wait bool) *batch {
	return &batch{
		ledger:   l,
		pending:  changes,
		wait:     wait,
		accounts: map[models.TeamID]*Account{},
		opened:   map[models.TeamID]bool{},
		keys:     map[keyID]*models.IdempotencyKey{},
		staged:   map[any]staged{},
		looked:   map[lookup]any{},
	}
}

// run carries the changes out in one transaction. Those whose team's row someone else holds come back as skipped,
// undecided. After an error nothing has happened, unless it is ErrInDoubt.
func (b *batch) run(ctx context.Context) (skipped []*pending, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("write changes: %w: %v", errPanicked, cause)
		}
	}()
	err = inTransaction(ctx, b.ledger.db, func(tx pgx.Tx) error {
		if err := b.load(ctx, tx); err != nil {
			return fmt.Errorf("load accounts: %w", err)
		}
		for _, p := range b.pending {
			account := b.accounts[p.change.Team]
			switch {
			case account != nil:
				p.outcome, p.err = b.decide(p, account)
				b.confirmOpening(p)
			case b.wait:
				p.err = ErrNoAccount
			default:
				skipped = append(skipped, p)
			}
			if p.unclean {
				return errUnclean
			}
		}
		if err := b.write(ctx, tx); err != nil {
			return fmt.Errorf("write changes: %w", err)
		}
		return nil
	})
	return skipped, err
}

// decide runs one change on its account, unless its key has been used before.
func (b *batch) decide(p *pending, account *Account) (outcome Outcome, err error) {
	account.advanceTo(b.now)
	change := p.change
	if change.Key != nil {
		if known := b.keys[change.keyID()]; known != nil {
			return b.replay(change, known, account)
		}
	}
	if b.opened[change.Team] {
		account.open()
	}
	tx := &Tx{Account: account, batch: b}
	before := account.posted.changes
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("decide: %w: %v", errPanicked, cause)
			p.unclean = true
		}
	}()
	if err := change.Decide(tx); err != nil {
		p.unclean = tx.dirty || account.posted.changes != before
		return Outcome{}, b.refuse(change, err)
	}
	if change.Key != nil {
		b.remember(change, &models.IdempotencyKey{Subject: &tx.subject})
	}
	account.Warn()
	p.topics = tx.topics
	return Outcome{Balance: account.Balance(), Subject: tx.subject}, nil
}

// confirmOpening keeps the account that was made for a change, or takes it back if the change did not happen: then the
// team's changes that follow find none.
func (b *batch) confirmOpening(p *pending) {
	team := p.change.Team
	if !b.opened[team] {
		return
	}
	delete(b.opened, team)
	if p.err != nil || p.outcome.Replayed {
		delete(b.accounts, team)
		b.unopened = append(b.unopened, string(team))
	}
}

// topics are what the bus is told once the batch is committed: what its changes named, and every team whose balance
// has changed, be it by time alone.
func (b *batch) topics() (topics []string) {
	for _, p := range b.pending {
		topics = append(topics, p.topics...)
	}
	for team, account := range b.accounts {
		if account.posted.balance {
			topics = append(topics, string(team))
		}
	}
	return topics
}

// replay answers a key that has been used before, as it was answered then.
func (b *batch) replay(change *Change, known *models.IdempotencyKey, account *Account) (Outcome, error) {
	if known.Mutation != change.Key.Mutation || !bytes.Equal(known.InputHash, change.Key.InputHash) {
		return Outcome{}, ErrKeyConflict
	}
	if known.Refusal != nil {
		return Outcome{}, known.Refusal
	}
	return Outcome{Balance: account.Balance(), Subject: *known.Subject, Replayed: true}, nil
}

// refuse remembers a refusal with the change's key, so that the key stays refused.
func (b *batch) refuse(change *Change, err error) error {
	var refusal *models.Refusal
	if change.Key != nil && errors.As(err, &refusal) {
		b.remember(change, &models.IdempotencyKey{Refusal: refusal})
	}
	return err
}

func (b *batch) remember(change *Change, key *models.IdempotencyKey) {
	key.CallerID, key.TeamID, key.Key = change.Key.Caller, change.Team, change.Key.Key
	key.Mutation, key.InputHash, key.CreatedAt = change.Key.Mutation, change.Key.InputHash, b.now
	b.keys[change.keyID()] = key
	b.newKeys = append(b.newKeys, key)
}

func (c *Change) keyID() keyID { return keyID{c.Key.Caller, c.Team, c.Key.Key} }

// load locks the balances of all teams in the order of their ids, then reads the clock, then all that the changes need.
// It is one round trip: every statement sees what was committed when it began, and those behind the lock begin with
// the lock held.
func (b *batch) load(ctx context.Context, tx pgx.Tx) error {
	needs := b.needs()
	queries := &pgx.Batch{}
	queries.Queue(planOnceSQL)
	b.queueOpenings(queries)
	b.queueLock(queries, needs.teams)
	b.queueClock(queries)
	b.queueGrants(queries, needs.teams, needs.reservations)
	b.queueReclaims(queries, needs.reclaimTeams, needs.grants)
	b.queueReservations(queries, needs.reservations)
	b.queueMembers(queries, needs.memberTeams, needs.members)
	b.queueRules(queries, needs.teams)
	b.queueKeys(queries)
	for lookup, keys := range needs.lookups {
		lookup.queue(queries, keys, b)
	}
	if err := tx.SendBatch(ctx, queries).Close(); err != nil {
		return err
	}
	return b.assemble()
}

// needs is what the changes of a batch name, each once.
type needs struct {
	teams        []string
	reservations []string
	grants       []string // to be taken back
	reclaimTeams []string // that they are of
	memberTeams  []string
	members      []string
	lookups      map[lookup][]string
}

func (b *batch) needs() needs {
	n := needs{lookups: map[lookup][]string{}}
	teams, members := map[models.TeamID]bool{}, map[[2]string]bool{}
	for _, p := range b.pending {
		change := p.change
		if !teams[change.Team] {
			teams[change.Team] = true
			n.teams = append(n.teams, string(change.Team))
		}
		for _, user := range append([]models.UserID{change.Actor}, change.Members...) {
			if pair := [2]string{string(change.Team), string(user)}; user != "" && !members[pair] {
				members[pair] = true
				n.memberTeams, n.members = append(n.memberTeams, pair[0]), append(n.members, pair[1])
			}
		}
		for _, id := range change.Grants {
			n.grants = append(n.grants, string(id))
			n.reclaimTeams = append(n.reclaimTeams, string(change.Team))
		}
		for _, id := range change.Reservations {
			n.reservations = append(n.reservations, string(id))
		}
		for _, want := range change.Lookups {
			n.lookups[want.lookup] = append(n.lookups[want.lookup], want.keys...)
		}
	}
	return n
}

// assemble makes accounts of what was loaded, each at the instant that the clock showed under the lock.
func (b *batch) assemble() error {
	for _, row := range b.loaded.balances {
		account, err := b.ledger.accountOf(row, b.loaded.defaultLimit)
		if err != nil {
			return err
		}
		b.accounts[row.TeamID] = account
	}
	for _, grant := range b.loaded.grants {
		if account := b.accounts[grant.TeamID]; account != nil {
			account.addGrant(grant)
		}
	}
	b.assembleReclaims()
	for _, reservation := range b.loaded.reservations {
		if account := b.accounts[reservation.TeamID]; account != nil {
			account.addReservation(reservation)
		}
	}
	for team, account := range b.accounts {
		if b.opened[team] {
			account.startAt(b.now)
		}
		account.advanceTo(b.now)
	}
	for _, row := range b.loaded.members {
		if account := b.accounts[row.team]; account != nil {
			account.AddMember(row.user, row.memberOn(account.Day()))
		}
	}
	for _, rule := range b.loaded.rules {
		if account := b.accounts[rule.TeamID]; account != nil {
			account.addRule(rule)
		}
	}
	for team, account := range b.accounts {
		if !b.opened[team] {
			account.Warn()
		}
	}
	return nil
}

// write sends everything that was posted and staged in one round trip, in the order of the statements' ranks.
func (b *batch) write(ctx context.Context, tx pgx.Tx) error {
	statements := slices.SortedFunc(maps.Values(b.staged), func(x, y staged) int { return x.rank() - y.rank() })
	queries := &pgx.Batch{}
	own := false
	for _, statement := range statements {
		if !own && statement.rank() > rankLedger {
			b.queuePosted(queries)
			own = true
		}
		statement.queue(queries)
	}
	if !own {
		b.queuePosted(queries)
	}
	if queries.Len() > 0 {
		if err := tx.SendBatch(ctx, queries).Close(); err != nil {
			return err
		}
	}
	for _, statement := range statements {
		if err := statement.run(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}
