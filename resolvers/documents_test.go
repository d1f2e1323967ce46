package resolvers

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"productgenerator/auth"
	"productgenerator/models"
)

// readers are clients of the pages of purchases.
type readers struct {
	*world
	address string
}

// servePages serves the pages as the program does. details says how an invoice is paid.
func (w *world) servePages(details string) readers {
	w.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	origins, err := auth.NewOrigins(address)
	if err != nil {
		w.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /purchases/{id}", Language(w.resolver.PurchaseDocument(details)))
	server.Config.Handler = auth.NewGate(w.resolver.Sessions, origins, w.resolver.Log).Handler(mux)
	server.Start()
	w.t.Cleanup(server.Close)
	return readers{w, address}
}

// open is the page of a purchase as the client sees it, as text.
func (r readers) open(c *client, id models.PurchaseID) (status int, page string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.address+"/purchases/"+string(id), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Accept-Language", c.language)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if cached := response.Header.Get("Cache-Control"); cached != "private, no-store" {
		r.t.Errorf("Cache-Control: %s", cached)
	}
	return response.StatusCode, html.UnescapeString(string(content))
}

// shows checks that the page is there and has all of the texts.
func (r readers) shows(c *client, id models.PurchaseID, texts ...string) {
	r.t.Helper()
	status, page := r.open(c, id)
	if status != http.StatusOK {
		r.t.Fatalf("status %d", status)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			r.t.Errorf("the page lacks %q:\n%s", text, page[strings.Index(page, "<main>"):])
		}
	}
}

