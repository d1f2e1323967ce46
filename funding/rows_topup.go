package funding

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// topUpRows are the statements and look-ups of auto top-up.
type topUpRows struct {
	putTopUps     *ledger.Statement[models.AutoTopUp]
	topUps        *ledger.Lookup[models.TeamID, models.AutoTopUp]
	topUpPackages *ledger.Lookup[models.TeamID, topUpPackage]
	recent        *ledger.Lookup[models.TeamID, []recentPurchase] // recent ones, oldest first
	savedMethods  *ledger.Lookup[models.TeamID, []models.SavedMethod]
}

const topUpColumns = `team_id, enabled, package_id, threshold, monthly_cap_minor, paused_reason, paused_at, rests_until,
	set_by, created_at, updated_at`

// recently is how far back a decision looks: it covers a month whatever the time zone. moneyBack is the statuses of
// purchases whose money went back, or is asked for.
const (
	recently  = `interval '33 days'`
	moneyBack = `('DISPUTED', 'REFUNDED', 'PARTIALLY_REFUNDED')`
)

// recentPurchase is what a decision has to know of a purchase that auto top-up made, or whose money went back.
type recentPurchase struct {
	TeamID     models.TeamID
	Automatic  bool
	Status     models.PurchaseStatus
	Failure    *string
	PriceMinor int64
	Currency   string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// topUpPackage is the package that a team's auto top-up buys.
type topUpPackage struct {
	TeamID models.TeamID
	models.TokenPackage
}

// addTopUps adds what reads and writes auto top-ups.
func (r *rows) addTopUps() {
	r.topUps = &ledger.Lookup[models.TeamID, models.AutoTopUp]{
		SQL:  `SELECT ` + topUpColumns + ` FROM auto_top_ups WHERE team_id = ANY($1)`,
		Scan: scanInto(func(t models.AutoTopUp) models.TeamID { return t.TeamID }),
	}
	r.topUpPackages = &ledger.Lookup[models.TeamID, topUpPackage]{
		SQL: `
SELECT t.team_id, p.id, p.name, p.tokens, p.price_minor, p.currency, p.active, p.expires_after_days, p.created_at,
	p.updated_at
FROM auto_top_ups t
JOIN token_packages p ON p.id = t.package_id
WHERE t.team_id = ANY($1)`,
		Scan: scanInto(func(p topUpPackage) models.TeamID { return p.TeamID }),
	}
	r.recent = &ledger.Lookup[models.TeamID, []recentPurchase]{
		SQL: `
SELECT team_id, automatic, status, failure, price_minor, currency, created_at, updated_at
FROM purchases
WHERE team_id = ANY($1) AND (automatic AND created_at > now() - ` + recently + `
	OR status IN ` + moneyBack + ` AND updated_at > now() - ` + recently + `)
ORDER BY created_at`,
		Scan: scanOnto(func(p recentPurchase) models.TeamID { return p.TeamID }),
	}
	r.savedMethods = &ledger.Lookup[models.TeamID, []models.SavedMethod]{
		SQL: `
SELECT team_id, provider, customer, method, purchase_id, saved_at
FROM saved_methods
WHERE team_id = ANY($1)`,
		Scan: scanOnto(func(m models.SavedMethod) models.TeamID { return m.TeamID }),
	}
	r.putTopUps = &ledger.Statement[models.AutoTopUp]{
		Rank: rankOfPurchases,
		SQL: `
INSERT INTO auto_top_ups (` + topUpColumns + `)
SELECT * FROM unnest($1::text[], $2::boolean[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[],
	$8::timestamptz[], $9::text[], $10::timestamptz[], $11::timestamptz[])
ON CONFLICT (team_id) DO UPDATE
SET enabled = excluded.enabled, package_id = excluded.package_id, threshold = excluded.threshold,
	monthly_cap_minor = excluded.monthly_cap_minor, paused_reason = excluded.paused_reason,
	paused_at = excluded.paused_at, rests_until = excluded.rests_until, set_by = excluded.set_by,
	updated_at = excluded.updated_at`,
		Key: func(t models.AutoTopUp) string { return string(t.TeamID) },
		Columns: func(topUps []models.AutoTopUp) []any {
			type row = models.AutoTopUp
			return []any{
				ledger.Column(topUps, func(t row) string { return string(t.TeamID) }),
				ledger.Column(topUps, func(t row) bool { return t.Enabled }),
				ledger.Column(topUps, func(t row) *string { return (*string)(t.PackageID) }),
				ledger.Column(topUps, func(t row) int64 { return int64(t.Threshold) }),
				ledger.Column(topUps, func(t row) int64 { return t.MonthlyCapMinor }),
				ledger.Column(topUps, func(t row) *string { return (*string)(t.PausedReason) }),
				ledger.Column(topUps, func(t row) *time.Time { return t.PausedAt }),
				ledger.Column(topUps, func(t row) *time.Time { return t.RestsUntil }),
				ledger.Column(topUps, func(t row) string { return string(t.SetBy) }),
				ledger.Column(topUps, func(t row) time.Time { return t.CreatedAt }),
				ledger.Column(topUps, func(t row) time.Time { return t.UpdatedAt }),
			}
		},
	}
}

// scanOnto is scanInto for keys with any number of rows.
func scanOnto[K ~string, R any](key func(R) K) func(pgx.CollectableRow, map[K][]R) error {
	return func(row pgx.CollectableRow, into map[K][]R) error {
		scanned, err := pgx.RowToStructByName[R](row)
		if err != nil {
			return err
		}
		into[key(scanned)] = append(into[key(scanned)], scanned)
		return nil
	}
}

// glance is a look-up without a lock: what it tells may have changed since.
func glance[K ~string, V any](ctx context.Context, f *Funding, l *ledger.Lookup[K, V], keys []K) (map[K]V, error) {
	found := map[K]V{}
	rows, err := f.pool.Query(ctx, l.SQL, keys)
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := l.Scan(rows, found); err != nil {
			return nil, fmt.Errorf("look up: %w", err)
		}
	}
	return found, rows.Err()
}
