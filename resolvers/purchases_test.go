package resolvers

import (
	"context"
	"testing"
	"time"

	"productgenerator/funding"
	"productgenerator/models"
	"productgenerator/payment"
)

const (
	purchaseFields = `id status tokens priceMinor currency provider automatic checkoutUrl receiptUrl refundedMinor refundedTokens
		attention failure package { name } team { id } buyer { name } grant { remaining } `
	purchasePayload = `{ purchase { ` + purchaseFields + ` } balance { available debt }
		userErrors { __typename code message path ... on PaymentError { provider } ... on ConflictError { conflictsWith { id } } } } }`
	purchaseTokens  = `mutation($i: PurchaseTokensInput!) { purchaseTokens(input: $i) ` + purchasePayload
	cancelPurchase  = `mutation($i: CancelPurchaseInput!) { cancelPurchase(input: $i) ` + purchasePayload
	confirmPurchase = `mutation($i: ConfirmPurchaseInput!) { confirmPurchase(input: $i) ` + purchasePayload
	refundPurchase  = `mutation($i: RefundPurchaseInput!) { refundPurchase(input: $i) ` + purchasePayload
	purchaseQuery   = `query($id: ID!) { purchase(id: $id) { ` + purchaseFields + ` } }`
	starter         = "package_00000000000000000000000001"
)

// takes has another provider take the money from now on.
func (w *world) takes(taker payment.Provider) {
	w.t.Helper()
	w.resolver.Funding = funding.New(funding.Options{
		DB: w.db.Gorm, Pool: w.db.Pool, Ledger: w.resolver.Ledger, Provider: taker, PublicURL: "http://shop.example", Now: time.Now,
	})
}

func (c *client) purchases(key string) any {
	c.t.Helper()
	return c.must(purchaseTokens, object{"i": object{"teamId": c.team, "packageId": starter, "idempotencyKey": key}})["purchaseTokens"]
}

func TestAPackageIsBoughtInTheDemonstrationAndShownEverywhere(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bought := ann.purchases("k")
	id := text(bought, "purchase", "id")
	wantJSON(t, bought, `{"purchase": {
		"id": "`+id+`", "status": "PAID", "tokens": 650, "priceMinor": 900, "currency": "EUR", "provider": "invoice",
		"automatic": false, "checkoutUrl": null, "receiptUrl": "http://shop.example/purchases/`+id+`", "refundedMinor": 0,
		"refundedTokens": 0, "attention": null, "failure": null, "package": {"name": "Starter"},
		"team": {"id": "`+ann.team+`"}, "buyer": {"name": "ann"}, "grant": {"remaining": 650}
	}, "balance": {"available": 845, "debt": 0}, "userErrors": []}`)
	wantJSON(t, ann.purchases("k"), mustJSON(t, bought))
	other := ann.must(purchaseTokens, object{"i": object{
		"teamId": ann.team, "packageId": "package_00000000000000000000000002", "idempotencyKey": "k",
	}})
	wantJSON(t, at(other, "purchaseTokens", "userErrors", 0, "code"), `"IDEMPOTENCY_CONFLICT"`)

	shown := ann.must(`query($team: ID!, $id: ID!) {
		node(id: $id) { ... on Purchase { status } }
		team(id: $team) {
			purchases(first: 1) { nodes { id } pageInfo { hasNextPage } }
			grants(first: 5) { nodes { source purchase { id } } }
			ledger(first: 5) { nodes { kind purchase { id } } }
		} }`, object{"team": ann.team, "id": id})
	wantJSON(t, shown, `{"node": {"status": "PAID"}, "team": {
		"purchases": {"nodes": [{"id": "`+id+`"}], "pageInfo": {"hasNextPage": false}},
		"grants": {"nodes": [{"source": "PURCHASE", "purchase": {"id": "`+id+`"}}, {"source": "GIFT", "purchase": null}]},
		"ledger": {"nodes": [{"kind": "GRANT", "purchase": {"id": "`+id+`"}}, {"kind": "GRANT", "purchase": null}]}
	}}`)
}

