package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// One statement reads an account, so that its balance and its grants are of the same moment.
const readAccountsSQL = `
SELECT ` + balanceColumns + `, clock_timestamp(), (SELECT default_daily_limit FROM settings), (
	SELECT coalesce(json_agg(json_build_object('ID', g.id, 'TeamID', g.team_id, 'Source', g.source, 'Tokens', g.tokens,
		'Remaining', g.remaining, 'ExpiresAt', g.expires_at, 'CreatedAt', g.created_at)), '[]')
	FROM grants g WHERE g.team_id = balances.team_id AND g.remaining > 0)
FROM balances
WHERE team_id = ANY($1)`

// Balances reads what teams see of their tokens now, as if time had been posted. Teams that do not exist are left out.
func (l *Ledger) Balances(ctx context.Context, teams []models.TeamID) (map[models.TeamID]models.Balance, error) {
	accounts, err := l.accounts(ctx, teams)
	if err != nil {
		return nil, err
	}
	balances := make(map[models.TeamID]models.Balance, len(accounts))
	for team, account := range accounts {
		balances[team] = account.Balance()
	}
	return balances, nil
}

// Balance reads what a team sees of its tokens now. It returns ErrNoAccount for a team that does not exist.
func (l *Ledger) Balance(ctx context.Context, team models.TeamID) (models.Balance, error) {
	balances, err := l.Balances(ctx, []models.TeamID{team})
	if err != nil {
		return models.Balance{}, err
	}
	balance, ok := balances[team]
	if !ok {
		return models.Balance{}, ErrNoAccount
	}
	return balance, nil
}

// BalanceChanged says whether a later reading of a balance shows anything new: a higher version, or the same one seen
// on another day or under another default of the platform's. A lower version never is.
func BalanceChanged(shown, read models.Balance) bool {
	return read.Version > shown.Version || read.Version == shown.Version && !reflect.DeepEqual(read, shown)
}

// Account reads a team's account with those members, without its lock and without reservations: to foretell what a
// change would be answered. It returns ErrNoAccount for a team that does not exist.
func (l *Ledger) Account(ctx context.Context, team models.TeamID, users ...models.UserID) (*Account, error) {
	accounts, err := l.accounts(ctx, []models.TeamID{team})
	if err != nil {
		return nil, err
	}
	account := accounts[team]
	if account == nil {
		return nil, ErrNoAccount
	}
	return account, l.addMembers(ctx, account, users)
}

func (l *Ledger) addMembers(ctx context.Context, account *Account, users []models.UserID) error {
	if len(users) == 0 {
		return nil
	}
	b := &batch{}
	queries := &pgx.Batch{}
	teams := Column(users, func(models.UserID) string { return string(account.Team()) })
	b.queueMembers(queries, teams, Column(users, func(u models.UserID) string { return string(u) }))
	if err := l.pool.SendBatch(ctx, queries).Close(); err != nil {
		return fmt.Errorf("read members of %s: %w", account.Team(), err)
	}
	for _, row := range b.loaded.members {
		account.AddMember(row.user, row.memberOn(account.Day()))
	}
	return nil
}

func (l *Ledger) accounts(ctx context.Context, teams []models.TeamID) (map[models.TeamID]*Account, error) {
	rows, err := l.pool.Query(ctx, readAccountsSQL, Column(teams, func(t models.TeamID) string { return string(t) }))
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	accounts := make(map[models.TeamID]*Account, len(teams))
	read, err := pgx.CollectRows(rows, l.scanAccount)
	for _, account := range read {
		accounts[account.Team()] = account
	}
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return accounts, nil
}

func (l *Ledger) scanAccount(row pgx.CollectableRow) (*Account, error) {
	var b models.BalanceRow
	var now time.Time
	var limit *models.Tokens
	var encoded []byte
	if err := row.Scan(append(balanceFields(&b), &now, &limit, &encoded)...); err != nil {
		return nil, err
	}
	var grants []*models.Grant
	if err := json.Unmarshal(encoded, &grants); err != nil {
		return nil, fmt.Errorf("grants of %s: %w", b.TeamID, err)
	}
	account, err := l.accountOf(b, models.LimitFrom(limit))
	if err != nil {
		return nil, err
	}
	for _, grant := range grants {
		account.addGrant(grant)
	}
	account.advanceTo(now.UTC())
	// What time has done is shown but not posted: the version stays the stored one until a change posts it.
	account.balance.Version = b.Version
	return account, nil
}

// PostTime posts what time alone has done to a team's account: a new day, and grants that have lapsed.
func (l *Ledger) PostTime(ctx context.Context, team models.TeamID) error {
	_, err := l.Update(ctx, Change{Team: team, Decide: func(*Tx) error { return nil }})
	return err
}
