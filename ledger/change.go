package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// Errors of changes that callers branch on.
var (
	// ErrKeyConflict says that the idempotency key was used before, for another mutation or with another input.
	ErrKeyConflict = errors.New("the idempotency key was used with another input")
	// ErrNoAccount says that the team has no balance: there is no such team.
	ErrNoAccount = errors.New("no such account")
	// ErrBusy says that the team's balance stayed locked by someone else for too long. Nothing has changed.
	ErrBusy = errors.New("the account is busy, try again")
	// ErrInDoubt says that the database has not answered the commit: the change may have happened. Only its key tells.
	ErrInDoubt = errors.New("the database has not confirmed the change, ask again with the same key")
	// ErrClosed says that the ledger takes no more changes because the program stops.
	ErrClosed = errors.New("the ledger is closed")
)

// Change is one decision on a team's account.
type Change struct {
	Team models.TeamID
	// Actor is loaded as a member of the team, with the use of the day; empty: the system.
	Actor models.UserID
	// Members are loaded like the actor: those whom the change is about.
	Members []models.UserID
	// Reservations are loaded with the grants that they draw on.
	Reservations []models.GenerationID
	// Grants are loaded with all that taking them back can touch.
	Grants []models.GrantID
	// Key makes the change happen once: a repetition does not decide again but reads back what the first one made.
	Key *Key
	// Open makes the account first, where there is none.
	Open *Opening
	// Lookups are read under the lock, together with those of all other changes of the transaction.
	Lookups []Want
	// Weight is about how many ledger entries the change posts; 0 counts as 1. It bounds how much shares a transaction.
	Weight int
	// Decide reads the account, calls its rules and stages rows. It calls no network and reads no clock but the
	// account's, and may run again with a fresh account. Its error refuses the change: then it must have changed and
	// staged nothing. A *models.Refusal is remembered with the key.
	Decide func(tx *Tx) error
}

// Rider is what another package adds to a change: looked up, decided and committed with it.
type Rider struct {
	Lookups []Want
	Decide  func(tx *Tx) error
}

// Key is a caller's idempotency key with what it was used for.
type Key struct {
	Caller    models.UserID
	Key       string // 1 to MaxKey characters
	Mutation  string
	InputHash []byte // SHA-256 of the canonical input
}

// MaxKey is how long an idempotency key may be, in characters.
const MaxKey = 255

// Check adds what is wrong with the key as the caller wrote it, at idempotencyKey.
func (k Key) Check(faults *models.FieldErrors) {
	if k.Key == "" {
		faults.Add(models.FieldRequired, 0, "idempotencyKey")
		return
	}
	faults.Add(models.CheckLine(k.Key, MaxKey), MaxKey, "idempotencyKey")
}

// Opening is what a new account begins with.
type Opening struct {
	TimeZone string // IANA name
}

// Outcome is what became of a change that was not refused.
type Outcome struct {
	// Balance is the team's, right behind the change; of a repetition as it is now.
	Balance models.Balance
	// Replayed says that the key had been used for the same thing before: nothing was done now.
	Replayed bool
	// Subject is the id of what the key made, then or now; empty without a key.
	Subject string
}

// Tx is what a change decides with: the account under its lock, what was looked up, and rows to write with it.
type Tx struct {
	*Account
	batch   *batch
	subject string
	topics  []string
	dirty   bool
}

// Made names what the change made: what a repetition of its key reads back. A change with a key calls it.
func (tx *Tx) Made(subject string) { tx.subject = subject }

// Signal tells the bus, after the commit, that the thing with that id has changed. The team is signalled by itself.
func (tx *Tx) Signal(topics ...string) { tx.topics = append(tx.topics, topics...) }