func TestAnInvoiceIsFollowedFromItsPageToItsRefund(t *testing.T) {
	w := newWorld(t)
	w.takes(payment.NewInvoice(false))
	ann, admin := w.signUp("ann"), w.administrator()
	begun := ann.purchases("k")
	id := text(begun, "purchase", "id")
	wantJSON(t, at(begun, "purchase", "status"), `"PENDING"`)
	wantJSON(t, at(begun, "purchase", "checkoutUrl"), `"http://shop.example/purchases/`+id+`"`)
	wantJSON(t, at(begun, "purchase", "receiptUrl"), `null`)
	wantJSON(t, at(begun, "balance", "available"), `195`)

	next := ann.events(`subscription($id: ID!) { purchaseChanged(id: $id) { status grant { remaining } } }`, object{"id": id})
	seen, _ := next()
	wantJSON(t, at(seen.Data, "purchaseChanged"), `{"status": "PENDING", "grant": null}`)
	confirmed := admin.must(confirmPurchase, object{"i": object{"purchaseId": id, "note": "transfer 12", "idempotencyKey": "c"}})
	wantJSON(t, at(confirmed, "confirmPurchase", "balance"), `{"available": 845, "debt": 0}`)
	seen, _ = next()
	wantJSON(t, at(seen.Data, "purchaseChanged"), `{"status": "PAID", "grant": {"remaining": 650}}`)

	again := admin.must(confirmPurchase, object{"i": object{"purchaseId": id, "note": "transfer 12", "idempotencyKey": "d"}})
	wantJSON(t, again["confirmPurchase"], `{"purchase": null, "balance": null, "userErrors": [{
		"__typename": "ConflictError", "code": "FINISHED", "path": ["purchaseId"], "conflictsWith": {"id": "`+id+`"},
		"message": "This purchase is paid already."
	}]}`)
	late := ann.must(cancelPurchase, object{"i": object{"id": id}})
	wantJSON(t, at(late, "cancelPurchase", "userErrors", 0, "code"), `"FINISHED"`)

	refund := func(amount any, key string) any {
		return admin.must(refundPurchase, object{"i": object{
			"purchaseId": id, "amountMinor": amount, "note": "by mistake", "idempotencyKey": key,
		}})["refundPurchase"]
	}
	tooMuch := refund(901, "a")
	wantJSON(t, at(tooMuch, "userErrors", 0, "path"), `["amountMinor"]`)
	mustContain(t, text(tooMuch, "userErrors", 0, "message"), "There is not that much left to pay back")
	half := refund(450, "b")
	wantJSON(t, at(half, "purchase", "status"), `"PARTIALLY_REFUNDED"`)
	wantJSON(t, at(half, "balance", "available"), `520`)
	rest := refund(nil, "rest")
	wantJSON(t, at(rest, "purchase", "status"), `"REFUNDED"`)
	wantJSON(t, at(rest, "purchase", "refundedTokens"), `650`)
	wantJSON(t, at(rest, "balance", "available"), `195`)
	lines := ann.must(`query($id: ID!) { team(id: $id) { ledger(first: 2) { nodes { kind reason note actor { name } purchase { id } } } } }`,
		object{"id": ann.team})
	wantJSON(t, at(lines, "team", "ledger", "nodes", 0), `{
		"kind": "REVOKE", "reason": "REFUND", "note": "by mistake", "actor": {"name": "Administrator"}, "purchase": {"id": "`+id+`"}
	}`)
}

