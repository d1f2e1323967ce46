package ledger

import (
	"errors"
	"time"

	"productgenerator/models"
)

// Errors of the account's rules, each a branch that callers take.
var (
	// ErrSettled says that a part was captured or released before; nothing has changed.
	ErrSettled = errors.New("the part is settled already")
	// ErrNotReserved says that the account holds no such reservation or part.
	ErrNotReserved = errors.New("no such part is reserved")
)

// Account is a team's tokens at an instant, as a value: its rules need no database, no clock and no lock. Its methods
// either post ledger entries or return a refusal, and a refused call has changed nothing.
//
// An account holds only what the changes at hand need: all live grants, but of reservations, members and spent grants
// just those that were loaded into it.
type Account struct {
	balance  models.BalanceRow
	platform Platform
	calendar models.Calendar
	now      time.Time
	dayEnds  time.Time

	live         []*models.Grant // with tokens remaining, in burn-down order
	grants       map[models.GrantID]*models.Grant
	reservations map[models.GenerationID]*models.Reservation
	members      map[models.UserID]*Member
	rules        []*models.AlertRule
	// What was taken from which grants for what is to be taken back of one, where that is loaded.
	reclaims map[models.GrantID]map[models.GrantID]models.Tokens

	posted posted
}

// Platform is what holds for the accounts of all teams.
type Platform struct {
	DailyLimit models.Limit  // where an administrator set none for the team
	Cheapest   models.Tokens // the cost of the cheapest operation: who cannot pay it can do nothing
}

// Member is what an account knows of a person who spends its tokens.
type Member struct {
	Role  models.TeamRole // empty: no member, or no longer one
	Limit models.Limit    // the member's own share of a day
	Used  models.Tokens   // on the account's day
}

// posted is what the account's methods have changed since it was loaded: what has to be written.
type posted struct {
	entries      []models.LedgerEntry
	grants       map[models.GrantID]bool      // touched; true: new
	reservations map[models.GenerationID]bool // touched; true: new
	usage        map[usageKey]models.Tokens   // change of use by member and day
	consumed     map[consumptionKey]consumed  // captured parts
	reclaims     map[reclaimKey]models.Tokens // change of what was taken from grants
	rules        map[models.AlertRuleID]ruleChange
	warnings     []models.LimitWarning
	balance      bool // whether the balance row changed
	settings     bool // whether limits, thresholds or the time zone changed
	changes      int  // how often anything was changed at all
	versioned    bool // whether the change at hand has raised the version
	spent        bool // whether the change at hand has reserved tokens
}

type usageKey struct {
	member models.UserID
	day    models.Date
}

// newAccount makes an account out of its balance row. calendar has the locations that the row's time zones name.
func newAccount(row models.BalanceRow, platform Platform, calendar models.Calendar) *Account {
	a := &Account{
		balance:      row,
		platform:     platform,
		calendar:     calendar,
		now:          row.LastEntryAt,
		grants:       map[models.GrantID]*models.Grant{},
		reservations: map[models.GenerationID]*models.Reservation{},
		members:      map[models.UserID]*Member{},
		posted: posted{
			grants:       map[models.GrantID]bool{},
			reservations: map[models.GenerationID]bool{},
			usage:        map[usageKey]models.Tokens{},
			consumed:     map[consumptionKey]consumed{},
			rules:        map[models.AlertRuleID]ruleChange{},
		},
	}
	a.dayEnds = calendar.EndOf(row.Day)
	return a
}

// addGrant loads a grant into the account. A grant that is there already stays as it is.
func (a *Account) addGrant(grant *models.Grant) {
	if a.grants[grant.ID] != nil {
		return
	}
	a.grants[grant.ID] = grant
	if grant.Remaining > 0 {
		a.insertLive(grant)
	}
}

// addReservation loads a reservation into the account, with the grants that it draws on loaded by addGrant.
func (a *Account) addReservation(reservation *models.Reservation) {
	if a.reservations[reservation.GenerationID] == nil {
		a.reservations[reservation.GenerationID] = reservation
	}
}

// AddMember loads a member. used is what the member used on the day that now counts for.
func (a *Account) AddMember(user models.UserID, member Member) { a.members[user] = &member }

// Member is what the account knows of a user; a user that is no member has no role.
func (a *Account) Member(user models.UserID) Member {
	if member := a.members[user]; member != nil {
		return *member
	}
	return Member{}
}

// Reservation is a copy of what is reserved for a generation.
func (a *Account) Reservation(id models.GenerationID) (models.Reservation, bool) {
	reservation := a.reservations[id]
	if reservation == nil {
		return models.Reservation{}, false
	}
	return *reservation, true
}

// Team is whose account it is.
func (a *Account) Team() models.TeamID { return a.balance.TeamID }

// Now is the instant that the account stands at: the database's clock, never behind the account's last entry.
func (a *Account) Now() time.Time { return a.now }

// Day is the day that the account counts use for.
func (a *Account) Day() models.Date { return a.balance.Day }

// advanceTo begins a change at that instant and posts what time has done by then: it takes over a new time zone, begins
// the day that the instant counts for, and lapses the grants that have expired, the earliest first. A time that lies
// behind the last entry counts as that entry's.
func (a *Account) advanceTo(now time.Time) {
	if now.Before(a.now) {
		now = a.now
	}
	a.now = now
	a.posted.versioned, a.posted.spent = false, false
	if change := a.calendar.Next; change != nil && !now.Before(change.At) {
		a.enterZone(change.Zone)
	}
	if !now.Before(a.dayEnds) {
		a.beginDay(a.calendar.DayAt(now))
	}
	for _, grant := range a.expiredBy(now) {
		a.lapse(grant, grant.Remaining)
	}
}

func (a *Account) beginDay(day models.Date) {
	a.balance.Day = day
	a.dayEnds = a.calendar.EndOf(day)
	a.balance.Used = 0
	for _, member := range a.members {
		member.Used = 0
	}
	a.touchBalance()
}

// post appends an entry to the ledger and applies its change to the balance. The caller fills in what the entry says;
// place, time and the balance behind it are filled in here.
func (a *Account) post(entry models.LedgerEntry) {
	a.touchBalance()
	a.balance.Sequence++
	a.balance.Available += entry.Tokens
	a.balance.Debt += entry.Debt
	a.balance.LastEntryAt = a.now
	entry.TeamID = a.balance.TeamID
	entry.Sequence = a.balance.Sequence
	entry.BalanceVersion = a.balance.Version
	entry.BalanceAfter = a.balance.Available
	entry.OccurredAt = a.now
	a.posted.entries = append(a.posted.entries, entry)
}

// touchBalance marks the balance as changed; the first touch of each change raises its version.
func (a *Account) touchBalance() {
	a.posted.changes++
	a.posted.balance = true
	a.balance.UpdatedAt = a.now
	if !a.posted.versioned {
		a.posted.versioned = true
		a.balance.Version++
	}
}

// use counts tokens for a day: the team's where it is the account's day, and the member's.
func (a *Account) use(member models.UserID, day models.Date, tokens models.Tokens) {
	if day == a.balance.Day {
		a.balance.Used += tokens
		if known := a.members[member]; known != nil {
			known.Used += tokens
		}
	}
	a.posted.usage[usageKey{member, day}] += tokens
}