// Statement writes staged rows of one kind, those of all changes of a transaction at once.
type Statement[R any] struct {
	// Rank orders the statements of a transaction, the lowest first: RankBefore runs ahead of the ledger's own rows,
	// RankAfter behind them.
	Rank int
	// SQL takes Columns as its parameters, one array for each column, and touches exactly one row for each staged one.
	SQL     string
	Columns func(rows []R) []any
	// Key tells rows of a transaction apart where several changes of it may stage the same one: the last of a key is
	// written. Nil: every staged row is written.
	Key func(row R) string
	// Run writes the rows where one statement cannot; SQL is empty then.
	Run func(ctx context.Context, tx pgx.Tx, rows []R) error
}

// Ranks of statements; a package may add to them to order its own.
const (
	RankBefore = 100
	rankLedger = 200
	RankAfter  = 300
)

// Stage hands rows to the statement, to be written in the change's transaction.
func (s *Statement[R]) Stage(tx *Tx, rows ...R) {
	tx.dirty = true
	staged, ok := tx.batch.staged[s].(*stagedRows[R])
	if !ok {
		staged = &stagedRows[R]{statement: s}
		tx.batch.staged[s] = staged
	}
	for _, row := range rows {
		staged.add(row)
	}
}

// staged is the rows of one statement, whatever their type.
type staged interface {
	rank() int
	queue(into *pgx.Batch)
	run(ctx context.Context, tx pgx.Tx) error
}

type stagedRows[R any] struct {
	statement *Statement[R]
	rows      []R
	places    map[string]int // of rows by their key
}

func (s *stagedRows[R]) add(row R) {
	if s.statement.Key == nil {
		s.rows = append(s.rows, row)
		return
	}
	key := s.statement.Key(row)
	if place, known := s.places[key]; known {
		s.rows[place] = row
		return
	}
	if s.places == nil {
		s.places = map[string]int{}
	}
	s.places[key] = len(s.rows)
	s.rows = append(s.rows, row)
}

func (s *stagedRows[R]) rank() int { return s.statement.Rank }

func (s *stagedRows[R]) queue(into *pgx.Batch) {
	if s.statement.SQL == "" {
		return
	}
	want := int64(len(s.rows))
	into.Queue(s.statement.SQL, s.statement.Columns(s.rows)...).Exec(expectRows(s.statement.SQL, want))
}

func (s *stagedRows[R]) run(ctx context.Context, tx pgx.Tx) error {
	if s.statement.Run == nil {
		return nil
	}
	return s.statement.Run(ctx, tx, s.rows)
}

// Lookup reads values by key under the lock, for all changes of a transaction at once. Changes see what earlier ones
// of the same transaction did to the values.
type Lookup[K ~string, V any] struct {
	// SQL takes the keys as one text array.
	SQL string
	// Scan reads one row into the values.
	Scan func(row pgx.CollectableRow, into map[K]V) error
}

// Want asks for those keys in a change's Lookups.
func (l *Lookup[K, V]) Want(keys ...K) Want {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = string(key)
	}
	return Want{lookup: l, keys: texts}
}

// Get is the value under a key that the change has asked for.
func (l *Lookup[K, V]) Get(tx *Tx, key K) (V, bool) {
	value, ok := l.values(tx.batch)[key]
	return value, ok
}

// Put replaces the value under a key for the changes that follow in the same transaction.
func (l *Lookup[K, V]) Put(tx *Tx, key K, value V) {
	tx.dirty = true
	l.values(tx.batch)[key] = value
}

func (l *Lookup[K, V]) values(b *batch) map[K]V {
	values, ok := b.looked[l].(map[K]V)
	if !ok {
		values = map[K]V{}
		b.looked[l] = values
	}
	return values
}

// Want is a lookup with the keys that a change needs.
type Want struct {
	lookup lookup
	keys   []string
}

type lookup interface {
	queue(into *pgx.Batch, keys []string, b *batch)
}

func (l *Lookup[K, V]) queue(into *pgx.Batch, keys []string, b *batch) {
	into.Queue(l.SQL, keys).Query(func(rows pgx.Rows) error {
		values := l.values(b)
		for rows.Next() {
			if err := l.Scan(rows, values); err != nil {
				return fmt.Errorf("look up: %w", err)
			}
		}
		return rows.Err()
	})
}
