package e2e_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"productgenerator/payment/stripetest"
	"productgenerator/postgres/pgtest"
)

// What the payment server of a test and the program share.
const (
	stripeKey     = "sk_test_of_the_journey"
	webhookSecret = "whsec_of_the_journey"

	// starterPackage is 650 tokens for 9.00 €.
	starterPackage = "package_00000000000000000000000001"
)

// startStripe starts a payment server, and returns it with the settings of processes that use it.
func startStripe(t *testing.T) (*stripetest.Server, []string) {
	t.Helper()
	server := stripetest.New(stripetest.Config{SecretKey: stripeKey, WebhookSecrets: []string{webhookSecret}, Now: time.Now})
	t.Cleanup(server.Close)
	return server, []string{
		"STRIPE_SECRET_KEY=" + stripeKey, "STRIPE_WEBHOOK_SECRET=whsec_of_yesterday," + webhookSecret,
		"STRIPE_API_BASE=" + server.URL(),
	}
}

// deliver delivers the notices that wait to a process, and returns how many it took.
func (p *process) deliver(server *stripetest.Server) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	delivery, err := server.Deliver(ctx, p.url()+"/webhooks/stripe", stripetest.Mischief{})
	if err != nil {
		p.t.Fatal(err)
	}
	return delivery.Sent - delivery.Refused
}

// purchase is one as the API shows it.
type purchase struct {
	ID, Status, Provider, CheckoutURL, ReceiptURL string
	RefundedMinor, RefundedTokens                 int64
	Grant                                         *struct{ ID string }
}

const purchaseFields = "id status provider checkoutUrl receiptUrl refundedMinor refundedTokens grant { id }"

// funds are a team's tokens.
type funds struct{ Available, Reserved, Debt int64 }

type purchasePayload struct {
	Purchase   *purchase
	Balance    *funds
	UserErrors []userError
}

// buyStarter begins the purchase of the smallest package.
func (u *user) buyStarter(key string) purchase {
	u.t.Helper()
	bought := ask[struct{ PurchaseTokens purchasePayload }](u.client,
		`mutation($input: PurchaseTokensInput!) { purchaseTokens(input: $input) {
			purchase { `+purchaseFields+` } balance { available reserved debt } userErrors { `+errorFields+` }
		} }`, input(vars{
			"teamId": u.team, "packageId": starterPackage, "idempotencyKey": key, "returnUrl": u.base + "/",
		})).PurchaseTokens
	if bought.Purchase == nil {
		u.t.Fatalf("buy: %+v", bought.UserErrors)
	}
	return *bought.Purchase
}

// refund pays a part of a purchase back, as the platform administrator.
func (u *user) refund(id string, amountMinor int64, key string) purchasePayload {
	u.t.Helper()
	return ask[struct{ RefundPurchase purchasePayload }](u.client,
		`mutation($input: RefundPurchaseInput!) { refundPurchase(input: $input) {
			purchase { `+purchaseFields+` } balance { available reserved debt } userErrors { `+errorFields+` }
		} }`, input(vars{
			"purchaseId": id, "amountMinor": amountMinor, "note": "on request", "idempotencyKey": key,
		})).RefundPurchase
}

func (u *user) funds() funds {
	u.t.Helper()
	return ask[struct{ Team struct{ Balance funds } }](u.client,
		"query($id: ID!) { team(id: $id) { balance { available reserved debt } } }", vars{"id": u.team}).Team.Balance
}

