package ledger

import (
	"errors"
	"fmt"

	"productgenerator/models"
)

// takeBack changes how many tokens of some grant are taken back, mostly of one of the newest: as a refund or a dispute
// does, or for good as an administrator does.
func (tr *trial) takeBack() command {
	grants := tr.model.grants
	if len(grants) == 0 || tr.chance.IntN(60) == 0 {
		return command{
			grant: "none",
			apply: func(a *Account) error { return a.Reclaim("none", 1, Cause{Reason: models.ReasonRefund}) },
			expect: func(err error) string {
				if !errors.Is(err, ErrNotGranted) {
					return fmt.Sprintf("took back of no grant: %v", err)
				}
				return ""
			},
		}
	}
	among := len(grants)
	if tr.chance.IntN(3) > 0 {
		among = min(among, 6)
	}
	g := grants[len(grants)-1-tr.chance.IntN(among)]
	if tr.chance.IntN(6) == 0 {
		return tr.revoke(g)
	}
	target := tr.chance.IntN(g.tokens + 1)
	switch tr.chance.IntN(4) {
	case 0:
		target = 0
	case 1:
		target = g.tokens + tr.chance.IntN(2)
	}
	return command{
		actor: tr.somebody(), grant: g.id,
		apply: func(a *Account) error {
			return a.Reclaim(g.id, models.Tokens(target), Cause{Reason: models.ReasonRefund})
		},
		expect: func(err error) string {
			tr.model.reclaim(g, target)
			return unexpected(err)
		},
	}
}

func (tr *trial) revoke(g *modelGrant) command {
	var revoked models.Tokens
	return command{
		actor: tr.somebody(), grant: g.id,
		apply: func(a *Account) (err error) {
			revoked, err = a.Revoke(g.id, Cause{Reason: models.ReasonCorrection})
			return err
		},
		expect: func(err error) string {
			if taken := tr.model.revoke(g); taken != int(revoked) {
				return fmt.Sprintf("revoked %d of %s, the model %d", revoked, g.id, taken)
			}
			return unexpected(err)
		},
	}
}

// brokenReclaims checks that what is taken back was found somewhere, and that what was not is the debt.
func brokenReclaims(a *Account) string {
	revoked := map[models.GrantID]models.Tokens{}
	var incurred, paid models.Tokens
	for id, g := range a.grants {
		for from, tokens := range a.reclaims[id] {
			if tokens < 0 {
				return fmt.Sprintf("%d taken from %s for %s", tokens, from, id)
			}
			revoked[from] += tokens
		}
		debt := a.incurred(g)
		incurred, paid = incurred+debt, paid+g.PaidDebt
		switch {
		case g.Reclaimed < g.Corrected, g.Reclaimed > g.Tokens, g.ReclaimHeld < 0, g.ReclaimVoid < 0, debt < 0:
			return fmt.Sprintf("what is taken back of a grant does not add up, %d is debt: %+v", debt, *g)
		case g.ReclaimHeld > heldOnly(g), g.ReclaimHeld > g.Held, g.ReclaimVoid > g.Expired:
			return fmt.Sprintf("more waits or had lapsed than there is: %+v", *g)
		}
	}
	for id, g := range a.grants {
		if g.Revoked != revoked[id] {
			return fmt.Sprintf("%d of %s revoked, %d by what was taken", g.Revoked, id, revoked[id])
		}
	}
	if a.balance.Debt != incurred-paid {
		return fmt.Sprintf("debt of %d, but %d incurred and %d paid", a.balance.Debt, incurred, paid)
	}
	return ""
}
