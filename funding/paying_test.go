package funding

import (
	"fmt"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// begins is a purchase of 650 tokens for 900 cents that nobody has paid yet.
func (c *circle) begins(p player) models.PurchaseID {
	c.t.Helper()
	id := models.NewPurchaseID(time.Now())
	c.exec(`INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live,
			checkout_ends_at, created_at, updated_at)
		VALUES ($1, $2, $3, 'package_00000000000000000000000001', 'Starter', 650, 900, 'EUR', 'invoice', false, now(), now(), now())`,
		id, p.team, p.owner)
	return id
}

func (c *circle) hears(id models.PurchaseID, news payment.News) {
	c.t.Helper()
	if err := c.learn(c.ctx(), id, news); err != nil {
		c.t.Fatal(err)
	}
}

func (c *circle) pays(id models.PurchaseID) {
	c.t.Helper()
	c.hears(id, payment.NewInvoice(true).Confirm(string(id), 900, "EUR"))
}

// buys is a purchase that is paid.
func (c *circle) buys(p player) models.PurchaseID {
	c.t.Helper()
	id := c.begins(p)
	c.pays(id)
	return id
}

// paysBack is a refund of that many cents. The same name is the same refund.
func (c *circle) paysBack(id models.PurchaseID, name string, minor int64) {
	c.t.Helper()
	news, err := payment.NewInvoice(true).Refund(c.ctx(), payment.RefundRequest{
		PurchaseID: string(id), PaymentID: "invoice_" + string(id), IdempotencyKey: name, AmountMinor: minor, Currency: "EUR",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.hears(id, news)
}

// disputes is a dispute about the whole price, told at that second.
func (c *circle) disputes(id models.PurchaseID, second int64, state payment.DisputeState) {
	c.t.Helper()
	paid := "invoice_" + string(id)
	c.hears(id, payment.News{
		Subject: payment.Subject{PurchaseID: string(id), PaymentID: paid},
		Facts: payment.Facts{Payments: map[string]payment.Payment{paid: {Disputes: map[string]payment.Dispute{
			"dispute": {ToldAt: second, AmountMinor: 900, Currency: "EUR", State: state},
		}}}},
	})
}

// spends has the team use that many tokens.
func (c *circle) spends(p player, tokens models.Tokens) {
	c.t.Helper()
	c.keys++
	c.spent = true
	generation := models.GenerationID(fmt.Sprintf("gen_%026d", c.keys))
	_, err := c.ledger.Update(c.ctx(), ledger.Change{Team: p.team, Actor: p.owner, Decide: func(tx *ledger.Tx) error {
		err := tx.Reserve(p.owner, ledger.ReserveRequest{
			Generation: generation, Operation: models.OperationGenerateTexts,
			Parts: []ledger.PartCost{{Part: models.PartShortDescription, Tokens: tokens}},
		})
		if err != nil {
			return err
		}
		return tx.Capture(generation, models.PartShortDescription)
	}})
	if err != nil {
		c.t.Fatal(err)
	}
}
