package ledger

import (
	"fmt"
	"slices"
	"time"

	"productgenerator/models"
)

// auditor checks the invariants of an account to which nothing was loaded but an empty balance. It reads each line of
// the ledger once, however often it is asked.
type auditor struct {
	lines     int
	warnings  int
	sum, debt models.Tokens
	usage     map[models.Date]models.Tokens
	at        time.Time
	version   int64
	warnedIn  int64 // the version of the newest warning
}

func newAuditor() *auditor { return &auditor{usage: map[models.Date]models.Tokens{}} }

// breach names an invariant that the account breaks; empty: none.
func (u *auditor) breach(a *Account) string {
	b := a.balance
	for _, rule := range []func(*Account) string{u.brokenLines, u.brokenWarnings, brokenGrants, brokenReclaims, brokenReservations} {
		if fault := rule(a); fault != "" {
			return fault
		}
	}
	switch {
	case b.Available < 0, b.Reserved < 0, b.Debt < 0, b.Used < 0:
		return fmt.Sprintf("something is negative: %+v", b)
	case b.Debt > 0 && b.Available > 0:
		return fmt.Sprintf("%d available in debt of %d", b.Available, b.Debt)
	case !a.now.Before(a.dayEnds):
		return fmt.Sprintf("it is %s, and the day ended at %s", a.now, a.dayEnds)
	}
	return ""
}

func (u *auditor) brokenLines(a *Account) string {
	for _, e := range a.posted.entries[u.lines:] {
		u.lines++
		u.sum, u.debt = u.sum+e.Tokens, u.debt+e.Debt
		u.usage[e.Day] += e.Usage
		switch {
		case e.Sequence != int64(u.lines):
			return fmt.Sprintf("line %d has number %d", u.lines, e.Sequence)
		case e.OccurredAt.Before(u.at), e.BalanceVersion < u.version:
			return fmt.Sprintf("line %d steps back", e.Sequence)
		case e.BalanceAfter != u.sum, u.sum < 0:
			return fmt.Sprintf("line %d says %d are left, the lines %d", e.Sequence, e.BalanceAfter, u.sum)
		case len(mergeDraws(nil, e.Draws)) != len(e.Draws):
			return fmt.Sprintf("line %d names a grant twice: %+v", e.Sequence, e.Draws)
		case !keepsItsKind(e):
			return fmt.Sprintf("line %d changes what its kind does not: %+v", e.Sequence, e)
		}
		u.at, u.version = e.OccurredAt, e.BalanceVersion
	}
	b := a.balance
	switch {
	case b.Available != u.sum:
		return fmt.Sprintf("%d available, but %d by the lines", b.Available, u.sum)
	case b.Debt != u.debt:
		return fmt.Sprintf("debt of %d, but %d by the lines", b.Debt, u.debt)
	case b.Used != u.usage[b.Day]:
		return fmt.Sprintf("%d used, but %d by the lines of the day", b.Used, u.usage[b.Day])
	case b.Version < u.version:
		return fmt.Sprintf("version %d, but %d of the newest line", b.Version, u.version)
	}
	return ""
}

func (u *auditor) brokenWarnings(a *Account) string {
	for _, w := range a.posted.warnings[u.warnings:] {
		u.warnings++
		if w.Sequence != int64(u.warnings) || w.BalanceVersion < u.warnedIn || w.BalanceVersion > a.balance.Version || w.RaisedAt.After(a.now) {
			return fmt.Sprintf("warning %d steps back or ahead: %+v", u.warnings, w)
		}
		u.warnedIn = w.BalanceVersion
	}
	b := a.balance
	limit, limited := a.limitInForce()
	for _, on := range []*models.Date{b.LimitReachedOn, b.BalanceEmptyOn} {
		if on != nil && b.Day.Before(*on) {
			return fmt.Sprintf("a line was crossed on %s, and it is %s", on, b.Day)
		}
	}
	switch {
	case b.Warnings != int64(u.warnings):
		return fmt.Sprintf("%d warnings, the balance knows %d", u.warnings, b.Warnings)
	case (b.LimitReachedOn != nil) != (limited && limit-b.Used < a.platform.Cheapest):
		return fmt.Sprintf("%d of %d used, reached on %v", b.Used, limit, b.LimitReachedOn)
	case (b.BalanceEmptyOn != nil) != (!b.Unlimited && b.Available < a.platform.Cheapest):
		return fmt.Sprintf("%d available, empty on %v", b.Available, b.BalanceEmptyOn)
	}
	return ""
}

