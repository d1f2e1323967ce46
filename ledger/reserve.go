package ledger

import (
	"fmt"

	"productgenerator/models"
)

// PartCost is what one part of an operation costs.
type PartCost struct {
	Part   models.Part
	Tokens models.Tokens
}

// ReserveRequest asks to hold the whole cost of one generation.
type ReserveRequest struct {
	Generation models.GenerationID
	Product    models.ProductID
	Operation  models.Operation
	Parts      []PartCost // in the order of the API's enum, in which they draw on grants
}

func (r ReserveRequest) tokens() (total models.Tokens) {
	for _, part := range r.Parts {
		total += part.Tokens
	}
	return total
}

// Reserve holds the cost of all requests for the actor, or of none: then it returns a *models.Refusal that lists every
// blocker, and nothing has changed.
func (a *Account) Reserve(actor models.UserID, requests ...ReserveRequest) error {
	var total models.Tokens
	for _, request := range requests {
		total += request.tokens()
	}
	if blockers := a.Blockers(actor, total); len(blockers) > 0 {
		return &models.Refusal{Blockers: blockers}
	}
	before := a.Member(actor)
	for _, request := range requests {
		a.reserveOne(actor, request)
	}
	a.dropSpent()
	a.posted.spent = true
	a.warnMember(actor, before, a.Member(actor))
	return nil
}

func (a *Account) reserveOne(actor models.UserID, request ReserveRequest) {
	reservation := &models.Reservation{
		GenerationID: request.Generation,
		TeamID:       a.balance.TeamID,
		ActorID:      actor,
		ProductID:    request.Product,
		Operation:    request.Operation,
		Day:          a.balance.Day,
		Unlimited:    a.balance.Unlimited,
		Tokens:       request.tokens(),
		Parts:        make([]models.ReservedPart, len(request.Parts)),
		CreatedAt:    a.now,
	}
	var drawn []models.Draw
	for i, part := range request.Parts {
		held := models.ReservedPart{Part: part.Part, Tokens: part.Tokens, State: models.PartHeld}
		if !reservation.Unlimited {
			held.Draws = a.draw(part.Tokens)
			drawn = mergeDraws(drawn, held.Draws)
		}
		reservation.Parts[i] = held
	}
	a.reservations[reservation.GenerationID] = reservation
	a.posted.reservations[reservation.GenerationID] = true
	a.balance.Reserved += reservation.Tokens
	a.use(actor, reservation.Day, reservation.Tokens)
	entry := a.entryOf(reservation, models.EntryReserve, reservation.Tokens)
	entry.Draws, entry.Usage = drawn, reservation.Tokens
	if !reservation.Unlimited {
		entry.Tokens = -reservation.Tokens
	}
	a.post(entry)
}

// Capture pays the part out of its reservation. It returns ErrSettled if the part was captured or released before;
// then nothing changes.
func (a *Account) Capture(id models.GenerationID, part models.Part) error {
	reservation, held, err := a.heldPart(id, part)
	if err != nil {
		return err
	}
	for _, draw := range held.Draws {
		grant := a.grants[draw.GrantID]
		grant.Held -= draw.Tokens
		grant.Consumed += draw.Tokens
		a.touchGrant(grant)
	}
	held.State = models.PartCaptured
	a.consume(reservation, held)
	reservation.Captured += held.Tokens
	a.settle(reservation, held)
	entry := a.entryOf(reservation, models.EntryCapture, held.Tokens)
	entry.Part, entry.Draws = &held.Part, held.Draws
	a.post(entry)
	a.reclaimCaptured(id, held.Draws)
	return nil
}

// Release gives the part's tokens back to the grants and the day that they came from. What was to be taken back of them
// is revoked at once, debt is paid first, and what comes back to a grant that has expired meanwhile lapses at once. It returns ErrSettled if the part was captured or
// released before; then nothing changes.
func (a *Account) Release(id models.GenerationID, part models.Part) error {
	reservation, held, err := a.heldPart(id, part)
	if err != nil {
		return err
	}
	var returned, paid models.Tokens
	var lapsing, awaited []models.Draw
	for _, draw := range held.Draws {
		grant := a.grants[draw.GrantID]
		grant.Held -= draw.Tokens
		revoked := min(draw.Tokens, grant.ReclaimHeld)
		if revoked > 0 {
			grant.ReclaimHeld -= revoked
			awaited = append(awaited, models.Draw{GrantID: grant.ID, Tokens: revoked})
		}
		payment := models.Tokens(0)
		if grant.ExpiredAt(a.now) {
			lapsing = append(lapsing, draw)
		} else {
			payment = min(a.balance.Debt-paid, draw.Tokens-revoked)
		}
		grant.PaidDebt += payment
		grant.Remaining += draw.Tokens - payment
		paid += payment
		returned += draw.Tokens - payment
		a.touchGrant(grant)
		if grant.Remaining > 0 {
			a.insertLive(grant)
		}
	}
	held.State = models.PartReleased
	reservation.Released += held.Tokens
	a.settle(reservation, held)
	a.use(reservation.ActorID, reservation.Day, -held.Tokens)
	entry := a.entryOf(reservation, models.EntryRelease, held.Tokens)
	entry.Part, entry.Draws = &held.Part, held.Draws
	entry.Tokens, entry.Debt, entry.Usage = returned, -paid, -held.Tokens
	a.post(entry)
	for _, draw := range lapsing {
		a.lapse(a.grants[draw.GrantID], draw.Tokens)
	}
	a.revokeReturned(id, awaited)
	return nil
}

// heldPart finds a part that can still be settled, or returns ErrSettled or ErrNotReserved.
func (a *Account) heldPart(id models.GenerationID, part models.Part) (*models.Reservation, *models.ReservedPart, error) {
	reservation := a.reservations[id]
	if reservation == nil {
		return nil, nil, fmt.Errorf("%s of %s: %w", part, id, ErrNotReserved)
	}
	for i := range reservation.Parts {
		held := &reservation.Parts[i]
		if held.Part != part {
			continue
		}
		if held.State != models.PartHeld {
			return nil, nil, ErrSettled
		}
		return reservation, held, nil
	}
	return nil, nil, fmt.Errorf("%s of %s: %w", part, id, ErrNotReserved)
}

// settle books that a held part is no longer held, and finishes the reservation with its last part.
func (a *Account) settle(reservation *models.Reservation, held *models.ReservedPart) {
	a.balance.Reserved -= held.Tokens
	if reservation.Held() == 0 {
		now := a.now
		reservation.FinishedAt = &now
	}
	if _, touched := a.posted.reservations[reservation.GenerationID]; !touched {
		a.posted.reservations[reservation.GenerationID] = false
	}
}

// entryOf begins a ledger entry that a reservation causes. It counts for the reservation's day.
func (a *Account) entryOf(reservation *models.Reservation, kind models.LedgerEntryKind, amount models.Tokens) models.LedgerEntry {
	return models.LedgerEntry{
		Kind: kind, Amount: amount, Operation: &reservation.Operation,
		ActorID: &reservation.ActorID, GenerationID: &reservation.GenerationID, Day: reservation.Day,
	}
}

// mergeDraws adds draws to a list that names each grant once.
func mergeDraws(into, draws []models.Draw) []models.Draw {
next:
	for _, draw := range draws {
		for i := range into {
			if into[i].GrantID == draw.GrantID {
				into[i].Tokens += draw.Tokens
				continue next
			}
		}
		into = append(into, draw)
	}
	return into
}