func TestAPurchaseIsCalledOff(t *testing.T) {
	w := newWorld(t)
	w.takes(payment.NewInvoice(false))
	ann := w.signUp("ann")
	id := text(ann.purchases("k"), "purchase", "id")
	for range 2 {
		cancelled := ann.must(cancelPurchase, object{"i": object{"id": id}})
		wantJSON(t, at(cancelled, "cancelPurchase", "purchase", "status"), `"CANCELLED"`)
		wantJSON(t, at(cancelled, "cancelPurchase", "purchase", "checkoutUrl"), `null`)
		wantJSON(t, at(cancelled, "cancelPurchase", "userErrors"), `[]`)
	}
	refused := w.administrator().must(refundPurchase, object{"i": object{"purchaseId": id, "note": "n", "idempotencyKey": "r"}})
	wantJSON(t, at(refused, "refundPurchase", "userErrors", 0, "message"), `"Nothing has been paid, so nothing can be paid back."`)
}

func TestPurchasesAreGuarded(t *testing.T) {
	w := newWorld(t)
	w.takes(payment.NewInvoice(false))
	ann, eve, admin := w.signUp("ann"), w.signUp("eve"), w.administrator()
	mia := ann.member("mia", "MEMBER")
	id := text(ann.purchases("k"), "purchase", "id")
	missing := string(models.NewPurchaseID(time.Now()))
	buy := object{"i": object{"teamId": ann.team, "packageId": starter, "idempotencyKey": "k2"}}
	cancel := object{"i": object{"id": id}}
	confirm := object{"i": object{"purchaseId": id, "note": "n", "idempotencyKey": "c"}}
	const changed = `subscription($id: ID!) { purchaseChanged(id: $id) { status } }`
	for query, variables := range map[string]object{
		purchaseTokens: buy, cancelPurchase: cancel, confirmPurchase: confirm, refundPurchase: confirm, purchaseQuery: {"id": id},
	} {
		w.anonymous().refused(codeUnauthenticated, query, variables)
	}
	mia.refused(codeForbidden, purchaseTokens, buy)
	mia.refused(codeForbidden, cancelPurchase, cancel)
	admin.refused(codeForbidden, purchaseTokens, buy)
	admin.refused(codeForbidden, cancelPurchase, cancel)
	ann.refused(codeForbidden, confirmPurchase, confirm)
	ann.refused(codeForbidden, refundPurchase, confirm)
	eve.refused(codeNotFound, purchaseTokens, buy)
	eve.refused(codeNotFound, cancelPurchase, cancel)
	foreign := eve.refused(codeNotFound, purchaseQuery, object{"id": id})
	absent := eve.refused(codeNotFound, purchaseQuery, object{"id": missing})
	if foreign.body != absent.body {
		t.Errorf("foreign: %s, missing: %s", foreign.body, absent.body)
	}
	eve.refused(codeNotFound, purchaseQuery, object{"id": ann.team})
	if next := eve.events(changed, object{"id": id}); true {
		if a, _ := next(); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != codeNotFound {
			t.Errorf("another's stream: %s", a.body)
		}
	}
	admin.refused(codeNotFound, confirmPurchase, object{"i": object{"purchaseId": missing, "note": "n", "idempotencyKey": "c"}})
	wantJSON(t, at(mia.must(purchaseQuery, object{"id": id}), "purchase", "status"), `"PENDING"`)
	wantJSON(t, at(admin.must(purchaseQuery, object{"id": id}), "purchase", "status"), `"PENDING"`)
}

func TestOnlyAdministratorsSeeWhatTheyHaveToLookAt(t *testing.T) {
	w := newWorld(t)
	ann, bob, admin := w.signUp("ann"), w.signUp("bob"), w.administrator()
	id := text(ann.purchases("k"), "purchase", "id")
	bob.purchases("k")
	w.exec(`UPDATE purchases SET attention = 'OVERPAID' WHERE id = $1`, id)
	wantJSON(t, at(ann.must(purchaseQuery, object{"id": id}), "purchase", "attention"), `null`)
	const list = `query($s: [PurchaseStatus!], $a: Boolean) { administration { purchases(status: $s, attention: $a) { nodes { team { id } attention } } } }`
	for _, variables := range []object{{"a": true}, {"a": true, "s": []string{"PAID", "DISPUTED"}}} {
		wantJSON(t, at(admin.must(list, variables), "administration", "purchases", "nodes"), `[{"team": {"id": "`+ann.team+`"}, "attention": "OVERPAID"}]`)
	}
	wantJSON(t, at(admin.must(list, object{"s": []string{"PENDING"}}), "administration", "purchases", "nodes"), `[]`)
	if all := at(admin.must(list, nil), "administration", "purchases", "nodes").([]any); len(all) != 2 {
		t.Errorf("%v", all)
	}
}

