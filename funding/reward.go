package funding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// How many referrals one process takes on at a time, and how long another one leaves them to it; twice as long after
// each try that failed, up to 2^6 times.
const (
	rewardsAtOnce = 16
	rewardLease   = 30 * time.Second
)

// side is which of both teams of a referral.
type side string

const (
	inviter side = "inviter"
	invited side = "invited"
)

// rewarded is what both teams of a referral were granted; nil: nothing yet.
type rewarded struct {
	InviterGrantID *models.GrantID
	InvitedGrantID *models.GrantID
}

func (r *rewarded) of(s side) **models.GrantID {
	if s == inviter {
		return &r.InviterGrantID
	}
	return &r.InvitedGrantID
}

// reward is a referral whose first purchase was paid, with what is kept of that purchase.
type reward struct {
	ID               models.ReferralID
	Tokens           models.Tokens // for each of both teams
	ExpiresAfterDays *int
	Bought           models.Tokens // by the purchase
	Refunded         models.Tokens // of those, taken back
	rewarded
}

// takenBack is how many of the reward's tokens are to be taken back in all: what is kept is the share of the purchase's
// tokens that is kept, rounded down.
func (r reward) takenBack() models.Tokens {
	return r.Tokens - share(r.Tokens, int64(r.Bought-r.Refunded), int64(r.Bought))
}

// dueReferral is a referral that one process has taken on.
type dueReferral struct {
	ID        models.ReferralID
	InviterID models.TeamID
	InvitedID models.TeamID
	DueAt     time.Time // until when it is left to the process
	rewarded
}

func (d dueReferral) team(s side) models.TeamID {
	if s == inviter {
		return d.InviterID
	}
	return d.InvitedID
}

// rewardTeams brings both teams' grants in step with what is kept of the purchase that they hang on.
func (f *Funding) rewardTeams(ctx context.Context) (more bool, err error) {
	list, err := f.takeOnRewards(ctx)
	if err != nil {
		return false, err
	}
	for _, d := range list {
		if failed := f.rewardBoth(ctx, d); failed != nil {
			err = errors.Join(err, fmt.Errorf("reward %s: %w", d.ID, failed))
		}
	}
	return len(list) == rewardsAtOnce, err
}

func (f *Funding) takeOnRewards(ctx context.Context) ([]dueReferral, error) {
	rows, err := f.pool.Query(ctx, `
UPDATE referrals
SET due_at = now() + $1::interval * 2 ^ least(attempts, 6), attempts = attempts + 1
WHERE id IN (
	SELECT id
	FROM referrals
	WHERE due_at <= now()
	ORDER BY due_at
	LIMIT $2
	FOR UPDATE SKIP LOCKED
)
RETURNING id, inviter_id, invited_id, inviter_grant_id, invited_grant_id, due_at`, rewardLease, rewardsAtOnce)
	if err != nil {
		return nil, fmt.Errorf("take on rewards: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[dueReferral])
	if err != nil {
		return nil, fmt.Errorf("take on rewards: %w", err)
	}
	return list, nil
}

// rewardBoth does one step for each team, in a change of its own: a step that was done before changes nothing.
func (f *Funding) rewardBoth(ctx context.Context, d dueReferral) error {
	for _, s := range []side{inviter, invited} {
		if err := f.rewardTeam(ctx, d, s); err != nil {
			return err
		}
	}
	return f.rewardsDone(ctx, d)
}

// rewardsDone notes that nothing more is due, unless something has become due since the referral was taken on.
func (f *Funding) rewardsDone(ctx context.Context, d dueReferral) error {
	_, err := f.pool.Exec(ctx, `UPDATE referrals SET due_at = NULL, attempts = 0 WHERE id = $1 AND due_at = $2`,
		string(d.ID), d.DueAt)
	return err
}

// rewardTeam issues a team's reward, once, and takes back of it what is not kept: also where the purchase was paid back
// before anything was issued, so that the end is the same.
func (f *Funding) rewardTeam(ctx context.Context, d dueReferral, s side) error {
	change := ledger.Change{
		Team: d.team(s), Lookups: []ledger.Want{f.rows.rewards.Want(d.ID)}, Weight: 2,
		Decide: func(tx *ledger.Tx) error {
			r, _ := f.rows.rewards.Get(tx, d.ID)
			if *r.of(s) == nil {
				f.issueReward(tx, &r, s)
			}
			return tx.Reclaim(**r.of(s), r.takenBack(), ledger.Cause{Reason: models.ReasonReferral})
		},
	}
	if grant := *d.of(s); grant != nil {
		change.Grants = []models.GrantID{*grant}
	}
	_, err := f.ledger.Update(ctx, change)
	return err
}

// issueReward gives the account's team its reward. Its effect key is the second wall: the database has it once.
func (f *Funding) issueReward(tx *ledger.Tx, r *reward, s side) {
	id, effect := models.NewGrantID(tx.Now()), "referral:"+string(r.ID)+":"+string(s)
	tx.Issue(models.Grant{
		ID: id, Source: models.SourceReferral, Tokens: r.Tokens, EffectKey: &effect,
		ExpiresAt: expiry(tx.Now(), r.ExpiresAfterDays),
	}, nil)
	*r.of(s) = &id
	f.rows.noteRewards.Stage(tx, *r)
	f.rows.rewards.Put(tx, r.ID, *r)
}