// payOnPage has somebody pay on the payment server's page, and returns where that sends them.
func payOnPage(t *testing.T, page string) (back string) {
	t.Helper()
	client := &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	shown, err := client.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer shown.Body.Close()
	if text, err := io.ReadAll(shown.Body); err != nil || !strings.Contains(string(text), "900 eur") {
		t.Fatalf("the page shows %s, %v", text, err)
	}
	paid, err := client.Post(page, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer paid.Body.Close()
	if paid.StatusCode != http.StatusSeeOther {
		t.Fatalf("paying was answered with %d", paid.StatusCode)
	}
	return paid.Header.Get("Location")
}

type purchaseEvent struct{ PurchaseChanged purchase }

func TestAPurchaseThroughStripeFromThePageToTheRefundAndTheNextOne(t *testing.T) {
	t.Parallel()
	server, settings := startStripe(t)
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	settings = append(append(settings, administration()...), append(delivering(), database, "WELCOME_TOKENS=0")...)
	a, b := start(t, settings...), start(t, settings...)
	ada, root := a.signUp("Ada", ""), a.administrator()
	root.allow(ada.team, -1)

	bought := ada.buyStarter("first")
	if bought.Status != "PENDING" || bought.Provider != "stripe" || bought.Grant != nil {
		t.Fatalf("begun: %+v", bought)
	}
	if again := ada.buyStarter("first"); again.ID != bought.ID || again.CheckoutURL != bought.CheckoutURL {
		t.Errorf("the same key began %+v", again)
	}
	balances := ada.at(b).watchBalance(ada.team)
	until(balances, func(balanceEvent) bool { return true })
	changes := ada.at(b).watch("subscription($id: ID!) { purchaseChanged(id: $id) { "+purchaseFields+" } }", vars{"id": bought.ID})
	until(changes, func(e purchaseEvent) bool { return e.PurchaseChanged.Status == "PENDING" })

	if back := payOnPage(t, bought.CheckoutURL); !strings.HasPrefix(back, ada.base+"/") {
		t.Errorf("the payer is sent to %s", back)
	}
	if now := ada.funds(); now != (funds{}) {
		t.Errorf("before the notice the team has %+v", now)
	}
	if taken := a.deliver(server); taken == 0 {
		t.Fatal("no notice was taken")
	}
	until(balances, func(e balanceEvent) bool { return e.BalanceChanged.Available == 650 })
	until(changes, func(e purchaseEvent) bool {
		return e.PurchaseChanged.Status == "PAID" && e.PurchaseChanged.Grant != nil
	})

	// All of it is spent; then half of the money is paid back.
	for i, product := range ada.createProducts(10) {
		run := ada.generate(product, product)
		if run.Generation == nil {
			t.Fatalf("%d: %+v", i, run.UserErrors)
		}
		ada.awaitFinished(run.Generation.ID)
	}
	until(balances, func(e balanceEvent) bool { return e.BalanceChanged.Available == 0 })
	if now := ada.funds(); now != (funds{}) {
		t.Fatalf("having spent it the team has %+v", now)
	}
	refunded := root.refund(bought.ID, 450, "refund")
	if refunded.Purchase == nil || refunded.Purchase.Status != "PARTIALLY_REFUNDED" || refunded.Purchase.RefundedMinor != 450 ||
		refunded.Purchase.RefundedTokens != 325 {
		t.Fatalf("refunded: %+v", refunded)
	}
	if now := ada.funds(); now != (funds{Debt: 325}) {
		t.Errorf("after the refund the team has %+v", now)
	}
	a.deliver(server) // of the refund, which is known already
	if run := ada.generate(ada.createProduct("Tent in debt"), "in debt"); run.Generation != nil {
		t.Error("a team in debt runs an operation")
	}

	// The next purchase pays the debt first.
	second := ada.buyStarter("second")
	payOnPage(t, second.CheckoutURL)
	b.deliver(server)
	until(balances, func(e balanceEvent) bool { return e.BalanceChanged.Available == 325 })
	if now := ada.funds(); now != (funds{Available: 325}) {
		t.Errorf("after the second purchase the team has %+v", now)
	}
	checkBooks(t, database)
}

func TestAPaymentIsCreditedHoweverTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	server, settings := startStripe(t)
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	settings = append(settings, database, "WELCOME_TOKENS=0")
	p := start(t, settings...)
	ada := p.signUp("Ada", "")
	available := func(want int64) {
		t.Helper()
		await(t, "the tokens are there", func() bool { return ada.funds().Available == want })
	}

	// Killed between the payment and its notice, which never comes: the start compares with the provider's lists.
	first := ada.buyStarter("first")
	p.kill()
	payOnPage(t, first.CheckoutURL)
	if taken := p.deliver(server); taken != 0 {
		t.Fatalf("a process that is dead took %d notices", taken)
	}
	p = start(t, settings...)
	ada = ada.at(p)
	available(650)

	// The notices come late, and again: nothing more.
	if taken := p.deliver(server); taken == 0 {
		t.Fatal("no notice was taken")
	}

	// Killed as soon as the notices are taken in.
	second := ada.buyStarter("second")
	payOnPage(t, second.CheckoutURL)
	if taken := p.deliver(server); taken == 0 {
		t.Fatal("no notice was taken")
	}
	p.kill()
	p = start(t, settings...)
	ada = ada.at(p)
	available(1300)
	p.terminate()
	checkBooks(t, database)
}

func TestNobodyButStripeCanSayThatItIsPaid(t *testing.T) {
	t.Parallel()
	server, settings := startStripe(t)
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	p := start(t, append(settings, database, "WELCOME_TOKENS=0")...)
	bare := start(t, database)
	ada := p.signUp("Ada", "")
	bought := ada.buyStarter("first")
	payOnPage(t, bought.CheckoutURL)
	for _, message := range server.Messages() {
		for what, signature := range map[string]string{
			"unsigned": "", "signed by another": stripetest.Sign(time.Now(), message.Body, "whsec_of_a_forger"),
			"signed yesterday": stripetest.Sign(time.Now().Add(-24*time.Hour), message.Body, webhookSecret),
			"signed tomorrow":  stripetest.Sign(time.Now().Add(24*time.Hour), message.Body, webhookSecret),
		} {
			if status := p.post("/webhooks/stripe", string(message.Body), signature); status != http.StatusBadRequest {
				t.Errorf("%s was answered with %d", what, status)
			}
		}
		if status := bare.post("/webhooks/stripe", string(message.Body), message.Signature); status != http.StatusNotFound {
			t.Errorf("a process without Stripe answered %d", status)
		}
	}
	if now := ada.funds(); now != (funds{}) {
		t.Errorf("the team has %+v", now)
	}
	if status, _ := p.get("/webhooks/stripe"); status != http.StatusMethodNotAllowed {
		t.Errorf("asked for, it answered %d", status)
	}
	_, figures := p.get("/metrics")
	for _, line := range []string{
		`productgenerator_payment_notices_total{outcome="FORGED"} 6`,
		`productgenerator_payment_notices_total{outcome="TOO_OLD"} 3`,
		`productgenerator_payment_notices_total{outcome="FROM_THE_FUTURE"} 3`,
		"productgenerator_purchases_pending 1\n", "productgenerator_payment_notices_waiting 0\n",
	} {
		if !strings.Contains(figures, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// post posts a body with a signature, none if it is empty, and returns the status.
func (p *process) post(path, body, signature string) int {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodPost, p.url()+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if signature != "" {
		request.Header.Set("Stripe-Signature", signature)
	}
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
