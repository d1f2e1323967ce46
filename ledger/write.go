package ledger

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"productgenerator/models"
)

// queuePosted writes what the accounts have posted.
func (b *batch) queuePosted(queries *pgx.Batch) {
	rows := b.collect()
	if len(b.unopened) > 0 {
		queries.Queue(withdrawOpeningSQL, b.unopened).Exec(expectRows(withdrawOpeningSQL, int64(len(b.unopened))))
	}
	queueRows(queries, updateBalancesSQL, rows.balances, columnsOfBalances)
	queueRows(queries, updateSettingsSQL, rows.settings, columnsOfSettings)
	queueRows(queries, insertGrantsSQL, rows.newGrants, columnsOfNewGrants)
	queueRows(queries, updateGrantsSQL, rows.oldGrants, columnsOfOldGrants)
	queueRows(queries, raiseReclaimsSQL, rows.raisedReclaims, columnsOfReclaims)
	queueRows(queries, lowerReclaimsSQL, rows.loweredReclaims, columnsOfReclaims)
	queueRows(queries, insertReservationsSQL, rows.newReservations, columnsOfNewReservations)
	queueRows(queries, updateReservationsSQL, rows.oldReservations, columnsOfOldReservations)
	queueRows(queries, raiseUsageSQL, rows.raised, columnsOfUsage)
	queueRows(queries, lowerUsageSQL, rows.lowered, columnsOfUsage)
	queueRows(queries, insertEntriesSQL, rows.entries, columnsOfEntries)
	queueRows(queries, raiseConsumptionSQL, rows.consumption, columnsOfConsumption)
	queueRows(queries, raiseProductConsumptionSQL, rows.productConsumption, columnsOfProductConsumption)
	queueRows(queries, insertWarningsSQL, rows.warnings, columnsOfWarnings)
	queueRows(queries, putRulesSQL, rows.rules, columnsOfRules)
	if len(rows.deletedRules) > 0 {
		queries.Queue(deleteRulesSQL, rows.deletedRules).Exec(expectRows(deleteRulesSQL, int64(len(rows.deletedRules))))
	}
	queueRows(queries, insertKeysSQL, b.newKeys, columnsOfKeys)
}

func queueRows[R any](queries *pgx.Batch, sql string, rows []R, columns func([]R) []any) {
	if len(rows) > 0 {
		queries.Queue(sql, columns(rows)...).Exec(expectRows(sql, int64(len(rows))))
	}
}

// postedRows is what all accounts of a batch have posted, by table.
type postedRows struct {
	balances, settings               []*models.BalanceRow
	newGrants, oldGrants             []*models.Grant
	raisedReclaims, loweredReclaims  []models.Reclaim
	newReservations, oldReservations []*models.Reservation
	raised, lowered                  []models.MemberUsage
	entries                          []models.LedgerEntry
	consumption                      []models.Consumption
	productConsumption               []models.ProductConsumption
	warnings                         []models.LimitWarning
	rules                            []*models.AlertRule
	deletedRules                     []string
}

func (b *batch) collect() (rows postedRows) {
	for _, account := range b.accounts {
		if account.posted.balance {
			rows.balances = append(rows.balances, &account.balance)
		}
		if account.posted.settings {
			rows.settings = append(rows.settings, &account.balance)
		}
		for id, isNew := range account.posted.grants {
			if isNew {
				rows.newGrants = append(rows.newGrants, account.grants[id])
			} else {
				rows.oldGrants = append(rows.oldGrants, account.grants[id])
			}
		}
		for key, tokens := range account.posted.reclaims {
			reclaim := models.Reclaim{TeamID: account.Team(), GrantID: key.grant, FromGrantID: key.from, Tokens: tokens}
			switch {
			case tokens > 0:
				rows.raisedReclaims = append(rows.raisedReclaims, reclaim)
			case tokens < 0:
				rows.loweredReclaims = append(rows.loweredReclaims, reclaim)
			}
		}
		for id, isNew := range account.posted.reservations {
			if isNew {
				rows.newReservations = append(rows.newReservations, account.reservations[id])
			} else {
				rows.oldReservations = append(rows.oldReservations, account.reservations[id])
			}
		}
		for key, tokens := range account.posted.usage {
			usage := models.MemberUsage{TeamID: account.Team(), UserID: key.member, Day: key.day, Used: tokens}
			switch {
			case tokens > 0:
				rows.raised = append(rows.raised, usage)
			case tokens < 0:
				rows.lowered = append(rows.lowered, usage)
			}
		}
		for _, entry := range account.posted.entries {
			entry.ID = models.NewLedgerEntryID(entry.OccurredAt)
			rows.entries = append(rows.entries, entry)
			b.witness = entry.ID
		}
		rows.consumption = append(rows.consumption, account.consumption()...)
		rows.productConsumption = append(rows.productConsumption, account.productConsumption()...)
		for _, warning := range account.posted.warnings {
			warning.ID = models.NewLimitWarningID(warning.RaisedAt)
			rows.warnings = append(rows.warnings, warning)
		}
		for id, change := range account.posted.rules {
			if change == ruleDeleted {
				rows.deletedRules = append(rows.deletedRules, string(id))
			} else {
				rows.rules = append(rows.rules, account.Rule(id))
			}
		}
	}
	return rows
}

var errRowCount = errors.New("a statement touched another number of rows than it was given")

// expectRows checks that a statement touched as many rows as it was given: a row that is missing is a fault, and the
// transaction must not go on.
func expectRows(sql string, want int64) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		if got := tag.RowsAffected(); got != want {
			return fmt.Errorf("%w: %d instead of %d: %s", errRowCount, got, want, sql)
		}
		return nil
	}
}
