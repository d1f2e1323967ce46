package ledger

import (
	"fmt"
	"slices"
	"time"

	"productgenerator/models"
)

// brokenRule names an invariant that an account, to which nothing was loaded but an empty balance, breaks; empty: none.
func brokenRule(a *Account) string {
	b := a.balance
	for _, rule := range []func(*Account) string{brokenLines, brokenGrants, brokenReservations} {
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

func brokenLines(a *Account) string {
	var sum, debt, used models.Tokens
	var at time.Time
	var version int64
	for i, e := range a.posted.entries {
		sum, debt = sum+e.Tokens, debt+e.Debt
		if e.Day == a.balance.Day {
			used += e.Usage
		}
		switch {
		case e.Sequence != int64(i+1):
			return fmt.Sprintf("line %d has number %d", i+1, e.Sequence)
		case e.OccurredAt.Before(at), e.BalanceVersion < version:
			return fmt.Sprintf("line %d steps back", e.Sequence)
		case e.BalanceAfter != sum, sum < 0:
			return fmt.Sprintf("line %d says %d are left, the lines %d", e.Sequence, e.BalanceAfter, sum)
		case !keepsItsKind(e):
			return fmt.Sprintf("line %d changes what its kind does not: %+v", e.Sequence, e)
		}
		at, version = e.OccurredAt, e.BalanceVersion
	}
	switch {
	case a.balance.Available != sum:
		return fmt.Sprintf("%d available, but %d by the lines", a.balance.Available, sum)
	case a.balance.Debt != debt:
		return fmt.Sprintf("debt of %d, but %d by the lines", a.balance.Debt, debt)
	case a.balance.Used != used:
		return fmt.Sprintf("%d used, but %d by the lines of the day", a.balance.Used, used)
	case a.balance.Version < version:
		return fmt.Sprintf("version %d, but %d of the newest line", a.balance.Version, version)
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
	default:
		return true // a test's own
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
