package funding

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"productgenerator/payment"
	"productgenerator/payment/stripetest"
	"productgenerator/postgres/pgtest"
)

const webhookSecret = "whsec_of_the_test"

// gate is the address of notices, with what it stores and says.
type gate struct {
	t        *testing.T
	funding  *Funding
	pool     *pgxpool.Pool
	url      string
	client   *http.Client
	log      *diary
	outcomes chan NoticeOutcome
}

func newGate(t *testing.T) *gate {
	t.Helper()
	db := pgtest.New(t)
	stripe, err := payment.NewStripe(payment.StripeConfig{
		SecretKey: "sk_test_1", WebhookSecrets: []string{"whsec_of_yesterday", webhookSecret}, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, pool: db.Pool, log: &diary{}, outcomes: make(chan NoticeOutcome, 100)}
	g.funding = New(Options{
		DB: db.Gorm, Pool: db.Pool, Provider: stripe, Others: []payment.Provider{payment.NewInvoice(false)},
		ObserveNotice: func(o NoticeOutcome) { g.outcomes <- o },
		Log:           slog.New(slog.NewTextHandler(g.log, nil)), Now: time.Now,
	})
	server := httptest.NewServer(g.funding.Notices(payment.StripeName))
	t.Cleanup(server.Close)
	g.url, g.client = server.URL, server.Client()
	return g
}

// event is a notice's body: a session that was paid, unless its type is another.
func event(id, kind string) string {
	return `{"id": "` + id + `", "object": "event", "type": "` + kind + `", "created": 1764000000, "livemode": false,
		"data": {"object": {"id": "cs_1", "object": "checkout.session", "mode": "payment", "status": "complete",
		"payment_status": "paid", "payment_intent": "pi_1", "amount_total": 900, "currency": "eur",
		"metadata": {"purchase_id": "purchase_1", "note": "hush"}}}}`
}

const paidEvent = "checkout.session.completed"

// post posts a body with a signature header, none if it is empty, and returns the answer.
func (g *gate) post(body, signature string) (int, string) {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.url, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if signature != "" {
		request.Header.Set("Stripe-Signature", signature)
	}
	return g.send(request)
}

func (g *gate) send(request *http.Request) (int, string) {
	g.t.Helper()
	response, err := g.client.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (g *gate) stored() (count int) {
	g.t.Helper()
	if err := g.pool.QueryRow(g.t.Context(), `SELECT count(*) FROM payment_notices`).Scan(&count); err != nil {
		g.t.Fatal(err)
	}
	return count
}

func sign(at time.Time, body string, secrets ...string) string {
	return stripetest.Sign(at, []byte(body), secrets...)
}

func TestNoticesThatAreNotGenuineAreRefusedAndLeaveNothingBehind(t *testing.T) {
	g := newGate(t)
	now, body := time.Now(), event("evt_1", paidEvent)
	long := strings.Repeat(" ", payment.MaxNoticeBytes)
	says := map[NoticeOutcome]string{
		NoticeForged: "not signed by", NoticeTooOld: "too long ago", NoticeFromTheFuture: "in the future",
		NoticeMalformed: "malformed", NoticeTooLong: "too long",
	}
	for _, test := range []struct {
		name, body, signature string
		status                int
		outcome               NoticeOutcome
	}{
		{"without a signature", body, "", 400, NoticeForged},
		{"signed by nobody", body, "nonsense", 400, NoticeMalformed},
		{"signed by another", body, sign(now, body, "whsec_of_a_forger"), 400, NoticeForged},
		{"signed with an empty secret", body, sign(now, body, ""), 400, NoticeForged},
		{"altered", strings.Replace(body, "900", "901", 1), sign(now, body, webhookSecret), 400, NoticeForged},
		{"altered by a space", body + " ", sign(now, body, webhookSecret), 400, NoticeForged},
		{"with another time", body, strings.Replace(sign(now.Add(-time.Hour), body, webhookSecret), "t=", "t=1", 1), 400, NoticeForged},
		{"too old", body, sign(now.Add(-time.Hour), body, webhookSecret), 400, NoticeTooOld},
		{"from the future", body, sign(now.Add(time.Hour), body, webhookSecret), 400, NoticeFromTheFuture},
		{"empty", "", sign(now, "", webhookSecret), 400, NoticeMalformed},
		{"no event", "{}", sign(now, "{}", webhookSecret), 400, NoticeMalformed},
		{"no JSON", "hush", sign(now, "hush", webhookSecret), 400, NoticeMalformed},
		{"too long", body + long, sign(now, body+long, webhookSecret), 413, NoticeTooLong},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, text := g.post(test.body, test.signature)
			if outcome := <-g.outcomes; status != test.status || outcome != test.outcome {
				t.Errorf("%d, %s", status, outcome)
			}
			if !strings.Contains(text, says[test.outcome]) || strings.Contains(text, "hush") || strings.Contains(text, "whsec") || strings.Count(text, "\n") != 1 {
				t.Errorf("answered %q", text)
			}
		})
	}
	if count := g.stored(); count != 0 {
		t.Errorf("%d notices are stored", count)
	}
	// Whoever posts nonsense all day does not fill the log.
	if lines := strings.Count(g.log.String(), "\n"); lines != 1 || strings.Contains(g.log.String(), "hush") {
		t.Errorf("logged:\n%s", g.log)
	}
}

