package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"productgenerator/models"
)

const (
	secretPrefix = "whsec_" // of secrets, before their base64
	maxAnswer    = 16 << 10 // bytes of an answer that are read, and dropped
	maxReason    = 200      // characters of a reason that are kept
	bodyLocale   = "en"     // of the sentence in a request, which no person's language is known for
)

// body is what a request says, as Standard Webhooks has it.
type body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when the warning was raised
	Data      data      `json:"data"`
}

// data is the warning, in the words of the API.
type data struct {
	ID             models.LimitWarningID   `json:"id"`
	TeamID         models.TeamID           `json:"teamId"`
	TeamName       string                  `json:"teamName"`
	Kind           models.LimitWarningKind `json:"kind"`
	Message        string                  `json:"message"`
	Threshold      models.Tokens           `json:"threshold"`
	Value          models.Tokens           `json:"value"`
	DailyLimit     *models.Tokens          `json:"dailyLimit,omitempty"`
	RuleID         *models.AlertRuleID     `json:"ruleId,omitempty"`
	GrantID        *models.GrantID         `json:"grantId,omitempty"`
	ClearsAt       *time.Time              `json:"clearsAt,omitempty"`
	BalanceVersion int64                   `json:"balanceVersion"`
	RaisedAt       time.Time               `json:"raisedAt"`
}

// bodyOf writes the request about a warning, whose sentence is given.
func bodyOf(w warning, sentence string) ([]byte, error) {
	return json.Marshal(body{
		Type: "limit_warning.raised", Timestamp: w.RaisedAt.UTC(),
		Data: data{
			ID: w.ID, TeamID: w.TeamID, TeamName: w.teamName, Kind: w.Kind, Message: sentence,
			Threshold: w.Threshold, Value: w.Value, DailyLimit: w.DailyLimit, RuleID: w.RuleID, GrantID: w.GrantID,
			ClearsAt: w.ClearsAt, BalanceVersion: w.BalanceVersion, RaisedAt: w.RaisedAt.UTC(),
		},
	})
}

// request is one attempt to tell a webhook.
type request struct {
	url    string
	secret string
	id     models.LimitWarningID
	body   []byte
	at     time.Time // the attempt's
}

// post sends the request. It returns a *failure unless the answer is a 2xx.
func (r *requester) post(ctx context.Context, q request) error {
	target, err := url.Parse(q.url)
	if err != nil || target.Host == "" {
		return &failure{reason: "the webhook's address is none", final: true}
	}
	failed := func(final bool, format string, args ...any) error {
		return &failure{host: target.Host, reason: oneLine(fmt.Sprintf(format, args...), maxReason), final: final}
	}
	client := r.clientFor(target.Scheme)
	if client == nil {
		return failed(true, "webhooks need https")
	}
	signature, err := sign(q)
	if err != nil {
		return failed(true, "%v", err)
	}
	sent, err := http.NewRequestWithContext(ctx, http.MethodPost, q.url, bytes.NewReader(q.body))
	if err != nil {
		return failed(true, "the webhook's address is none")
	}
	sent.Header.Set("Content-Type", "application/json")
	sent.Header.Set("User-Agent", "ProductGenerator")
	sent.Header.Set("webhook-id", string(q.id))
	sent.Header.Set("webhook-timestamp", strconv.FormatInt(q.at.Unix(), 10))
	sent.Header.Set("webhook-signature", signature)
	answer, err := client.Do(sent)
	if err != nil {
		return failed(errors.Is(err, errUnreachable), "%v", withoutURL(err))
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // the status has said it all
	switch status := answer.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusGone:
		return failed(true, "answered %d: nothing is wanted there any more", status)
	case status >= 300 && status < 400:
		return failed(false, "answered %d: redirects are not followed", status)
	default:
		return failed(false, "answered %d", status)
	}
}

// errSecret says that a secret cannot be used.
var errSecret = errors.New("the webhook's secret is not of the form " + secretPrefix + " and base64")

// sign is the signature of the request, by which the receiver knows it for ours.
func sign(q request) (string, error) {
	encoded, ok := strings.CutPrefix(q.secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) == 0 {
		return "", errSecret
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", q.id, q.at.Unix(), q.body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// withoutURL is the error without the address that was asked, whose path and query may be secret.
func withoutURL(err error) error {
	if asked := (*url.Error)(nil); errors.As(err, &asked) {
		if asked.Timeout() {
			return errors.New("no answer in time")
		}
		return asked.Err
	}
	return err
}
