package payment

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v86"
)

// StripeName is the Name of Stripe.
const StripeName = "stripe"

// purchaseKey names our purchase in the metadata of everything that we make at Stripe. offSessionKey marks the payment
// intents that charge a saved method: the failed attempts of the others are the checkout page's own affair. requestKey
// names the request that a refund was made by: Stripe forgets idempotency keys.
const (
	purchaseKey   = "purchase_id"
	offSessionKey = "off_session"
	requestKey    = "request_key"
)

const (
	// stripeTimeout bounds each request. Stripe itself gives up on a bank well before.
	stripeTimeout = 30 * time.Second

	// maxStripeAnswer bounds an answer, in bytes. A page of a hundred sessions with all that is expanded has some 2 MB.
	maxStripeAnswer = 16 << 20
)

// StripeConfig is how Stripe is reached.
type StripeConfig struct {
	// SecretKey signs us in: a secret or restricted key, of the live or the test mode.
	SecretKey string

	// WebhookSecrets are those that notices may be signed with: one, or the old and the new while they are rolled.
	WebhookSecrets []string

	// APIBase replaces Stripe's own address; empty for that. Over plain http it must be on this machine.
	APIBase string

	// AutomaticTax lets Stripe work out the tax that the price includes, by the settings of the Stripe account.
	AutomaticTax bool

	// Now is the clock that a notice's age is measured by.
	Now func() time.Time
}

// String and GoString keep the secrets out of whatever prints a configuration.
func (StripeConfig) String() string { return "Stripe's configuration" }

// GoString is as String.
func (c StripeConfig) GoString() string { return c.String() }

// Stripe takes money through Stripe's hosted checkout page.
type Stripe struct {
	config StripeConfig
	api    *stripe.Client
	http   *http.Client
}

var _ Provider = (*Stripe)(nil)

// NewStripe makes a client. It calls nobody. It fails if the configuration cannot work.
func NewStripe(config StripeConfig) (*Stripe, error) {
	switch {
	case config.SecretKey == "":
		return nil, errors.New("stripe: no secret key")
	case len(config.WebhookSecrets) == 0:
		return nil, errors.New("stripe: no webhook secret")
	case config.Now == nil:
		return nil, errors.New("stripe: no clock")
	}
	for _, secret := range config.WebhookSecrets {
		if secret == "" {
			return nil, errors.New("stripe: a webhook secret is empty")
		}
	}
	if config.APIBase == "" {
		config.APIBase = stripe.APIURL
	}
	if err := checkAPIBase(config.APIBase); err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout:       stripeTimeout,
		Transport:     bounded{newTransport()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL:               stripe.String(config.APIBase),
		HTTPClient:        client,
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return &Stripe{
		config: config,
		api:    stripe.NewClient(config.SecretKey, stripe.WithBackends(backends)),
		http:   client,
	}, nil
}

// checkAPIBase refuses an address over which the secret key would travel readable by others.
func checkAPIBase(base string) error {
	parsed, err := url.Parse(base)
	if err != nil || parsed.Host == "" || parsed.User != nil {
		return errors.New("stripe: the API's address is not a URL")
	}
	address, err := netip.ParseAddr(parsed.Hostname())
	local := parsed.Hostname() == "localhost" || err == nil && address.IsLoopback()
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || !local) {
		return errors.New("stripe: the API's address must begin with https://")
	}
	return nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// bounded cuts answers that are longer than maxStripeAnswer; what is left of them cannot be understood.
type bounded struct{ *http.Transport }

func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.Transport.RoundTrip(request)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxStripeAnswer)
	}
	return response, err
}

// Close ends the idle connections. Calls that are under way end by their contexts.
func (s *Stripe) Close() { s.http.CloseIdleConnections() }

// Name is StripeName.
func (*Stripe) Name() string { return StripeName }

// Live says whether the secret key is one of the live mode.
func (s *Stripe) Live() bool {
	return strings.HasPrefix(s.config.SecretKey, "sk_live_") || strings.HasPrefix(s.config.SecretKey, "rk_live_")
}

// String and GoString keep the secrets out of whatever prints a client.
func (*Stripe) String() string { return StripeName }

// GoString is as String.
func (s *Stripe) GoString() string { return s.String() }

// stripeFailure turns what the library returned into an *Error. Stripe's message is left out: it may quote the buyer's
// data and parts of the key. The request's id finds it in Stripe's log.
func stripeFailure(op string, err error) error {
	failure := &Error{Provider: StripeName, Op: op, Kind: Unreachable}
	var answered *stripe.Error
	if !errors.As(err, &answered) {
		failure.Err = connectionCause(err)
		return failure
	}
	failure.HTTPStatus = answered.HTTPStatusCode
	failure.Code = string(answered.Code)
	failure.Param = answered.Param
	failure.DeclineCode = string(answered.DeclineCode)
	failure.RequestID = answered.RequestID
	if answered.PaymentIntent != nil {
		failure.PaymentID = answered.PaymentIntent.ID
	}
	if answered.LastResponse != nil {
		failure.RetryAfter = retryAfter(answered.LastResponse.Header)
	}
	failure.Kind = stripeKind(answered)
	return failure
}

func stripeKind(answered *stripe.Error) Kind {
	switch status := answered.HTTPStatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusConflict:
		return Busy
	case answered.Type == stripe.ErrorTypeIdempotency:
		return KeyReused
	case answered.Type == stripe.ErrorTypeCard:
		return Declined
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Unauthorized
	case status == http.StatusNotFound, answered.Code == stripe.ErrorCodeResourceMissing:
		return NotFound
	case status >= 400 && status < 500:
		return Refused
	}
	return Unreachable
}

// connectionCause leaves out the address and whatever an unreadable answer said.
func connectionCause(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("the answer was not understood")
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := time.ParseDuration(header.Get("Retry-After") + "s")
	if err != nil || seconds < 0 {
		return 0
	}
	return seconds
}

// inCapitals is how currencies are written in facts.
func inCapitals(currency stripe.Currency) string { return strings.ToUpper(string(currency)) }
