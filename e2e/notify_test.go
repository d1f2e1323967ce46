package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
)

// warned is one warning as the API shows it.
type warned struct {
	ID, Kind, Message string
	Threshold, Value  int64
	BalanceVersion    int64
	Rule              *struct{ ID string }
}

// readWarnings are the warnings of the user's team, the newest first.
func (u *user) readWarnings() []warned {
	u.t.Helper()
	return ask[struct {
		Team struct{ LimitWarnings struct{ Nodes []warned } }
	}](u.client, `query($id: ID!) { team(id: $id) { limitWarnings(first: 50) {
		nodes { id kind message threshold value balanceVersion rule { id } }
	} } }`, vars{"id": u.team}).Team.LimitWarnings.Nodes
}

// setRule makes an alert rule of the user's team, and returns its id and its webhook's secret.
func (u *user) setRule(fields vars) (id, secret string) {
	u.t.Helper()
	fields["teamId"] = u.team
	set := ask[struct {
		SetAlertRule struct {
			AlertRule     *struct{ ID string }
			WebhookSecret string
			UserErrors    []userError
		}
	}](u.client, "mutation($input: AlertRuleInput!) { setAlertRule(input: $input) { alertRule { id } webhookSecret userErrors { "+errorFields+" } } }",
		input(fields)).SetAlertRule
	if set.AlertRule == nil {
		u.t.Fatalf("set the rule %v: %+v", fields, set.UserErrors)
	}
	return set.AlertRule.ID, set.WebhookSecret
}

// hook is a request that a webhook got.
type hook struct {
	header http.Header
	body   []byte
}

// signed says whether the request is signed with the secret, as Standard Webhooks says.
func (h hook) signed(secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.header.Get("webhook-id") + "." + h.header.Get("webhook-timestamp") + "." + string(h.body)))
	return err == nil && secret != "" && h.header.Get("webhook-signature") == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// listenForHooks is the address of a webhook on this machine, and what it gets.
func listenForHooks(t *testing.T) (address string, hooks <-chan hook) {
	t.Helper()
	got := make(chan hook, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			got <- hook{header: r.Header, body: body}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

// mailbox is a mail server that takes all e-mails.
type mailbox struct {
	listener net.Listener
	mails    chan *mail.Message
	serving  sync.WaitGroup
}

func openMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{listener: listener, mails: make(chan *mail.Message, 10)}
	m.serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			m.serving.Go(func() {
				defer connection.Close()
				m.take(textproto.NewConn(connection))
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		m.serving.Wait()
	})
	return m
}

// take serves one connection.
func (m *mailbox) take(c *textproto.Conn) {
	answer, err := "220 mail.example.com", error(nil)
	for err == nil {
		if err = c.PrintfLine("%s", answer); err != nil {
			return
		}
		line, readErr := c.ReadLine()
		if err = readErr; err != nil {
			return
		}
		answer = "250 ok"
		switch command, _, _ := strings.Cut(line, " "); strings.ToUpper(command) {
		case "DATA":
			_ = c.PrintfLine("354 go on")
			message, readErr := mail.ReadMessage(c.DotReader())
			if err = readErr; err == nil {
				body, _ := io.ReadAll(message.Body)
				message.Body = strings.NewReader(string(body))
				m.mails <- message
			}
		case "QUIT":
			_ = c.PrintfLine("221 bye")
			return
		}
	}
}

func TestAWarningArrivesByEmailAndSignedWebhookWithTheIdThatTheApiShows(t *testing.T) {
	t.Parallel()
	address, hooks := listenForHooks(t)
	box := openMailbox(t)
	a, _, _ := startTwo(t, append(delivering(), "WEBHOOK_ALLOW_PRIVATE=true", "SMTP_URL=smtp://"+box.listener.Addr().String(),
		"SMTP_FROM=warnings@tokens.example.com", "PUBLIC_URL=https://tokens.example.com")...)
	ada := a.signUp("Ada", "")
	rule, secret := ada.setRule(vars{
		"metric": "AVAILABLE_TOKENS_BELOW", "threshold": 150, "email": true, "webhookUrl": address + "/hook",
	})
	run := ada.generate(ada.createProduct("Tent"), "spends 65 of 195")
	if run.Generation == nil {
		t.Fatalf("%+v", run.UserErrors)
	}

	got := within(t, "a signed request", hooks)
	var warning warned
	await(t, "the API shows the warning", func() bool {
		for _, w := range ada.readWarnings() {
			if w.Rule != nil && w.Rule.ID == rule {
				warning = w
				return true
			}
		}
		return false
	})
	if !got.signed(secret) || got.signed("whsec_"+base64.StdEncoding.EncodeToString([]byte("another"))) {
		t.Errorf("the request's headers are %v, the secret is %s", got.header, secret)
	}
	var says struct {
		Type string
		Data struct {
			ID, TeamID, Kind, Message        string
			Threshold, Value, BalanceVersion int64
		}
	}
	if err := json.Unmarshal(got.body, &says); err != nil {
		t.Fatal(err)
	}
	if says.Type != "limit_warning.raised" || says.Data.ID != warning.ID || got.header.Get("webhook-id") != warning.ID ||
		says.Data.TeamID != ada.team || says.Data.Kind != warning.Kind || says.Data.Message != warning.Message ||
		says.Data.Value != 130 || says.Data.Threshold != 150 || says.Data.BalanceVersion != warning.BalanceVersion {
		t.Errorf("the request says %s, the API shows %+v", got.body, warning)
	}

	for {
		email := within(t, "an e-mail", box.mails)
		if email.Header.Get("X-Warning-Id") != warning.ID {
			continue // of another rule, on which the same operation has crossed the line
		}
		body, _ := io.ReadAll(email.Body)
		if email.Header.Get("To") != "<"+ada.email+">" || !strings.Contains(email.Header.Get("From"), "warnings@tokens.example.com") ||
			!strings.Contains(email.Header.Get("Subject"), "Ada's team") || !strings.Contains(string(body), "https://tokens.example.com/") {
			t.Errorf("the e-mail is %v\n%s", email.Header, body)
		}
		break
	}
	if len(hooks) != 0 {
		t.Error("a second request came")
	}
}

func TestAWebhookOnThisMachineIsRefusedUnlessThatIsAllowed(t *testing.T) {
	t.Parallel()
	p := start(t, embedded(t)...)
	ada := p.signUp("Ada", "")
	for _, address := range []string{"http://127.0.0.1:8080", "https://127.0.0.1:8080", "https://[::1]", "https://localhost", "http://hooks.example.com"} {
		set := ask[struct {
			SetAlertRule struct{ UserErrors []userError }
		}](ada.client, "mutation($input: AlertRuleInput!) { setAlertRule(input: $input) { userErrors { "+errorFields+" } } }",
			input(vars{"teamId": ada.team, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": 150, "webhookUrl": address})).SetAlertRule
		if len(set.UserErrors) != 1 || set.UserErrors[0].Code != "INVALID" || !slices.Equal(set.UserErrors[0].Path, []string{"webhookUrl"}) {
			t.Errorf("%s: %+v", address, set.UserErrors)
		}
	}
}

// within is the next value of a channel.
func within[T any](t *testing.T, what string, values <-chan T) (value T) {
	t.Helper()
	await(t, what+" is there", func() bool {
		select {
		case value = <-values:
			return true
		default:
			return false
		}
	})
	return value
}