func TestAGenuineNoticeIsStoredOnceAsItCame(t *testing.T) {
	g := newGate(t)
	body := event("evt_1", paidEvent)
	for i, secret := range []string{webhookSecret, "whsec_of_yesterday", webhookSecret} {
		status, text := g.post(body, sign(time.Now(), body, secret))
		want := NoticeRepeated
		if i == 0 {
			want = NoticeStored
		}
		if outcome := <-g.outcomes; status != http.StatusOK || text != "" || outcome != want {
			t.Errorf("%d: %d %q, %s", i, status, text, outcome)
		}
	}
	var kept []byte
	var purchase, state string
	var due, processed bool
	err := g.pool.QueryRow(t.Context(), `
		SELECT body, notice->>'purchaseId', notice#>>'{facts,sessions,cs_1}', due_at <= now(), processed_at IS NOT NULL
		FROM payment_notices`).Scan(&kept, &purchase, &state, &due, &processed)
	if err != nil || string(kept) != body || purchase != "purchase_1" || state != "PAID" || !due || processed {
		t.Errorf("%v: kept %q of %s: %s, due %t, processed %t", err, kept, purchase, state, due, processed)
	}
}

func TestANoticeThatSaysNothingAboutPurchasesIsProcessedAtOnce(t *testing.T) {
	g := newGate(t)
	body := event("evt_1", "customer.created")
	if status, _ := g.post(body, sign(time.Now(), body, webhookSecret)); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
	var due, processed bool
	err := g.pool.QueryRow(t.Context(), `SELECT due_at IS NOT NULL, processed_at IS NOT NULL FROM payment_notices`).Scan(&due, &processed)
	if err != nil || due || !processed {
		t.Errorf("%v: due %t, processed %t", err, due, processed)
	}
}

func TestNoticesArePosted(t *testing.T) {
	g := newGate(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		request, err := http.NewRequestWithContext(t.Context(), method, g.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := g.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != http.MethodPost {
			t.Errorf("%s: %d, allowed is %q", method, response.StatusCode, response.Header.Get("Allow"))
		}
	}
}

func TestWhoSendsNoNoticesHasNoAddressForThem(t *testing.T) {
	g := newGate(t)
	for _, provider := range []string{payment.InvoiceName, "unknown"} {
		recorder := httptest.NewRecorder()
		g.funding.Notices(provider).ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
		if recorder.Code != http.StatusNotFound {
			t.Errorf("%s: %d", provider, recorder.Code)
		}
	}
}

func TestWithoutADatabaseTheSenderIsAskedToTryAgain(t *testing.T) {
	g := newGate(t)
	g.pool.Close()
	body := event("evt_1", paidEvent)
	status, text := g.post(body, sign(time.Now(), body, webhookSecret))
	if outcome := <-g.outcomes; status != http.StatusServiceUnavailable || outcome != NoticeNotStored {
		t.Errorf("%d %q, %s", status, text, outcome)
	}
	if !strings.Contains(g.log.String(), "not stored") || strings.Contains(g.log.String(), "hush") {
		t.Errorf("logged:\n%s", g.log)
	}
}

func TestASenderThatGoesAwayStoresNothing(t *testing.T) {
	g := newGate(t)
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(connection, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
	if err = errors.Join(err, connection.Close()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case outcome := <-g.outcomes:
		if outcome != NoticeUnread || g.stored() != 0 {
			t.Errorf("%s, %d stored", outcome, g.stored())
		}
	case <-ctx.Done():
		t.Error("nothing became of it")
	}
}

func TestOnlyANoticeThatIsNewWakesTheWork(t *testing.T) {
	g := newGate(t)
	woken := make(chan struct{}, 1)
	g.funding.work.wake = []chan struct{}{woken}
	now, body := time.Now(), event("evt_1", paidEvent)
	genuine := sign(now, body, webhookSecret)
	for _, test := range []struct {
		name, signature string
		wakes           int
	}{
		{"forged", sign(now, body, "whsec_of_a_forger"), 0},
		{"new", genuine, 1},
		{"repeated", genuine, 0},
	} {
		g.post(body, test.signature)
		<-g.outcomes
		if len(woken) != test.wakes {
			t.Errorf("%s: woken %d times, want %d", test.name, len(woken), test.wakes)
		}
		for len(woken) > 0 {
			<-woken
		}
	}
}
