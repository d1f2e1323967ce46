package ledger

// modelReclaim is what is taken back of a grant, token by token: where each was found.
type modelReclaim struct {
	waits     int           // for parts that hold tokens of the grant
	void      int           // had lapsed
	owes      int           // made debt
	took      []*modelGrant // the grant that each of the others was taken from
	corrected int           // for good
}

// size is how many tokens are taken back.
func (r *modelReclaim) size() int { return r.waits + r.void + r.owes + len(r.took) }

// patient says whether one more token, or the newest, is one that only held ones can meet.
func (g *modelGrant) patient(reclaimed int) bool { return g.waits < reclaimed+g.held-g.tokens }

// reclaim has so many tokens of a grant taken back in all.
func (m *model) reclaim(g *modelGrant, target int) {
	target = min(max(target, g.corrected), g.tokens)
	for g.size() < target {
		if g.patient(g.size() + 1) {
			g.waits++
		} else {
			m.seize(g)
		}
	}
	for g.size() > target {
		m.reinstate(g)
	}
}

// seize finds one token that is to be taken back.
func (m *model) seize(g *modelGrant) {
	from := m.next()
	switch {
	case g.free > 0:
		from = g
	case g.expired > g.void:
		g.void++
		return
	case from == nil:
		g.owes++
		m.debt++
		return
	}
	from.free--
	from.revoked++
	g.took = append(g.took, from)
}

// reinstate lets one token come back.
func (m *model) reinstate(g *modelGrant) {
	last := g.lastTaken()
	switch {
	case g.waits > 0 && !g.patientBut(g.size()-1):
		g.waits--
	case g.owes > 0 && m.debt > 0:
		g.owes--
		m.debt--
	case g.owes > 0:
		g.owes--
		payer := m.payer()
		payer.paidFor--
		m.put(payer)
	case last >= 0 && g.took[last] != g:
		m.giveBack(g, last)
	case g.void > 0:
		g.void--
	default:
		m.giveBack(g, last)
	}
}

// patientBut says whether all tokens that wait still have to, where so many are taken back.
func (g *modelGrant) patientBut(reclaimed int) bool {
	return g.waits <= max(0, reclaimed+g.held-g.tokens)
}

func (m *model) giveBack(g *modelGrant, at int) {
	from := g.took[at]
	g.took = append(g.took[:at], g.took[at+1:]...)
	from.revoked--
	m.put(from)
}

// lastTaken is the place of the token that comes back next: of another grant, and of those of the one that is spent
// last; the grant's own where there is no other; -1: none was taken.
func (g *modelGrant) lastTaken() int {
	last := -1
	for i, from := range g.took {
		if last < 0 || g.took[last] == g || from != g && g.took[last].before(from) {
			last = i
		}
	}
	return last
}

// payer is the grant that gets a token back that paid debt which is forgiven: the newest that has not lapsed, else the
// newest.
func (m *model) payer() (payer *modelGrant) {
	for _, g := range m.grants {
		if g.paidFor > 0 && (payer == nil || payer.lapsed(m.now) || !g.lapsed(m.now)) {
			payer = g
		}
	}
	return payer
}

// revoke takes back what is free of a grant, for good, and returns how many that are.
func (m *model) revoke(g *modelGrant) (taken int) {
	for g.free > 0 && g.size() < g.tokens && !g.patient(g.size()+1) {
		m.seize(g)
		taken++
	}
	if taken > 0 {
		g.corrected = g.size()
	}
	return taken
}

// settleReclaims finds elsewhere, or among what came back, the tokens for which a settled part was waited.
func (m *model) settleReclaims(p *modelPart, returned map[*modelGrant]int) {
	for _, g := range p.drawn {
		for ; returned[g] > 0; returned[g]-- {
			g.waits--
			m.seize(g)
		}
		for !g.patientBut(g.size()) {
			g.waits--
			m.seize(g)
		}
	}
}
