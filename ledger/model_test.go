package ledger

import (
	"slices"
	"time"

	"productgenerator/models"
)

// model is what an account must do, written as naively as it can be: token by token, and every figure counted anew
// from what happened. It shares no rule with the account.
type model struct {
	modelDays
	modelWarnings
	now          time.Time
	grants       []*modelGrant
	reservations []*modelReservation
	defaultLimit models.Limit
	custom       *models.Limit
	own          models.Limit
	unlimited    bool
	debt         int
	threshold    int
	members      map[models.UserID]models.Limit
}

type modelGrant struct {
	id                                     models.GrantID
	bought                                 bool
	expires                                *time.Time
	made                                   int // counts grants
	tokens                                 int
	free, held, consumed, expired, paidFor int
	revoked                                int // for whatever grant's sake
	modelReclaim
}

type modelReservation struct {
	id        models.GenerationID
	actor     models.UserID
	product   models.ProductID
	operation models.Operation
	day       models.Date
	unlimited bool
	parts     []*modelPart
	first     models.Part // that was captured; empty: none
}

type modelPart struct {
	part  models.Part
	state models.ReservedPartState
	cost  int
	drawn []*modelGrant // the grant of each token
}

func (m *model) day() models.Date { return m.calendar.dayAt(m.now) }

func (m *model) advance(now time.Time) {
	if now.After(m.now) {
		m.now = now
	}
	m.enterZone(m.now)
	for _, g := range m.grants {
		if g.lapsed(m.now) {
			g.expired += g.free
			g.free = 0
		}
	}
}

func (g *modelGrant) lapsed(now time.Time) bool { return g.expires != nil && !now.Before(*g.expires) }

func (m *model) issue(id models.GrantID, tokens int, bought bool, expires *time.Time) {
	g := &modelGrant{id: id, bought: bought, expires: expires, made: len(m.grants), tokens: tokens}
	m.grants = append(m.grants, g)
	for range tokens {
		m.put(g)
	}
}

// put gives one token to its grant: it lapses, or pays debt, or is free.
func (m *model) put(g *modelGrant) {
	switch {
	case g.lapsed(m.now):
		g.expired++
	case m.debt > 0:
		m.debt--
		g.paidFor++
	default:
		g.free++
	}
}

// keep gives one token to its grant that pays no debt.
func (m *model) keep(g *modelGrant) {
	if g.lapsed(m.now) {
		g.expired++
	} else {
		g.free++
	}
}

// next is the grant whose token is spent next; nil: nothing is left.
func (m *model) next() (best *modelGrant) {
	for _, g := range m.grants {
		if g.free > 0 && (best == nil || g.before(best)) {
			best = g
		}
	}
	return best
}

func (g *modelGrant) before(other *modelGrant) bool {
	if g.expires != nil && other.expires == nil {
		return true
	}
	if g.expires == nil && other.expires != nil {
		return false
	}
	if g.expires != nil && !g.expires.Equal(*other.expires) {
		return g.expires.Before(*other.expires)
	}
	if g.bought != other.bought {
		return other.bought
	}
	return g.made < other.made
}

func (m *model) available() (free int) {
	for _, g := range m.grants {
		free += g.free
	}
	return free
}

func (m *model) reserved() (reserved int) {
	for _, r := range m.reservations {
		for _, p := range r.parts {
			if p.state == models.PartHeld {
				reserved += p.cost
			}
		}
	}
	return reserved
}

// used is the use of a day by a member; an empty one: by all.
func (m *model) used(day models.Date, member models.UserID) (used int) {
	for _, r := range m.reservations {
		if r.day != day || member != "" && r.actor != member {
			continue
		}
		for _, p := range r.parts {
			if p.state != models.PartReleased {
				used += p.cost
			}
		}
	}
	return used
}

