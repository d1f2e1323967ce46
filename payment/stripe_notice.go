package payment

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v86"
	"github.com/stripe/stripe-go/v86/webhook"
)

const (
	// NoticeTolerance is how far from now a notice may have been signed, to either side.
	NoticeTolerance = 300 * time.Second

	// MaxNoticeBytes bounds a notice's body. Stripe's have a few kilobytes.
	MaxNoticeBytes = 256 << 10

	// signatureHeader holds when the notice was signed and, for each of the endpoint's secrets, a signature.
	signatureHeader = "Stripe-Signature"
)

// StripeNoticeTypes are the events that Stripe's webhook endpoint must be set to send: those that tell of purchases.
// All others are Ignored.
func StripeNoticeTypes() []string {
	types := []stripe.EventType{
		stripe.EventTypeCheckoutSessionCompleted,
		stripe.EventTypeCheckoutSessionAsyncPaymentSucceeded,
		stripe.EventTypeCheckoutSessionAsyncPaymentFailed,
		stripe.EventTypeCheckoutSessionExpired,
		stripe.EventTypePaymentIntentSucceeded,
		stripe.EventTypePaymentIntentProcessing,
		stripe.EventTypePaymentIntentPaymentFailed,
		stripe.EventTypePaymentIntentCanceled,
		stripe.EventTypeChargeSucceeded,
		stripe.EventTypeChargeUpdated,
		stripe.EventTypeChargeRefunded,
		stripe.EventTypeRefundCreated,
		stripe.EventTypeRefundUpdated,
		stripe.EventTypeRefundFailed,
		stripe.EventTypeChargeDisputeCreated,
		stripe.EventTypeChargeDisputeUpdated,
		stripe.EventTypeChargeDisputeClosed,
		stripe.EventTypeChargeDisputeFundsWithdrawn,
		stripe.EventTypeChargeDisputeFundsReinstated,
	}
	names := make([]string, len(types))
	for i, name := range types {
		names[i] = string(name)
	}
	return names
}

// ParseNotice checks the signature over the raw body with each of the secrets, then the age on both sides (Stripe's
// library refuses old ones only, by a clock of its own). The version of the API that the notice was rendered by is not
// asked for: an upgrade of the Stripe account would end all crediting.
func (s *Stripe) ParseNotice(body []byte, header http.Header) (Notice, error) {
	if len(body) > MaxNoticeBytes {
		return Notice{}, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxNoticeBytes)
	}
	signatures := header.Values(signatureHeader)
	if len(signatures) != 1 {
		return Notice{}, fmt.Errorf("%w: %d signature headers", ErrForged, len(signatures))
	}
	signedAt, err := signingTime(signatures[0])
	if err != nil {
		return Notice{}, err
	}
	event, err := s.genuine(body, signatures[0])
	if err != nil {
		return Notice{}, err
	}
	switch age := s.config.Now().Sub(signedAt); {
	case age > NoticeTolerance:
		return Notice{}, ErrTooOld
	case age < -NoticeTolerance:
		return Notice{}, ErrFromTheFuture
	}
	return readEvent(&event)
}

// genuine reads the event if one of the secrets has signed it.
func (s *Stripe) genuine(body []byte, signature string) (stripe.Event, error) {
	options := webhook.ConstructEventOptions{IgnoreTolerance: true, IgnoreAPIVersionMismatch: true}
	for _, secret := range s.config.WebhookSecrets {
		event, err := webhook.ConstructEventWithOptions(body, signature, secret, options)
		switch {
		case err == nil:
			return event, nil
		case errors.Is(err, webhook.ErrNoValidSignature), errors.Is(err, webhook.ErrNotSigned):
		default:
			return stripe.Event{}, ErrMalformed
		}
	}
	return stripe.Event{}, ErrForged
}

// signingTime is the one timestamp in a signature header, which the signature covers.
func signingTime(signature string) (time.Time, error) {
	var times []string
	for pair := range strings.SplitSeq(signature, ",") {
		if value, ok := strings.CutPrefix(pair, "t="); ok {
			times = append(times, value)
		}
	}
	if len(times) != 1 {
		return time.Time{}, fmt.Errorf("%w: %d timestamps in its signature", ErrMalformed, len(times))
	}
	seconds, err := strconv.ParseInt(times[0], 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: timestamp of its signature", ErrMalformed)
	}
	return time.Unix(seconds, 0), nil
}

// readEvent turns an event into a notice. One of another account's (through Connect), one that is not about purchases
// and one whose object names no payment are Ignored.
func readEvent(event *stripe.Event) (Notice, error) {
	if event.ID == "" || event.Type == "" || event.Data == nil {
		return Notice{}, ErrMalformed
	}
	notice := Notice{
		ID:   event.ID,
		Type: string(event.Type),
		Kind: Ignored,
		Live: event.Livemode,
		At:   time.Unix(event.Created, 0).UTC(),
	}
	if event.Account != "" {
		return notice, nil
	}
	news, err := eventNews(event)
	if err != nil {
		return Notice{}, fmt.Errorf("%w: object of %s", ErrMalformed, event.Type)
	}
	if news.Subject != (Subject{}) {
		notice.Kind, notice.News = Telling, news
	}
	return notice, nil
}

func eventNews(event *stripe.Event) (News, error) {
	switch event.Type {
	case stripe.EventTypeCheckoutSessionAsyncPaymentFailed:
		// The session itself still says that it is complete and unpaid, as while the bank was at it.
		news, err := newsOf(event, sessionOfPayment)
		for id := range news.Facts.Sessions {
			news.Facts.Sessions[id] = SessionFailed
		}
		return news, err
	case stripe.EventTypeCheckoutSessionCompleted, stripe.EventTypeCheckoutSessionAsyncPaymentSucceeded,
		stripe.EventTypeCheckoutSessionExpired:
		return newsOf(event, sessionOfPayment)
	case stripe.EventTypePaymentIntentSucceeded, stripe.EventTypePaymentIntentProcessing,
		stripe.EventTypePaymentIntentPaymentFailed, stripe.EventTypePaymentIntentCanceled:
		return newsOf(event, intentNews)
	case stripe.EventTypeChargeSucceeded, stripe.EventTypeChargeUpdated, stripe.EventTypeChargeRefunded:
		return newsOf(event, chargeNews)
	case stripe.EventTypeRefundCreated, stripe.EventTypeRefundUpdated, stripe.EventTypeRefundFailed:
		return newsOf(event, refundNews)
	case stripe.EventTypeChargeDisputeCreated, stripe.EventTypeChargeDisputeUpdated,
		stripe.EventTypeChargeDisputeClosed, stripe.EventTypeChargeDisputeFundsWithdrawn,
		stripe.EventTypeChargeDisputeFundsReinstated:
		return newsOf(event, func(d *stripe.Dispute) News { return disputeNews(d, event.Created) })
	}
	return News{}, nil
}

// sessionOfPayment leaves out sessions that sell subscriptions or only save a method: they are none of ours.
func sessionOfPayment(session *stripe.CheckoutSession) News {
	if session.Mode != stripe.CheckoutSessionModePayment {
		return News{}
	}
	return sessionNews(session)
}

func newsOf[T any](event *stripe.Event, tell func(*T) News) (News, error) {
	var object T
	if err := json.Unmarshal(event.Data.Raw, &object); err != nil {
		return News{}, err
	}
	return tell(&object), nil
}
