package stripetest_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"productgenerator/payment/stripetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// endpoint believes what is signed at noon with the secret, and refuses the rest.
type endpoint struct {
	mu       sync.Mutex // protects all below
	believed []string
	refuse   int // how many genuine notices are refused first
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	genuine := r.Header.Get("Stripe-Signature") == stripetest.Sign(noon(), body, "whsec_1")
	if genuine && e.refuse > 0 {
		e.refuse--
		genuine = false
	}
	if !genuine {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	_, id, _ := strings.Cut(string(body), `"id": "evt_`)
	e.believed = append(e.believed, id[:strings.Index(id, `"`)])
}

func start(t *testing.T) (*stripetest.Server, *endpoint, string) {
	t.Helper()
	server := stripetest.New(stripetest.Config{SecretKey: "sk_test_1", WebhookSecrets: []string{"whsec_1"}, Now: noon})
	t.Cleanup(server.Close)
	e := &endpoint{}
	receiver := httptest.NewServer(e)
	t.Cleanup(receiver.Close)
	return server, e, receiver.URL
}

// wonders makes things happen that nobody knows.
func wonders(server *stripetest.Server, n int) {
	for range n {
		server.Emit("wonder.happened", map[string]any{"id": "w_1"})
	}
}

func deliver(t *testing.T, server *stripetest.Server, address string, m stripetest.Mischief) stripetest.Delivery {
	t.Helper()
	delivery, err := server.Deliver(t.Context(), address, m)
	if err != nil {
		t.Fatal(err)
	}
	return delivery
}

func TestWithoutMischiefEveryNoticeComesOnceInOrder(t *testing.T) {
	server, e, address := start(t)
	wonders(server, 5)
	if got := deliver(t, server, address, stripetest.Mischief{}); got.Sent != 5 || got.Refused != 0 {
		t.Errorf("delivery %+v", got)
	}
	want := []string{"test00000001", "test00000002", "test00000003", "test00000004", "test00000005"}
	if diff := cmp.Diff(want, e.believed); diff != "" {
		t.Error(diff)
	}
	if got := deliver(t, server, address, stripetest.Mischief{}); got.Sent != 0 {
		t.Errorf("delivered again: %+v", got)
	}
}

func TestMischiefIsOfEveryKindAndTheSameForTheSameSeed(t *testing.T) {
	play := func() ([]string, stripetest.Delivery) {
		server, e, address := start(t)
		wonders(server, 200)
		all, err := server.DeliverAll(t.Context(), address, stripetest.Mischief{
			Shuffle: true, Repeat: 0.2, Delay: 0.2, Drop: 0.2, Forge: 0.5, Random: rand.New(rand.NewPCG(1, 1)),
		}, 50)
		if err != nil {
			t.Fatal(err)
		}
		return e.believed, all
	}
	believed, all := play()
	if all.Dropped < 20 || all.Delayed < 20 || all.Forged < 50 || all.Refused != 0 || len(all.ForgedAccepted) > 0 {
		t.Errorf("delivery %+v", all)
	}
	times, inOrder := map[string]int{}, true
	for i, id := range believed {
		times[id]++
		inOrder = inOrder && (i == 0 || believed[i-1] <= id)
	}
	if len(times)+all.Dropped != 200 || all.Sent != len(believed) || len(believed) < len(times)+50 || inOrder {
		t.Errorf("%d notices came %d times after %+v", len(times), len(believed), all)
	}
	again, sameAll := play()
	if diff := cmp.Diff(believed, again); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(all, sameAll); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedNoticeIsSentAgain(t *testing.T) {
	server, e, address := start(t)
	e.refuse = 2
	wonders(server, 3)
	if got := deliver(t, server, address, stripetest.Mischief{}); got.Refused != 2 || server.Waiting() != 2 {
		t.Errorf("delivery %+v, %d wait", got, server.Waiting())
	}
	if got := deliver(t, server, address, stripetest.Mischief{}); got.Sent != 2 || len(e.believed) != 3 {
		t.Errorf("delivery %+v of %v", got, e.believed)
	}
	e.refuse = 100
	wonders(server, 1)
	if _, err := server.DeliverAll(t.Context(), address, stripetest.Mischief{}, 3); err == nil {
		t.Error("a notice that is always refused was delivered")
	}
}

func TestAnEndpointThatBelievesEverythingIsFoundOut(t *testing.T) {
	server, _, _ := start(t)
	gullible := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer gullible.Close()
	wonders(server, 100)
	got := deliver(t, server, gullible.URL, stripetest.Mischief{Forge: 1, Parallel: 4, Random: rand.New(rand.NewPCG(1, 1))})
	kinds := map[string]bool{}
	for _, forgery := range got.ForgedAccepted {
		kinds[forgery] = true
	}
	if got.Forged != 100 || len(got.ForgedAccepted) != 100 || len(kinds) != 6 {
		t.Errorf("delivery %+v", got)
	}
}

func TestDeliveringEndsWithItsContext(t *testing.T) {
	server, _, address := start(t)
	wonders(server, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Deliver(ctx, address, stripetest.Mischief{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if server.Waiting() != 3 {
		t.Errorf("%d wait", server.Waiting())
	}
}

func TestTheHostedPagePaysAndSendsTheBuyerBack(t *testing.T) {
	server, _, _ := start(t)
	form := url.Values{
		"mode": {"payment"}, "success_url": {"https://shop.example.com/paid"}, "line_items[0][quantity]": {"1"},
		"line_items[0][price_data][unit_amount]": {"4900"}, "line_items[0][price_data][currency]": {"eur"},
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL()+"/v1/checkout/sessions",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer sk_test_1")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	send := func(request *http.Request) (*http.Response, string) {
		t.Helper()
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(body)
	}
	_, body := send(request)
	_, id, _ := strings.Cut(body, `"id":"`)
	id = id[:strings.Index(id, `"`)]
	page := server.Object(id)["url"].(string)

	show, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if _, body := send(show); !strings.Contains(body, "4900 eur") {
		t.Errorf("page says %s", body)
	}
	press, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, page, nil)
	if response, _ := send(press); response.Header.Get("Location") != "https://shop.example.com/paid" {
		t.Errorf("answered with %d to %q", response.StatusCode, response.Header.Get("Location"))
	}
	if status := server.Object(id)["payment_status"]; status != "paid" {
		t.Errorf("session is %v", status)
	}
	if response, _ := send(press); response.StatusCode != http.StatusGone {
		t.Errorf("paid twice: %d", response.StatusCode)
	}
}
