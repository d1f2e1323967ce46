package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
)

// secretOf is the secret that signs what goes to a rule's webhook.
func secretOf(rule models.AlertRuleID) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte("key of "+string(rule)))
}

// received is one request that a receiver got.
type received struct {
	method, path string
	header       http.Header
	body         []byte
}

func (r received) id() models.LimitWarningID {
	return models.LimitWarningID(r.header.Get("webhook-id"))
}

// signedBy says whether the request is signed with the key, as https://www.standardwebhooks.com has it.
func (r received) signedBy(key string) bool {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(r.header.Get("webhook-id") + "." + r.header.Get("webhook-timestamp") + "."))
	mac.Write(r.body)
	for signature := range strings.FieldsSeq(r.header.Get("webhook-signature")) {
		version, code, _ := strings.Cut(signature, ",")
		got, err := base64.StdEncoding.DecodeString(code)
		if version == "v1" && err == nil && hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// receiver is a server that webhooks go to.
type receiver struct {
	*httptest.Server
	t      testing.TB
	answer func(nth int, w http.ResponseWriter, r *http.Request) // to the nth request, from 1; nil: 204

	mu  sync.Mutex // protects all
	all []received
}

// receive starts a server with TLS, whose certificate is for 127.0.0.1 and example.com.
func receive(t testing.TB, answer func(nth int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	rec := newReceiver(t, answer)
	rec.StartTLS()
	return rec
}

// receivePlain starts a server without TLS.
func receivePlain(t testing.TB, answer func(nth int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	rec := newReceiver(t, answer)
	rec.Start()
	return rec
}

func newReceiver(t testing.TB, answer func(nth int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	rec := &receiver{t: t, answer: answer}
	rec.Server = httptest.NewUnstartedServer(rec)
	rec.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(rec.Close)
	return rec
}

func (rec *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // whoever asked has gone
	}
	rec.mu.Lock()
	rec.all = append(rec.all, received{method: r.Method, path: r.URL.Path, header: r.Header, body: body})
	nth := len(rec.all)
	rec.mu.Unlock()
	if rec.answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	rec.answer(nth, w, r)
}

// requests are those received so far.
func (rec *receiver) requests() []received {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return append([]received(nil), rec.all...)
}

// times are how often each warning was received.
func (rec *receiver) times() map[models.LimitWarningID]int {
	times := map[models.LimitWarningID]int{}
	for _, r := range rec.requests() {
		times[r.id()]++
	}
	return times
}

// trusts has a process trust the receiver's certificate.
func (rec *receiver) trusts(s *settings) {
	s.world.roots = x509.NewCertPool()
	s.world.roots.AddCert(rec.Certificate())
}

// status answers with the statuses in turn, the last one for ever.
func status(statuses ...int) func(int, http.ResponseWriter, *http.Request) {
	return func(nth int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[min(nth, len(statuses))-1])
	}
}

func TestARequestIsSignedAndSaysWhatTheApiSays(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receive(t, nil)
	p.process(rec.trusts)
	tm := p.team("Tents & Co")
	rule := tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL+"/hook?key=hush")
	clears := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	began := time.Now().Unix()
	raised := tm.raise(func(w *models.LimitWarning) {
		w.Kind, w.RuleID, w.ClearsAt = models.WarningDailyLimitNear, &rule, &clears
	})
	p.settled()
	got := rec.requests()
	if len(got) != 1 || got[0].method != http.MethodPost || got[0].path != "/hook" {
		t.Fatalf("received %+v", got)
	}
	r := got[0]
	if r.id() != raised.ID || !r.signedBy("key of "+string(rule)) || r.signedBy("another key") {
		t.Errorf("headers %v", r.header)
	}
	if at, err := strconv.ParseInt(r.header.Get("webhook-timestamp"), 10, 64); err != nil || at < began || at > time.Now().Unix() {
		t.Errorf("signed at %d", at)
	}
	if kind := r.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type: %s", kind)
	}
	var says map[string]any
	if err := json.Unmarshal(r.body, &says); err != nil {
		t.Fatal(err)
	}
	data, _ := says["data"].(map[string]any)
	for name, want := range map[string]any{
		"id": string(raised.ID), "teamId": string(tm.id), "teamName": "Tents & Co", "kind": "DAILY_LIMIT_NEAR",
		"message":   describe(raised, "Europe/Madrid", "en"),
		"threshold": 650.0, "value": 645.0, "dailyLimit": 650.0, "balanceVersion": 7.0, "ruleId": string(rule),
		"clearsAt": "2030-01-02T03:04:05Z", "raisedAt": raised.RaisedAt.Format(time.RFC3339Nano),
	} {
		if data[name] != want {
			t.Errorf("%s: got %v, want %v", name, data[name], want)
		}
	}
	if says["type"] != "limit_warning.raised" || says["timestamp"] != data["raisedAt"] {
		t.Errorf("says %s", r.body)
	}
}