// limit is the team's limit of a day; false: there is none.
func (m *model) limit() (limit int, limited bool) {
	allowed := m.defaultLimit
	if m.custom != nil {
		allowed = *m.custom
	}
	for _, some := range []models.Limit{allowed, m.own} {
		if tokens, ok := some.Tokens(); ok && (!limited || int(tokens) < limit) {
			limit, limited = int(tokens), true
		}
	}
	return limit, limited
}

// blocks is what stands in the way of spending: each code with the figure that is left, the member's limit apart.
type block struct {
	code   models.BlockerCode
	left   int
	member models.UserID
}

func (m *model) blocks(actor models.UserID, cost int) (blocks []block) {
	if !m.unlimited && m.debt > 0 {
		blocks = append(blocks, block{models.BlockerInDebt, m.debt, ""})
	}
	if !m.unlimited && m.available() < cost {
		blocks = append(blocks, block{models.BlockerInsufficientTokens, m.available(), ""})
	}
	if limit, limited := m.limit(); limited {
		if left := max(0, limit-m.used(m.day(), "")); cost > left {
			blocks = append(blocks, block{models.BlockerDailyLimitReached, left, ""})
		}
	}
	if limit, limited := m.members[actor].Tokens(); limited {
		if left := max(0, int(limit)-m.used(m.day(), actor)); cost > left {
			blocks = append(blocks, block{models.BlockerDailyLimitReached, left, actor})
		}
	}
	return blocks
}

func (m *model) reserve(actor models.UserID, requests []ReserveRequest) []block {
	cost := 0
	for _, request := range requests {
		for _, part := range request.Parts {
			cost += int(part.Tokens)
		}
	}
	if blocks := m.blocks(actor, cost); blocks != nil {
		return blocks
	}
	usedBefore := m.used(m.day(), actor)
	for _, request := range requests {
		r := &modelReservation{
			id: request.Generation, actor: actor, product: request.Product, operation: request.Operation,
			day: m.day(), unlimited: m.unlimited,
		}
		for _, part := range request.Parts {
			p := &modelPart{part: part.Part, state: models.PartHeld, cost: int(part.Tokens)}
			for n := 0; n < p.cost && !m.unlimited; n++ {
				g := m.next()
				g.free--
				g.held++
				p.drawn = append(p.drawn, g)
			}
			r.parts = append(r.parts, p)
		}
		m.reservations = append(m.reservations, r)
	}
	m.spent = true
	m.warnMember(actor, m.members[actor], usedBefore)
	return nil
}

// share sets what a member may use of a day.
func (m *model) share(who models.UserID, limit models.Limit) {
	before := m.members[who]
	m.members[who] = limit
	m.warnMember(who, before, m.used(m.day(), who))
}

// settle captures or releases a part, or returns what stands in the way.
func (m *model) settle(id models.GenerationID, part models.Part, state models.ReservedPartState) error {
	at := slices.IndexFunc(m.reservations, func(r *modelReservation) bool { return r.id == id })
	if at < 0 {
		return ErrNotReserved
	}
	for _, p := range m.reservations[at].parts {
		if p.part != part {
			continue
		}
		if p.state != models.PartHeld {
			return ErrSettled
		}
		p.state = state
		if state == models.PartCaptured && m.reservations[at].first == "" {
			m.reservations[at].first = part
		}
		returned := map[*modelGrant]int{}
		for _, g := range p.drawn {
			g.held--
			switch {
			case state == models.PartCaptured:
				g.consumed++
			case returned[g] < g.waits:
				returned[g]++
				m.keep(g)
			default:
				m.put(g)
			}
		}
		m.settleReclaims(p, returned)
		return nil
	}
	return ErrNotReserved
}

func (m *model) status() models.BalanceStatus {
	limit, limited := m.limit()
	used := m.used(m.day(), "")
	switch {
	case !m.unlimited && (m.debt > 0 || m.available() < int(cheapest)), limited && limit-used < int(cheapest):
		return models.StatusEmpty
	case !m.unlimited && m.available() <= m.threshold, limited && 10*used >= 8*limit:
		return models.StatusLow
	default:
		return models.StatusSufficient
	}
}
