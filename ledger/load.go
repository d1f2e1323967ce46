package ledger

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// queueOpenings makes the accounts that changes open, in the order of their ids: that is the order in which every
// transaction waits for another one that opens the same.
func (b *batch) queueOpenings(queries *pgx.Batch) {
	zoneOf := map[string]string{}
	for _, p := range b.pending {
		if opening := p.change.Open; opening != nil {
			zoneOf[string(p.change.Team)] = opening.TimeZone
		}
	}
	if len(zoneOf) == 0 {
		return
	}
	teams := slices.Sorted(maps.Keys(zoneOf))
	zones := Column(teams, func(team string) string { return zoneOf[team] })
	queries.Queue(openSQL, teams, zones).Query(func(rows pgx.Rows) error {
		opened, err := pgx.CollectRows(rows, pgx.RowTo[models.TeamID])
		for _, team := range opened {
			b.opened[team] = true
		}
		return err
	})
}

func (b *batch) queueLock(queries *pgx.Batch, teams []string) {
	sql := lockUnheldSQL
	if b.wait {
		sql = lockSQL
	}
	queries.Queue(sql, teams).Query(func(rows pgx.Rows) (err error) {
		b.loaded.balances, err = pgx.CollectRows(rows, scanBalance)
		return err
	})
}

func (b *batch) queueClock(queries *pgx.Batch) {
	queries.Queue(clockSQL).QueryRow(func(row pgx.Row) error {
		var limit *models.Tokens
		err := row.Scan(&b.now, &limit, &b.xid)
		b.now, b.loaded.defaultLimit = b.now.UTC(), models.LimitFrom(limit)
		return err
	})
}

func (b *batch) queueGrants(queries *pgx.Batch, teams, reservations []string) {
	queries.Queue(liveGrantsSQL, teams).Query(b.collectGrants)
	if len(reservations) > 0 {
		queries.Queue(drawnGrantsSQL, reservations).Query(b.collectGrants)
	}
}

func (b *batch) collectGrants(rows pgx.Rows) error {
	grants, err := pgx.CollectRows(rows, scanGrant)
	b.loaded.grants = append(b.loaded.grants, grants...)
	return err
}

// queueReclaims reads what taking those grants back can touch.
func (b *batch) queueReclaims(queries *pgx.Batch, teams, grants []string) {
	if len(grants) == 0 {
		return
	}
	queries.Queue(reclaimedGrantsSQL, grants).Query(b.collectGrants)
	queries.Queue(payingGrantsSQL, teams).Query(b.collectGrants)
	queries.Queue(reclaimsSQL, grants).Query(func(rows pgx.Rows) (err error) {
		b.loaded.reclaims, err = pgx.CollectRows(rows, pgx.RowToStructByPos[models.Reclaim])
		return err
	})
}

// assembleReclaims puts what was taken back into the accounts of the grants that changes name.
func (b *batch) assembleReclaims() {
	for _, p := range b.pending {
		account := b.accounts[p.change.Team]
		if account == nil {
			continue
		}
		for _, id := range p.change.Grants {
			if _, held := account.Grant(id); held {
				account.addReclaims(id)
			}
		}
	}
	for _, row := range b.loaded.reclaims {
		if account := b.accounts[row.TeamID]; account != nil {
			account.addReclaims(row.GrantID, row)
		}
	}
}

func (b *batch) queueReservations(queries *pgx.Batch, ids []string) {
	if len(ids) == 0 {
		return
	}
	queries.Queue(reservationsSQL, ids).Query(func(rows pgx.Rows) (err error) {
		b.loaded.reservations, err = pgx.CollectRows(rows, scanReservation)
		return err
	})
}

func (b *batch) queueMembers(queries *pgx.Batch, teams, users []string) {
	if len(users) == 0 {
		return
	}
	queries.Queue(membersSQL, teams, users).Query(func(rows pgx.Rows) error {
		found := map[[2]string]int{}
		for rows.Next() {
			var row memberRow
			var day *models.Date
			var used models.Tokens
			if err := rows.Scan(&row.team, &row.user, &row.role, &row.limit, &day, &used); err != nil {
				return err
			}
			pair := [2]string{string(row.team), string(row.user)}
			at, known := found[pair]
			if !known {
				at = len(b.loaded.members)
				found[pair] = at
				row.used = map[models.Date]models.Tokens{}
				b.loaded.members = append(b.loaded.members, row)
			}
			if day != nil {
				b.loaded.members[at].used[*day] = used
			}
		}
		return rows.Err()
	})
}

