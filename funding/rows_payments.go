package funding

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

const refundColumns = `id, team_id, purchase_id, payment_id, amount_minor, currency, note, actor_id, state, failure,
	created_at, updated_at`

// addRefunds adds what reads and writes the refunds that were asked for.
func (r *rows) addRefunds() {
	r.refunds = &ledger.Lookup[models.PurchaseID, []models.RefundRequest]{
		SQL: `SELECT ` + refundColumns + ` FROM refund_requests WHERE purchase_id = ANY($1) ORDER BY id`,
		Scan: func(row pgx.CollectableRow, into map[models.PurchaseID][]models.RefundRequest) error {
			refund, err := pgx.RowToStructByName[models.RefundRequest](row)
			if err != nil {
				return err
			}
			into[refund.PurchaseID] = append(into[refund.PurchaseID], refund)
			return nil
		},
	}
	r.insertRefunds = &ledger.Statement[models.RefundRequest]{
		Rank: rankOfPurchases,
		SQL: `
INSERT INTO refund_requests (id, team_id, purchase_id, payment_id, amount_minor, currency, note, actor_id, state,
	created_at, updated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
	$9::text[], $10::timestamptz[], $11::timestamptz[])`,
		Columns: func(refunds []models.RefundRequest) []any {
			type row = models.RefundRequest
			return []any{
				ledger.Column(refunds, func(r row) string { return string(r.ID) }),
				ledger.Column(refunds, func(r row) string { return string(r.TeamID) }),
				ledger.Column(refunds, func(r row) string { return string(r.PurchaseID) }),
				ledger.Column(refunds, func(r row) string { return r.PaymentID }),
				ledger.Column(refunds, func(r row) int64 { return r.AmountMinor }),
				ledger.Column(refunds, func(r row) string { return r.Currency }),
				ledger.Column(refunds, func(r row) string { return r.Note }),
				ledger.Column(refunds, func(r row) string { return string(r.ActorID) }),
				ledger.Column(refunds, func(r row) string { return string(r.State) }),
				ledger.Column(refunds, func(r row) time.Time { return r.CreatedAt }),
				ledger.Column(refunds, func(r row) time.Time { return r.UpdatedAt }),
			}
		},
	}
	r.updateRefunds = &ledger.Statement[models.RefundRequest]{
		Rank: rankOfPurchases,
		SQL: `
UPDATE refund_requests
SET state = n.state, failure = n.failure, updated_at = n.updated_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS n (id, state, failure, updated_at)
WHERE refund_requests.id = n.id`,
		Key: func(r models.RefundRequest) string { return string(r.ID) },
		Columns: func(refunds []models.RefundRequest) []any {
			type row = models.RefundRequest
			return []any{
				ledger.Column(refunds, func(r row) string { return string(r.ID) }),
				ledger.Column(refunds, func(r row) string { return string(r.State) }),
				ledger.Column(refunds, func(r row) *string { return r.Failure }),
				ledger.Column(refunds, func(r row) time.Time { return r.UpdatedAt }),
			}
		},
	}
}

// payers is what is known of how a team pays: how many purchases of its members wait to be paid, whether auto top-up is
// on, whether it lacks a method of payment that works, and the customer that each provider knows the team's payer as.
type payers struct {
	unpaid              int
	topsUp, lacksMethod bool
	saved               []savedAt
}

type savedAt struct{ provider, customer string }

// customer is the id that a provider knows the team's payer by; nil: by none.
func (p payers) customer(provider string) *string {
	at := slices.IndexFunc(p.saved, func(s savedAt) bool { return s.provider == provider })
	if at < 0 {
		return nil
	}
	return &p.saved[at].customer
}

// wantsMethod says whether the next purchase should save a method of payment.
func (p payers) wantsMethod(provider string) bool {
	return p.topsUp && (p.lacksMethod || p.customer(provider) == nil)
}

