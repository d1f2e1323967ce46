package funding

import (
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Ranks of the statements, all behind the ledger's own rows: what refers to something is written behind it.
const (
	rankPurchases   = ledger.RankAfter + iota
	rankOfPurchases // what names a purchase
	rankPromotions
	rankRedemptions
	rankReferrals
)

// rows are the statements and look-ups that funding adds to the ledger's transactions.
type rows struct {
	promotionRows

	insertPurchases *ledger.Statement[models.Purchase]
	updatePurchases *ledger.Statement[models.Purchase]
	putReferences   *ledger.Statement[models.PaymentReference]
	wakeNotices     *ledger.Statement[models.PaymentReference]
	putSavedMethods *ledger.Statement[models.SavedMethod]
	insertRefunds   *ledger.Statement[models.RefundRequest]
	updateRefunds   *ledger.Statement[models.RefundRequest]

	packages  *ledger.Lookup[models.TokenPackageID, models.TokenPackage]
	purchases *ledger.Lookup[models.PurchaseID, models.Purchase]
	refunds   *ledger.Lookup[models.PurchaseID, []models.RefundRequest] // oldest first
	payers    *ledger.Lookup[models.TeamID, payers]

	topUpRows
}

func newRows() rows {
	r := rows{
		packages: &ledger.Lookup[models.TokenPackageID, models.TokenPackage]{
			SQL:  `SELECT ` + packageColumns + ` FROM token_packages WHERE id = ANY($1)`,
			Scan: scanInto(func(p models.TokenPackage) models.TokenPackageID { return p.ID }),
		},
		purchases: &ledger.Lookup[models.PurchaseID, models.Purchase]{
			SQL:  `SELECT ` + purchaseColumns + ` FROM purchases WHERE id = ANY($1)`,
			Scan: scanInto(func(p models.Purchase) models.PurchaseID { return p.ID }),
		},
	}
	r.addPurchases()
	r.addRefunds()
	r.addPayers()
	r.addPromotions()
	r.addTopUps()
	return r
}

// scanInto scans rows whose columns bear the names of a model's fields.
func scanInto[K ~string, R any](key func(R) K) func(pgx.CollectableRow, map[K]R) error {
	return func(row pgx.CollectableRow, into map[K]R) error {
		scanned, err := pgx.RowToStructByName[R](row)
		if err != nil {
			return err
		}
		into[key(scanned)] = scanned
		return nil
	}
}

const packageColumns = `id, name, tokens, price_minor, currency, active, expires_after_days, created_at, updated_at`

const purchaseColumns = `id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency,
	expires_after_days, provider, live, automatic, save_method, customer, method, return_url, version, status, attention,
	failure, facts, session_id, payment_id, checkout_url, checkout_ends_at, receipt_url, refunded_minor, refunded_tokens,
	grant_id, cancelled_at, paid_at, due_at, attempts, created_at, updated_at`

// addPurchases adds what writes purchases. A purchase begins with nothing paid; only what it froze is inserted.
func (r *rows) addPurchases() {
	r.insertPurchases = &ledger.Statement[models.Purchase]{
		Rank: rankPurchases,
		SQL: `
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency,
	expires_after_days, provider, live, automatic, save_method, customer, method, return_url, checkout_ends_at,
	due_at, created_at, updated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
	$8::text[], $9::int[], $10::text[], $11::boolean[], $12::boolean[], $13::boolean[], $14::text[], $15::text[],
	$16::text[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::timestamptz[])`,
		Columns: func(purchases []models.Purchase) []any {
			type row = models.Purchase
			return []any{
				ledger.Column(purchases, func(p row) string { return string(p.ID) }),
				ledger.Column(purchases, func(p row) string { return string(p.TeamID) }),
				ledger.Column(purchases, func(p row) string { return string(p.BuyerID) }),
				ledger.Column(purchases, func(p row) string { return string(p.PackageID) }),
				ledger.Column(purchases, func(p row) string { return p.PackageName }),
				ledger.Column(purchases, func(p row) int64 { return int64(p.Tokens) }),
				ledger.Column(purchases, func(p row) int64 { return p.PriceMinor }),
				ledger.Column(purchases, func(p row) string { return p.Currency }),
				ledger.Column(purchases, func(p row) *int { return p.ExpiresAfterDays }),
				ledger.Column(purchases, func(p row) string { return p.Provider }),
				ledger.Column(purchases, func(p row) bool { return p.Live }),
				ledger.Column(purchases, func(p row) bool { return p.Automatic }),
				ledger.Column(purchases, func(p row) bool { return p.SaveMethod }),
				ledger.Column(purchases, func(p row) *string { return p.Customer }),
				ledger.Column(purchases, func(p row) *string { return p.Method }),
				ledger.Column(purchases, func(p row) *string { return p.ReturnURL }),
				ledger.Column(purchases, func(p row) time.Time { return p.CheckoutEndsAt }),
				ledger.Column(purchases, func(p row) *time.Time { return p.DueAt }),
				ledger.Column(purchases, func(p row) time.Time { return p.CreatedAt }),
				ledger.Column(purchases, func(p row) time.Time { return p.UpdatedAt }),
			}
		},
	}
	r.updatePurchases = &ledger.Statement[models.Purchase]{
		Rank: rankPurchases,
		SQL: `
UPDATE purchases
SET version = n.version, status = n.status, attention = n.attention, failure = n.failure, facts = n.facts,
	session_id = n.session_id, payment_id = n.payment_id, checkout_url = n.checkout_url, receipt_url = n.receipt_url,
	refunded_minor = n.refunded_minor, refunded_tokens = n.refunded_tokens, grant_id = n.grant_id,
	cancelled_at = n.cancelled_at, paid_at = n.paid_at, due_at = n.due_at, attempts = n.attempts,
	updated_at = n.updated_at
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::text[],
	$9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::timestamptz[], $15::timestamptz[],
	$16::timestamptz[], $17::int[], $18::timestamptz[]) AS n (id, version, status, attention, failure, facts,
	session_id, payment_id, checkout_url, receipt_url, refunded_minor, refunded_tokens, grant_id, cancelled_at, paid_at,
	due_at, attempts, updated_at)
WHERE purchases.id = n.id`,
		Key: func(p models.Purchase) string { return string(p.ID) },
		Columns: func(purchases []models.Purchase) []any {
			type row = models.Purchase
			return []any{
				ledger.Column(purchases, func(p row) string { return string(p.ID) }),
				ledger.Column(purchases, func(p row) int64 { return p.Version }),
				ledger.Column(purchases, func(p row) string { return string(p.Status) }),
				ledger.Column(purchases, func(p row) *string { return (*string)(p.Attention) }),
				ledger.Column(purchases, func(p row) *string { return p.Failure }),
				ledger.JSONColumn(purchases, func(p row) json.RawMessage { return p.Facts }),
				ledger.Column(purchases, func(p row) *string { return p.SessionID }),
				ledger.Column(purchases, func(p row) *string { return p.PaymentID }),
				ledger.Column(purchases, func(p row) *string { return p.CheckoutURL }),
				ledger.Column(purchases, func(p row) *string { return p.ReceiptURL }),
				ledger.Column(purchases, func(p row) int64 { return p.RefundedMinor }),
				ledger.Column(purchases, func(p row) int64 { return int64(p.RefundedTokens) }),
				ledger.Column(purchases, func(p row) *string { return (*string)(p.GrantID) }),
				ledger.Column(purchases, func(p row) *time.Time { return p.CancelledAt }),
				ledger.Column(purchases, func(p row) *time.Time { return p.PaidAt }),
				ledger.Column(purchases, func(p row) *time.Time { return p.DueAt }),
				ledger.Column(purchases, func(p row) int { return p.Attempts }),
				ledger.Column(purchases, func(p row) time.Time { return p.UpdatedAt }),
			}
		},
	}
}