func TestARequestThatFailsIsRepeatedWithTheSameId(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receive(t, status(500, 500, 200))
	proc := p.process(rec.trusts)
	tm := p.team("Team")
	rule := tm.rule(models.MetricAvailableTokensBelow, false, rec.URL+"/path?key=hush")
	raised := tm.raise(func(w *models.LimitWarning) { w.Kind = models.WarningBalanceEmpty })
	p.settled()
	if times := rec.times(); times[raised.ID] != 3 || len(times) != 1 {
		t.Errorf("received %v", times)
	}
	for _, r := range rec.requests() {
		if !r.signedBy("key of " + string(rule)) {
			t.Errorf("not signed: %v", r.header)
		}
	}
	if proc.counted(Delivered) != 1 || proc.counted(Failed) != 2 {
		t.Errorf("counted %v", proc.outcomes)
	}
	said := proc.log.String()
	if n := strings.Count(said, string(raised.ID)); n != 2 || !strings.Contains(said, "answered 500") || strings.Contains(said, "hush") {
		t.Errorf("logged\n%s", said)
	}
}

func TestAWebhookThatIsGoneIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receive(t, status(http.StatusGone))
	proc := p.process(rec.trusts)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	p.settled()
	if n := len(rec.requests()); n != 1 || proc.counted(GivenUp) != 1 {
		t.Errorf("received %d requests, counted %v", n, proc.outcomes)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	elsewhere := receivePlain(t, nil)
	rec := receive(t, func(nth int, w http.ResponseWriter, r *http.Request) {
		if nth == 1 {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}
	})
	p.process(rec.trusts)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	p.settled()
	if got, followed := len(rec.requests()), len(elsewhere.requests()); got != 2 || followed != 0 {
		t.Errorf("%d requests, %d of them at the redirect's target", got, followed)
	}
}

func TestAnAnswerThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receive(t, func(nth int, w http.ResponseWriter, r *http.Request) {
		if nth == 1 {
			<-r.Context().Done()
		}
	})
	proc := p.process(func(s *settings) {
		rec.trusts(s)
		s.timing.webhook = 200 * time.Millisecond
	})
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	p.settled()
	if n := len(rec.requests()); n != 2 || !strings.Contains(proc.log.String(), "no answer in time") {
		t.Errorf("%d requests\n%s", n, proc.log)
	}
}

func TestAnAnswerWithoutAnEndIsNotRead(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	written := make(chan int, 1)
	rec := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		total := 0
		for {
			n, err := w.Write(make([]byte, 64<<10))
			if total += n; err != nil {
				written <- total
				return
			}
		}
	})
	proc := p.process(rec.trusts)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	p.settled()
	if n := <-written; n > 64<<20 || proc.counted(Delivered) != 1 {
		t.Errorf("%d bytes were taken, counted %v", n, proc.outcomes)
	}
}

func TestACertificateThatNobodyVouchesForIsNotTrusted(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receive(t, nil)
	proc := p.process(nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	await(t, "it was tried", func() bool { return proc.counted(Failed) > 0 })
	if n := len(rec.requests()); n != 0 || !strings.Contains(proc.log.String(), "certificate") {
		t.Errorf("%d requests\n%s", n, proc.log)
	}
}

func TestASecretThatIsNoneSignsNothing(t *testing.T) {
	for _, secret := range []string{"", "whsec_", "whsec_%", base64.StdEncoding.EncodeToString([]byte("key"))} {
		if signature, err := sign(request{secret: secret}); err == nil {
			t.Errorf("%q signs %s", secret, signature)
		}
	}
}
