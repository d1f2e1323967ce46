package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// ebayScope is what the token is for: what anybody may read.
	ebayScope = "https://api.ebay.com/oauth/api_scope"

	// ebayTokenMargin is how long before its end a token is no longer used; eBay's last two hours.
	ebayTokenMargin = 5 * time.Minute

	// ebayLongestToken bounds how long a token is trusted.
	ebayLongestToken = 24 * time.Hour
)

// ebayToken fetches and keeps the application's access token (OAuth 2.0 client credentials). It is safe for concurrent
// use: one caller fetches, the others wait for it or until they give up.
type ebayToken struct {
	api                    searchAPI
	clientID, clientSecret string
	now                    func() time.Time

	// turn holds one value while somebody looks at the fields below.
	turn chan struct{}

	value  string
	usable time.Time // until then
}

func newEBayToken(api searchAPI, clientID, clientSecret string) *ebayToken {
	return &ebayToken{
		api: api, clientID: clientID, clientSecret: clientSecret, now: time.Now, turn: make(chan struct{}, 1),
	}
}

// get is a token to use, but not the one that was refused. Its errors are *Error.
func (t *ebayToken) get(ctx context.Context, refused string) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", networkFailure(ctx, t.api.name, ctx.Err())
	}
	if t.value != "" && t.value != refused && t.now().Before(t.usable) {
		return t.value, nil
	}
	value, lasts, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	t.value = value
	t.usable = t.now().Add(lasts - min(ebayTokenMargin, lasts/2))
	return t.value, nil
}

// fetch asks eBay for a new token and says how long it lasts.
func (t *ebayToken) fetch(ctx context.Context) (value string, lasts time.Duration, err error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {ebayScope}}
	request, err := t.api.request(ctx, http.MethodPost, "/identity/v1/oauth2/token", nil, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(t.clientID, t.clientSecret)
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"` // seconds
	}
	if err := t.api.send(request, &answer); err != nil {
		return "", 0, err
	}
	if answer.AccessToken == "" || answer.ExpiresIn <= 0 {
		return "", 0, t.api.failure(Malformed, "answer holds no token")
	}
	seconds := min(answer.ExpiresIn, int(ebayLongestToken.Seconds()))
	return answer.AccessToken, time.Duration(seconds) * time.Second, nil
}