// begun is a purchase of 650 tokens for 1500 yen that nobody has paid.
func (c *client) begun(provider string, status models.PurchaseStatus) models.PurchaseID {
	c.t.Helper()
	id := models.NewPurchaseID(time.Now())
	_, err := c.db.Pool.Exec(c.t.Context(), `
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live,
	status, checkout_ends_at, checkout_url, created_at, updated_at)
VALUES ($1, $2, $3, 'package_00000000000000000000000001', 'Starter', 650, 1500, 'JPY', $4, true, $5,
	'2026-12-01T22:30:00Z', 'https://pay.example/1', '2026-11-30T22:30:00Z', '2026-11-30T22:30:00Z')`,
		id, c.team, c.user, provider, status)
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

func TestAReceiptSaysWhatWasBoughtInTheReadersLanguageAndTheTeamsZone(t *testing.T) {
	w := newWorld(t)
	pages := w.servePages("")
	ann := w.signUp("ann")
	id := ann.buys("one")
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE balances SET time_zone = 'Europe/Madrid'`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE purchases SET paid_at = '2026-11-30T23:30:00Z', expires_after_days = 90`); err != nil {
		t.Fatal(err)
	}
	pages.shows(ann, id, "Receipt", `data-tone="good">Paid<`, string(id), "ann's team", ">ann<", "Starter", ">650<", "€9.00",
		"1 December 2026, 00:30 (Europe/Madrid)", "650 tokens were added to ann's team.", "90 days after the payment",
		"No real money moves")
	ann.language = "es-MX,es;q=0.9"
	pages.shows(ann, id, "Recibo", "Pagada", "9,00\u00a0€", "1 de diciembre de 2026, 00:30 (Europe/Madrid)", `<html lang="es">`)
	if _, page := pages.open(ann, id); strings.Contains(page, "Devuelto") {
		t.Error("the receipt tells of a refund")
	}

	_, err := w.db.Pool.Exec(t.Context(), `
UPDATE purchases
SET status = 'PARTIALLY_REFUNDED', refunded_minor = 300, refunded_tokens = 217, automatic = true, receipt_url = 'https://pay.example/receipt'`)
	if err != nil {
		t.Fatal(err)
	}
	ann.language = "en"
	pages.shows(ann, id, "Receipt", "Partly paid back", "−€3.00", "€6.00", "217 tokens", "on behalf of", `href="https://pay.example/receipt"`)
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE purchases SET status = 'DISPUTED'`); err != nil {
		t.Fatal(err)
	}
	pages.shows(ann, id, "Receipt", `data-tone="bad">Disputed<`, "bank asks for the money back")
}

func TestAnInvoiceSaysHowItIsPaidUntilItIs(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	id := ann.begun("invoice", models.PurchasePending)
	details := w.servePages("Bank of Somewhere\nXX00 <0000>")
	details.shows(ann, id, "Invoice", "How to pay", "Bank of Somewhere\nXX00 <0000>", "Reference", "¥1,500",
		"30 November 2026, 22:30 (UTC)", "1 December 2026, 22:30 (UTC)", "To be paid by", "as soon as an administrator has confirmed")
	w.servePages(" ").shows(ann, id, "How to pay", "The administrators of the platform tell you where to pay.")
	ann.language = "es"
	details.shows(ann, id, "Factura", "1.500\u00a0JPY")

	late := ann.begun("invoice", models.PurchaseExpired)
	ann.language = ""
	details.shows(ann, late, "Purchase", "Nobody paid in time")
	if _, page := details.open(ann, late); strings.Contains(page, "How to pay") || strings.Contains(page, "https://pay.example") {
		t.Error("an expired invoice says how to pay")
	}
	elsewhere := ann.begun("stripe", models.PurchasePending)
	details.shows(ann, elsewhere, "Purchase", "Awaiting payment", `href="https://pay.example/1"`, "Stripe")
	if _, page := details.open(ann, elsewhere); strings.Contains(page, "Bank of Somewhere") {
		t.Error("what is paid elsewhere says how to pay here")
	}
}

func TestAPageLeadsToThePaymentOnlyWhereAPayerCanBegin(t *testing.T) {
	w := newWorld(t)
	ann, pages := w.signUp("ann"), w.servePages("")
	for _, change := range []string{
		"payment_id = 'pi_under_way'", "cancelled_at = now()", "automatic = true", "status = 'FAILED'",
	} {
		id := ann.begun("stripe", models.PurchasePending)
		w.exec("UPDATE purchases SET "+change+" WHERE id = $1", id)
		if _, page := pages.open(ann, id); strings.Contains(page, "https://pay.example") || strings.Contains(page, "To be paid by") {
			t.Errorf("a purchase with %s asks for a payment", change)
		}
		if c := ann.must(`query($id: ID!) { purchase(id: $id) { checkoutUrl } }`, object{"id": id}); at(c, "purchase", "checkoutUrl") != nil {
			t.Errorf("a purchase with %s has a checkoutUrl", change)
		}
	}
}

func TestOnlyReadersOfTheTeamAndAdministratorsSeeAPurchasesPage(t *testing.T) {
	w := newWorld(t)
	pages := w.servePages("secret details")
	ann := w.signUp("ann")
	id := ann.begun("invoice", models.PurchasePending)
	viewer := ann.member("vic", "VIEWER")
	for name, test := range map[string]struct {
		client *client
		id     models.PurchaseID
		status int
		text   string
	}{
		"nobody":            {w.anonymous(), id, http.StatusUnauthorized, "Sign in first"},
		"nobody, elsewhere": {w.anonymous(), "purchase_x", http.StatusUnauthorized, "Sign in first"},
		"a stranger":        {w.signUp("eve"), id, http.StatusNotFound, "Nothing here"},
		"no such purchase":  {ann, models.NewPurchaseID(time.Now()), http.StatusNotFound, "Nothing here"},
		"no id at all":      {ann, "' OR 1=1", http.StatusNotFound, "Nothing here"},
		"a viewer":          {viewer, id, http.StatusOK, "secret details"},
		"an administrator":  {w.administrator(), id, http.StatusOK, "secret details"},
	} {
		status, page := pages.open(test.client, models.PurchaseID(strings.ReplaceAll(string(test.id), " ", "%20")))
		if status != test.status || !strings.Contains(page, test.text) {
			t.Errorf("%s: %d, want %d with %q:\n%s", name, status, test.status, test.text, page)
		}
		if test.status != http.StatusOK && (strings.Contains(page, "secret") || strings.Contains(page, "ann")) {
			t.Errorf("%s reads what is none of theirs", name)
		}
	}
	if _, err := w.db.Pool.Exec(t.Context(), `DELETE FROM memberships WHERE user_id = $1`, viewer.user); err != nil {
		t.Fatal(err)
	}
	if status, _ := pages.open(viewer, id); status != http.StatusNotFound {
		t.Errorf("a removed member: %d", status)
	}
}

func TestWhatIsNoPurchasesIDNamesNoPage(t *testing.T) {
	w := newWorld(t)
	pages := w.servePages("")
	ann := w.signUp("ann")
	for _, id := range []models.PurchaseID{"%00", "%ff", "team_01k00000000000000000000000", "purchase_01k00000000000000000000000"} {
		if status, _ := pages.open(ann, id); status != http.StatusNotFound {
			t.Errorf("%s: status %d", id, status)
		}
	}
}