// unwilling is a provider that fails in one way.
type unwilling struct {
	payment.Invoice
	kind payment.Kind
}

func (u unwilling) StartCheckout(context.Context, payment.Checkout) (payment.Session, error) {
	return payment.Session{}, &payment.Error{Provider: "invoice", Op: "start checkout", Kind: u.kind}
}

func TestAProviderThatFailsIsSaidInASentenceThatHelps(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	ann.language = "es"
	w.takes(unwilling{kind: payment.Unreachable})
	for range 2 {
		wantJSON(t, ann.purchases("k"), `{"purchase": null, "balance": null, "userErrors": [{
			"__typename": "PaymentError", "code": "PAYMENT_FAILED", "path": [], "provider": "invoice",
			"message": "Ahora no se puede contactar con el proveedor de pagos. No se ha pagado nada. Repita la petición con la misma clave: entonces se abre su página, y nada se compra dos veces."
		}]}`)
	}
	w.takes(unwilling{kind: payment.Refused})
	mustContain(t, text(ann.purchases("k"), "userErrors", 0, "message"), "El proveedor de pagos se negó a abrir su página.")
	list := ann.must(`query($id: ID!) { team(id: $id) { purchases { nodes { status failure checkoutUrl } } } }`, object{"id": ann.team})
	wantJSON(t, at(list, "team", "purchases", "nodes"), `[{
		"status": "FAILED", "checkoutUrl": null,
		"failure": "El proveedor de pagos rechazó el pago. Los administradores de la plataforma pueden ver por qué."
	}]`)
}

func TestAPurchaseThatCannotBeBegunSaysWhy(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	for path, input := range map[string]object{
		"packageId":      {"packageId": "package_00000000000000000000000009"},
		"returnUrl":      {"returnUrl": "javascript:alert(1)"},
		"idempotencyKey": {"idempotencyKey": ""},
	} {
		asked := object{"teamId": ann.team, "packageId": starter, "idempotencyKey": "k"}
		for name, value := range input {
			asked[name] = value
		}
		refused := ann.must(purchaseTokens, object{"i": asked})
		wantJSON(t, at(refused, "purchaseTokens", "userErrors", 0, "path"), `["`+path+`"]`)
	}
	_, err := w.db.Pool.Exec(t.Context(), `
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live,
	checkout_ends_at, created_at, updated_at)
SELECT 'purchase_' || n, memberships.team_id, memberships.user_id, $2, 'Starter', 650, 900, 'EUR', 'invoice', true,
	now() + interval '1 day', now(), now()
FROM memberships, generate_series(1, 100) AS n
WHERE memberships.team_id = $1`, ann.team, starter)
	if err != nil {
		t.Fatal(err)
	}
	full := ann.must(purchaseTokens, object{"i": object{"teamId": ann.team, "packageId": starter, "idempotencyKey": "full"}})
	wantJSON(t, at(full, "purchaseTokens", "userErrors"), `[{
		"__typename": "ValidationError", "code": "TOO_MANY", "path": ["packageId"],
		"message": "100 purchases of this team wait to be paid: pay or cancel one of them first."
	}]`)
	ann.refused(codeBadUserInput, `query($id: ID!) { team(id: $id) { purchases(after: "Z3JhbnRfMQ") { nodes { id } } } }`, object{"id": ann.team})
}