// addPayers adds what reads and writes saved methods of payment, and which purchase the provider's ids belong to.
func (r *rows) addPayers() {
	r.payers = &ledger.Lookup[models.TeamID, payers]{
		SQL: `
SELECT asked.id,
	(SELECT count(*) FROM purchases WHERE team_id = asked.id AND status = 'PENDING' AND NOT automatic),
	coalesce(t.enabled, false), coalesce(t.paused_reason IN ('DECLINED', 'PROVIDER_REFUSED'), false),
	coalesce(s.provider, ''), coalesce(s.customer, '')
FROM unnest($1::text[]) AS asked (id)
LEFT JOIN auto_top_ups t ON t.team_id = asked.id
LEFT JOIN saved_methods s ON s.team_id = asked.id`,
		Scan: scanPayers,
	}
	r.putReferences = &ledger.Statement[models.PaymentReference]{
		Rank: rankOfPurchases,
		SQL: `
INSERT INTO payment_references (provider, reference, purchase_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (provider, reference) DO UPDATE SET purchase_id = payment_references.purchase_id`,
		Key:     referenceKey,
		Columns: columnsOfReferences,
	}
	// How many notices wait is not known, so that this cannot be a statement that touches a row for each.
	r.wakeNotices = &ledger.Statement[models.PaymentReference]{
		Rank: rankOfPurchases,
		Key:  referenceKey,
		Run: func(ctx context.Context, tx pgx.Tx, references []models.PaymentReference) error {
			_, err := tx.Exec(ctx, `
UPDATE payment_notices
SET due_at = now()
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (provider, reference, purchase_id)
WHERE payment_notices.provider = n.provider AND waits_for IN (n.reference, n.purchase_id)
	AND processed_at IS NULL`, columnsOfReferences(references)...)
			return err
		},
	}
	r.putSavedMethods = &ledger.Statement[models.SavedMethod]{
		Rank: rankOfPurchases,
		SQL: `
INSERT INTO saved_methods (team_id, provider, customer, method, purchase_id, saved_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
ON CONFLICT (team_id, provider) DO UPDATE
SET customer = excluded.customer, method = excluded.method, purchase_id = excluded.purchase_id,
	saved_at = excluded.saved_at`,
		Key: func(m models.SavedMethod) string { return string(m.TeamID) + m.Provider },
		Columns: func(methods []models.SavedMethod) []any {
			type row = models.SavedMethod
			return []any{
				ledger.Column(methods, func(m row) string { return string(m.TeamID) }),
				ledger.Column(methods, func(m row) string { return m.Provider }),
				ledger.Column(methods, func(m row) string { return m.Customer }),
				ledger.Column(methods, func(m row) string { return m.Method }),
				ledger.Column(methods, func(m row) string { return string(m.PurchaseID) }),
				ledger.Column(methods, func(m row) time.Time { return m.SavedAt }),
			}
		},
	}
}

func referenceKey(r models.PaymentReference) string { return r.Provider + " " + r.Reference }

func columnsOfReferences(references []models.PaymentReference) []any {
	type row = models.PaymentReference
	return []any{
		ledger.Column(references, func(r row) string { return r.Provider }),
		ledger.Column(references, func(r row) string { return r.Reference }),
		ledger.Column(references, func(r row) string { return string(r.PurchaseID) }),
	}
}

func scanPayers(row pgx.CollectableRow, into map[models.TeamID]payers) error {
	var team models.TeamID
	var now payers
	var saved savedAt
	if err := row.Scan(&team, &now.unpaid, &now.topsUp, &now.lacksMethod, &saved.provider, &saved.customer); err != nil {
		return err
	}
	p := into[team]
	p.unpaid, p.topsUp, p.lacksMethod = now.unpaid, now.topsUp, now.lacksMethod
	if saved.provider != "" {
		p.saved = append(p.saved, saved)
	}
	into[team] = p
	return nil
}
