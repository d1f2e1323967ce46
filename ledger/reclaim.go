package ledger

import (
	"errors"
	"fmt"

	"productgenerator/models"
)

// ErrNotGranted says that the account holds no such grant, or that the change did not name it among its Grants.
var ErrNotGranted = errors.New("no such grant is in the account")

// Cause is why tokens are taken back or come back, and on whose behalf.
type Cause struct {
	Actor  *models.UserID // nil: the system
	Reason models.EntryReason
	Note   *string // in the words of who did it
}

// Grant is a copy of a grant that is loaded into the account.
func (a *Account) Grant(id models.GrantID) (models.Grant, bool) {
	grant := a.grants[id]
	if grant == nil {
		return models.Grant{}, false
	}
	return *grant, true
}

// Reclaim has that many of the grant's tokens taken back in all, at most all of them and at least as many as were
// revoked for good: it takes back what is missing from what was taken before, or reinstates what was too much. It returns
// ErrNotGranted if the account holds no such grant.
//
// What is taken back comes out of what remains of the grant; then what has lapsed of it counts; then the team's other
// grants are taken from in burn-down order; what is left is debt. What only tokens that are still reserved could meet
// waits for their parts: it is revoked when they are released and taken elsewhere when they are captured. Reinstating
// goes the same way back.
func (a *Account) Reclaim(id models.GrantID, tokens models.Tokens, cause Cause) error {
	grant, err := a.reclaimable(id)
	if err != nil {
		return err
	}
	target := min(max(tokens, grant.Corrected), grant.Tokens)
	switch {
	case target > grant.Reclaimed:
		a.takeBack(grant, target-grant.Reclaimed, cause)
	case target < grant.Reclaimed:
		a.reinstate(grant, grant.Reclaimed-target, cause)
	}
	return nil
}

// Revoke takes back what remains of the grant, for good: whatever is reclaimed or reinstated later, as many tokens as
// are taken back behind it stay taken back. It returns how many it took, or ErrNotGranted. No more is taken back of a
// grant than its tokens in all: what remains of a grant that others stood in for is theirs, and stays.
func (a *Account) Revoke(id models.GrantID, cause Cause) (models.Tokens, error) {
	grant, err := a.reclaimable(id)
	if err != nil {
		return 0, err
	}
	tokens := min(grant.Remaining, grant.Tokens-grant.Reclaimed-(grant.Held-grant.ReclaimHeld))
	if tokens <= 0 {
		return 0, nil
	}
	a.takeBack(grant, tokens, cause)
	grant.Corrected = grant.Reclaimed
	return tokens, nil
}

// reclaimable finds a grant of which all is loaded that taking it back can touch.
func (a *Account) reclaimable(id models.GrantID) (*models.Grant, error) {
	grant := a.grants[id]
	if grant == nil || a.reclaims[id] == nil && !a.posted.grants[id] {
		return nil, fmt.Errorf("%s: %w", id, ErrNotGranted)
	}
	return grant, nil
}

// takeBack raises by that many how many of the grant's tokens are taken back.
func (a *Account) takeBack(grant *models.Grant, tokens models.Tokens, cause Cause) {
	grant.Reclaimed += tokens
	grant.ReclaimReason = &cause.Reason
	waiting := min(tokens, max(0, heldOnly(grant)-grant.ReclaimHeld))
	grant.ReclaimHeld += waiting
	a.touchGrant(grant)
	draws, debt := a.seize(grant, tokens-waiting)
	a.post(a.revokeEntry(grant, tokens, draws, debt, cause))
}

// heldOnly is how many of the tokens that are to be taken back of a grant only those can meet that are still reserved:
// what exceeds the rest of the grant.
func heldOnly(grant *models.Grant) models.Tokens {
	return max(0, grant.Reclaimed+grant.Held-grant.Tokens)
}

// seize meets that many of the tokens that are to be taken back of a grant. It returns what it took from which grants,
// and what is debt.
func (a *Account) seize(grant *models.Grant, tokens models.Tokens) (draws []models.Draw, debt models.Tokens) {
	from := func(owner *models.Grant) {
		taken := min(tokens, owner.Remaining)
		if taken == 0 {
			return
		}
		owner.Remaining -= taken
		a.moveReclaimed(grant, owner, taken)
		tokens -= taken
		draws = append(draws, models.Draw{GrantID: owner.ID, Tokens: taken})
	}
	from(grant)
	lapsed := min(tokens, grant.Expired-grant.ReclaimVoid)
	grant.ReclaimVoid += lapsed
	tokens -= lapsed
	for _, other := range a.live {
		from(other)
	}
	a.dropSpent()
	return draws, tokens
}

// moveReclaimed books that tokens of an owner were taken for what is to be taken back of a grant; negative: that they
// came back.
func (a *Account) moveReclaimed(grant, owner *models.Grant, tokens models.Tokens) {
	owner.Revoked += tokens
	a.touchGrant(owner)
	rows := a.reclaims[grant.ID]
	if rows == nil && a.posted.grants[grant.ID] {
		rows = a.loadReclaims(grant.ID)
	}
	if rows != nil {
		rows[owner.ID] += tokens
	}
	if a.posted.reclaims == nil {
		a.posted.reclaims = map[reclaimKey]models.Tokens{}
	}
	a.posted.reclaims[reclaimKey{grant.ID, owner.ID}] += tokens
}

func (a *Account) revokeEntry(grant *models.Grant, amount models.Tokens, draws []models.Draw, debt models.Tokens, cause Cause) models.LedgerEntry {
	return models.LedgerEntry{
		Kind: models.EntryRevoke, Amount: amount, Tokens: -sumOf(draws), Debt: debt, Draws: draws,
		ActorID: cause.Actor, GrantID: &grant.ID, Day: a.balance.Day, Note: cause.Note, Reason: &cause.Reason,
	}
}

func sumOf(draws []models.Draw) (tokens models.Tokens) {
	for _, draw := range draws {
		tokens += draw.Tokens
	}
	return tokens
}

// revokeReturned takes back tokens that were waited for, now that a generation has given them back to their grants.
func (a *Account) revokeReturned(generation models.GenerationID, awaited []models.Draw) {
	for _, back := range awaited {
		a.seizeSettled(generation, a.grants[back.GrantID], back.Tokens)
	}
}

// reclaimCaptured takes elsewhere what can no longer be met by tokens that a generation has held with these draws.
func (a *Account) reclaimCaptured(generation models.GenerationID, draws []models.Draw) {
	for _, draw := range draws {
		grant := a.grants[draw.GrantID]
		if lost := grant.ReclaimHeld - heldOnly(grant); lost > 0 {
			grant.ReclaimHeld -= lost
			a.seizeSettled(generation, grant, lost)
		}
	}
}

// seizeSettled meets tokens for which a generation was waited for. Its line names the generation, unlike the one that
// said first that they are taken back. Where only lapsed tokens meet them, the ledger says nothing.
func (a *Account) seizeSettled(generation models.GenerationID, grant *models.Grant, tokens models.Tokens) {
	draws, debt := a.seize(grant, tokens)
	if amount := sumOf(draws) + debt; amount > 0 {
		entry := a.revokeEntry(grant, amount, draws, debt, Cause{Reason: *grant.ReclaimReason})
		entry.GenerationID = &generation
		a.post(entry)
	}
}

// Raise stores a warning that something other than the account's figures causes. The account fills in whose it is, its
// sequence, version and instant.
func (a *Account) Raise(warning models.LimitWarning) { a.raise(warning, nil) }