// memberRow is a member with what was used on the days around today.
type memberRow struct {
	team  models.TeamID
	user  models.UserID
	role  models.TeamRole
	limit *models.Tokens
	used  map[models.Date]models.Tokens
}

func (r memberRow) memberOn(day models.Date) Member {
	return Member{Role: r.role, Limit: models.LimitFrom(r.limit), Used: r.used[day]}
}

func (b *batch) queueRules(queries *pgx.Batch, teams []string) {
	queries.Queue(rulesSQL, teams).Query(func(rows pgx.Rows) (err error) {
		b.loaded.rules, err = pgx.CollectRows(rows, scanRule)
		return err
	})
}

func (b *batch) queueKeys(queries *pgx.Batch) {
	var callers, teams, keys []string
	for _, p := range b.pending {
		if key := p.change.Key; key != nil {
			callers, teams = append(callers, string(key.Caller)), append(teams, string(p.change.Team))
			keys = append(keys, key.Key)
		}
	}
	if len(keys) == 0 {
		return
	}
	queries.Queue(keysSQL, callers, teams, keys).Query(func(rows pgx.Rows) error {
		known, err := pgx.CollectRows(rows, scanKey)
		for _, key := range known {
			b.keys[keyID{key.CallerID, key.TeamID, key.Key}] = key
		}
		return err
	})
}

func scanBalance(row pgx.CollectableRow) (b models.BalanceRow, err error) {
	err = row.Scan(balanceFields(&b)...)
	b.LastEntryAt, b.UpdatedAt = b.LastEntryAt.UTC(), b.UpdatedAt.UTC()
	return b, err
}

// balanceFields are the places of balanceColumns.
func balanceFields(b *models.BalanceRow) []any {
	return []any{
		&b.TeamID, &b.Version, &b.Available, &b.Reserved, &b.Debt, &b.Unlimited, &b.CustomDailyLimit,
		&b.CustomDailyUnlimited, &b.OwnDailyLimit, &b.LowBalanceThreshold, &b.TimeZone, &b.PendingTimeZone,
		&b.PendingTimeZoneAt, &b.PendingLastDay, &b.TimeZoneChangedAt, &b.Day, &b.Used, &b.LimitReachedOn,
		&b.BalanceEmptyOn, &b.Sequence, &b.Warnings, &b.LastEntryAt, &b.UpdatedAt,
	}
}

func scanRule(row pgx.CollectableRow) (*models.AlertRule, error) {
	r := &models.AlertRule{}
	var warned []byte
	err := row.Scan(&r.ID, &r.TeamID, &r.Metric, &r.Threshold, &r.Email, &r.WebhookURL, &r.WebhookSecret, &r.Enabled,
		&r.RaisedOn, &warned, &r.CreatedAt, &r.UpdatedAt)
	if err != nil {
		return nil, err
	}
	if r.WarnedOf = []models.GrantID{}; string(warned) == "[]" { // of almost every rule
		return r, nil
	}
	return r, json.Unmarshal(warned, &r.WarnedOf)
}

func scanGrant(row pgx.CollectableRow) (*models.Grant, error) {
	g := &models.Grant{}
	err := row.Scan(&g.ID, &g.TeamID, &g.Source, &g.Tokens, &g.Remaining, &g.Held, &g.Consumed, &g.Expired, &g.Revoked,
		&g.PaidDebt, &g.ExpiresAt, &g.Note, &g.EffectKey, &g.CreatedBy, &g.CreatedAt, &g.Reclaimed, &g.ReclaimHeld,
		&g.ReclaimVoid, &g.Corrected, &g.ReclaimReason)
	return g, err
}

func scanReservation(row pgx.CollectableRow) (*models.Reservation, error) {
	r := &models.Reservation{}
	var parts []byte
	err := row.Scan(&r.GenerationID, &r.TeamID, &r.ActorID, &r.ProductID, &r.Operation, &r.Day, &r.Unlimited, &r.Tokens, &r.Captured,
		&r.Released, &parts, &r.CreatedAt, &r.FinishedAt)
	if err != nil {
		return nil, err
	}
	return r, json.Unmarshal(parts, &r.Parts)
}

func scanKey(row pgx.CollectableRow) (*models.IdempotencyKey, error) {
	k := &models.IdempotencyKey{}
	var refusal []byte
	err := row.Scan(&k.CallerID, &k.TeamID, &k.Key, &k.Mutation, &k.InputHash, &k.Subject, &refusal, &k.CreatedAt)
	if err != nil || refusal == nil {
		return k, err
	}
	return k, json.Unmarshal(refusal, &k.Refusal)
}
