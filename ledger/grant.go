package ledger

import (
	"cmp"
	"slices"
	"time"

	"productgenerator/models"
)

// Issue adds a grant to the account. Debt is paid first; what is left can be spent. A grant that has expired already
// pays nothing and lapses at once. actor is nil for the system.
func (a *Account) Issue(grant models.Grant, actor *models.UserID) {
	expired := grant.ExpiredAt(a.now)
	paid := min(a.balance.Debt, grant.Tokens)
	if expired {
		paid = 0
	}
	grant.TeamID = a.balance.TeamID
	grant.PaidDebt = paid
	grant.Remaining = grant.Tokens - paid
	grant.CreatedBy = actor
	grant.CreatedAt = a.now
	a.addGrant(&grant)
	a.posted.grants[grant.ID] = true
	a.post(models.LedgerEntry{
		Kind: models.EntryGrant, Amount: grant.Tokens, Tokens: grant.Remaining, Debt: -paid,
		ActorID: actor, GrantID: &grant.ID, Day: a.balance.Day, Note: grant.Note,
	})
	if expired {
		a.lapse(&grant, grant.Remaining)
	}
}

// compareBurnDown is the burn-down order: soonest expiry first, none last; then bonus before bought; then older first;
// then by id.
func compareBurnDown(a, b *models.Grant) int {
	return cmp.Or(
		compareExpiry(a.ExpiresAt, b.ExpiresAt),
		compareBought(a.Source, b.Source),
		a.CreatedAt.Compare(b.CreatedAt),
		cmp.Compare(a.ID, b.ID),
	)
}

func compareExpiry(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(*b)
	}
}

func compareBought(a, b models.GrantSource) int {
	switch {
	case a.Bought() == b.Bought():
		return 0
	case a.Bought():
		return 1
	default:
		return -1
	}
}

// insertLive puts a grant that has tokens remaining into its place in the burn-down order.
func (a *Account) insertLive(grant *models.Grant) {
	at, found := slices.BinarySearchFunc(a.live, grant, compareBurnDown)
	if !found {
		a.live = slices.Insert(a.live, at, grant)
	}
}

// dropSpent takes grants without remaining tokens out of the burn-down order.
func (a *Account) dropSpent() {
	a.live = slices.DeleteFunc(a.live, func(grant *models.Grant) bool { return grant.Remaining == 0 })
}

// expiredBy lists the live grants that have expired by then. They stand first in the burn-down order.
func (a *Account) expiredBy(now time.Time) []*models.Grant {
	n := 0
	for n < len(a.live) && a.live[n].ExpiredAt(now) {
		n++
	}
	return slices.Clone(a.live[:n])
}

// lapse takes that many of the grant's remaining tokens out of the account for good.
func (a *Account) lapse(grant *models.Grant, tokens models.Tokens) {
	grant.Remaining -= tokens
	grant.Expired += tokens
	a.touchGrant(grant)
	a.dropSpent()
	a.post(models.LedgerEntry{
		Kind: models.EntryExpire, Amount: tokens, Tokens: -tokens,
		GrantID: &grant.ID, Day: a.balance.Day,
	})
}

// draw takes tokens from the live grants in burn-down order and holds them. The account must own that many.
func (a *Account) draw(tokens models.Tokens) []models.Draw {
	var draws []models.Draw
	for _, grant := range a.live {
		if tokens == 0 {
			break
		}
		taken := min(tokens, grant.Remaining)
		if taken == 0 {
			continue
		}
		grant.Remaining -= taken
		grant.Held += taken
		tokens -= taken
		a.touchGrant(grant)
		draws = append(draws, models.Draw{GrantID: grant.ID, Tokens: taken})
	}
	return draws
}

func (a *Account) touchGrant(grant *models.Grant) {
	if _, touched := a.posted.grants[grant.ID]; !touched {
		a.posted.grants[grant.ID] = false
	}
}