func keepsItsKind(e models.LedgerEntry) bool {
	var drawn models.Tokens
	for _, draw := range e.Draws {
		drawn += draw.Tokens
	}
	allOrNone := drawn == 0 || drawn == e.Amount
	switch e.Kind {
	case models.EntryGrant:
		return e.Tokens == e.Amount+e.Debt && e.Debt <= 0 && e.Usage == 0 && drawn == 0
	case models.EntryReserve:
		return e.Tokens == -drawn && allOrNone && e.Debt == 0 && e.Usage == e.Amount
	case models.EntryCapture:
		return e.Tokens == 0 && allOrNone && e.Debt == 0 && e.Usage == 0
	case models.EntryRelease:
		return e.Tokens == drawn+e.Debt && allOrNone && e.Debt <= 0 && e.Usage == -e.Amount
	case models.EntryExpire:
		return e.Tokens == -e.Amount && e.Debt == 0 && e.Usage == 0 && drawn == 0
	case models.EntryRevoke:
		return e.Tokens == -drawn && e.Debt >= 0 && drawn+e.Debt <= e.Amount && e.Amount > 0 && e.Usage == 0 && e.Reason != nil
	case models.EntryReinstate:
		return e.Debt <= 0 && e.Tokens >= 0 && e.Tokens <= drawn && e.Tokens-e.Debt >= drawn && e.Tokens-e.Debt <= e.Amount &&
			e.Amount > 0 && e.Usage == 0 && e.Reason != nil
	default:
		return false
	}
}

func brokenGrants(a *Account) string {
	var remaining models.Tokens
	live := 0
	for _, g := range a.grants {
		remaining += g.Remaining
		switch {
		case min(g.Remaining, g.Held, g.Consumed, g.Expired, g.Revoked, g.PaidDebt) < 0:
			return fmt.Sprintf("something of a grant is negative: %+v", *g)
		case g.Tokens != g.Remaining+g.Held+g.Consumed+g.Expired+g.Revoked+g.PaidDebt:
			return fmt.Sprintf("a grant does not add up: %+v", *g)
		case g.Remaining > 0 && g.ExpiredAt(a.now):
			return fmt.Sprintf("expired tokens remain: %+v", *g)
		}
		if g.Remaining > 0 {
			live++
		}
	}
	switch {
	case remaining != a.balance.Available:
		return fmt.Sprintf("%d available, but %d remain of the grants", a.balance.Available, remaining)
	case live != len(a.live):
		return fmt.Sprintf("%d grants are live, %d in burn-down order", live, len(a.live))
	case !slices.IsSortedFunc(a.live, compareBurnDown):
		return "the burn-down order is broken"
	}
	return ""
}

func brokenReservations(a *Account) string {
	var reserved models.Tokens
	held := map[models.GrantID]models.Tokens{}
	for _, r := range a.reservations {
		var open, captured, released models.Tokens
		for _, part := range r.Parts {
			switch part.State {
			case models.PartHeld:
				open += part.Tokens
				for _, draw := range part.Draws {
					held[draw.GrantID] += draw.Tokens
				}
			case models.PartCaptured:
				captured += part.Tokens
			case models.PartReleased:
				released += part.Tokens
			}
		}
		reserved += open
		if r.Tokens != open+captured+released || r.Captured != captured || r.Released != released ||
			(r.FinishedAt != nil) != (open == 0) {
			return fmt.Sprintf("a reservation does not add up: %+v", *r)
		}
	}
	if reserved != a.balance.Reserved {
		return fmt.Sprintf("%d reserved, but %d by the reservations", a.balance.Reserved, reserved)
	}
	for id, g := range a.grants {
		if g.Held != held[id] {
			return fmt.Sprintf("%s holds %d, parts drew %d", id, g.Held, held[id])
		}
	}
	return ""
}
