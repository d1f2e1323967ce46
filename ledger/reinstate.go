package ledger

import (
	"cmp"
	"slices"

	"productgenerator/models"
)

// reclaimKey names tokens that were taken from one grant for what is to be taken back of another, or of itself.
type reclaimKey struct{ grant, from models.GrantID }

// addReclaims loads what was taken from which grants for what is to be taken back of one. Those grants must be loaded,
// and all that have paid debt. Only then can the grant be reclaimed or revoked.
func (a *Account) addReclaims(grant models.GrantID, taken ...models.Reclaim) {
	rows := a.loadReclaims(grant)
	for _, row := range taken {
		rows[row.FromGrantID] = row.Tokens
	}
}

func (a *Account) loadReclaims(grant models.GrantID) map[models.GrantID]models.Tokens {
	if a.reclaims == nil {
		a.reclaims = map[models.GrantID]map[models.GrantID]models.Tokens{}
	}
	if a.reclaims[grant] == nil {
		a.reclaims[grant] = map[models.GrantID]models.Tokens{}
	}
	return a.reclaims[grant]
}

// reinstate lowers by that many how many of the grant's tokens are taken back. What was taken last comes back first:
// what waits, the debt, what was taken from other grants, what had lapsed, and what was the grant's own. Tokens that
// come back pay other debt first, and lapse at once where their grant has expired.
func (a *Account) reinstate(grant *models.Grant, tokens models.Tokens, cause Cause) {
	owed := a.incurred(grant)
	back := &homecoming{account: a, debt: a.balance.Debt}
	rest := tokens
	grant.Reclaimed -= tokens
	a.touchGrant(grant)

	waiting := grant.ReclaimHeld - min(grant.ReclaimHeld, heldOnly(grant))
	grant.ReclaimHeld -= waiting
	rest -= waiting

	forgiven := min(rest, owed)
	back.forgive(forgiven)
	rest -= forgiven

	owners := a.takenFrom(grant)
	for _, owner := range owners {
		if owner != grant {
			rest -= back.from(grant, owner, rest)
		}
	}
	lapsed := min(rest, grant.ReclaimVoid)
	grant.ReclaimVoid -= lapsed
	rest -= lapsed
	back.from(grant, grant, rest)

	a.post(models.LedgerEntry{
		Kind: models.EntryReinstate, Amount: tokens, Tokens: sumOf(back.draws) - back.paid, Debt: back.debt - a.balance.Debt,
		Draws: back.draws, ActorID: cause.Actor, GrantID: &grant.ID, Day: a.balance.Day, Note: cause.Note, Reason: &cause.Reason,
	})
	for _, draw := range back.lapsing {
		a.lapse(a.grants[draw.GrantID], draw.Tokens)
	}
}

// incurred is how much debt what is to be taken back of a grant has made, whether or not it was paid meanwhile.
func (a *Account) incurred(grant *models.Grant) models.Tokens {
	debt := grant.Reclaimed - grant.ReclaimHeld - grant.ReclaimVoid
	for _, tokens := range a.reclaims[grant.ID] {
		debt -= tokens
	}
	return debt
}

// takenFrom lists the grants that tokens were taken from for what is to be taken back of one, those that burn down last
// first.
func (a *Account) takenFrom(grant *models.Grant) []*models.Grant {
	var owners []*models.Grant
	for id, tokens := range a.reclaims[grant.ID] {
		if tokens > 0 {
			owners = append(owners, a.grants[id])
		}
	}
	slices.SortFunc(owners, func(x, y *models.Grant) int { return compareBurnDown(y, x) })
	return owners
}

// homecoming is tokens that come back to their grants.
type homecoming struct {
	account *Account
	debt    models.Tokens // what the team still owes
	paid    models.Tokens // of it by what came back
	draws   []models.Draw // what came back to which grant
	lapsing []models.Draw // of it to grants that have expired
}

// forgive cancels debt. What of it was paid meanwhile comes back to the grants that paid, and first to those that have
// not expired; among them to the newest.
func (h *homecoming) forgive(tokens models.Tokens) {
	open := min(tokens, h.debt)
	h.debt -= open
	tokens -= open
	for _, payer := range h.account.payers() {
		if tokens == 0 {
			return
		}
		returned := min(tokens, payer.PaidDebt)
		payer.PaidDebt -= returned
		tokens -= returned
		h.comes(payer, returned)
	}
}

// payers lists the grants that have paid debt.
func (a *Account) payers() []*models.Grant {
	var payers []*models.Grant
	for _, grant := range a.grants {
		if grant.PaidDebt > 0 {
			payers = append(payers, grant)
		}
	}
	slices.SortFunc(payers, func(x, y *models.Grant) int {
		if gone := x.ExpiredAt(a.now); gone != y.ExpiredAt(a.now) {
			if gone {
				return 1
			}
			return -1
		}
		return cmp.Or(y.CreatedAt.Compare(x.CreatedAt), cmp.Compare(y.ID, x.ID))
	})
	return payers
}

// from gives an owner back at most that many of its tokens that were taken for a grant, and returns how many.
func (h *homecoming) from(grant, owner *models.Grant, tokens models.Tokens) models.Tokens {
	tokens = min(tokens, h.account.reclaims[grant.ID][owner.ID])
	if tokens > 0 {
		h.account.moveReclaimed(grant, owner, -tokens)
		h.comes(owner, tokens)
	}
	return tokens
}

// comes gives tokens back to a grant, which pays debt with them unless it has expired.
func (h *homecoming) comes(grant *models.Grant, tokens models.Tokens) {
	payment := min(h.debt, tokens)
	draw := models.Draw{GrantID: grant.ID, Tokens: tokens}
	if grant.ExpiredAt(h.account.now) {
		payment = 0
		h.lapsing = mergeDraws(h.lapsing, []models.Draw{draw})
	}
	grant.PaidDebt += payment
	grant.Remaining += tokens - payment
	h.debt -= payment
	h.paid += payment
	h.draws = mergeDraws(h.draws, []models.Draw{draw})
	h.account.touchGrant(grant)
	if grant.Remaining > 0 {
		h.account.insertLive(grant)
	}
}
