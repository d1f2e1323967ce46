package payment

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v86"
)

// pageSize is how many objects a page of a list has: the most that Stripe gives.
const pageSize = 100

// Session reads a session with its payment, that payment's charge and its refunds, and its disputes if there are any.
func (s *Stripe) Session(ctx context.Context, sessionID string) (News, error) {
	const op = "read checkout"
	params := &stripe.CheckoutSessionRetrieveParams{}
	params.AddExpand("payment_intent.latest_charge.refunds")
	session, err := s.api.V1CheckoutSessions.Retrieve(ctx, sessionID, params)
	if err != nil {
		return News{}, stripeFailure(op, err)
	}
	return s.withDisputes(ctx, op, sessionNews(session), session.PaymentIntent)
}

// Payment reads a payment intent with its charge, refunds and disputes.
func (s *Stripe) Payment(ctx context.Context, paymentID string) (News, error) {
	const op = "read payment"
	params := &stripe.PaymentIntentRetrieveParams{}
	params.AddExpand("latest_charge.refunds")
	intent, err := s.api.V1PaymentIntents.Retrieve(ctx, paymentID, params)
	if err != nil {
		return News{}, stripeFailure(op, err)
	}
	return s.withDisputes(ctx, op, intentNews(intent), intent)
}

// Sessions lists the sessions since, each as Session reads it.
func (s *Stripe) Sessions(ctx context.Context, since time.Time) iter.Seq2[News, error] {
	const op = "list checkouts"
	return func(yield func(News, error) bool) {
		params := &stripe.CheckoutSessionListParams{CreatedRange: sinceRange(since)}
		params.Limit = stripe.Int64(pageSize)
		params.AddExpand("data.payment_intent.latest_charge.refunds")
		for session, err := range s.api.V1CheckoutSessions.List(ctx, params).All(ctx) {
			if err != nil {
				yield(News{}, stripeFailure(op, err))
				return
			}
			if session.Mode != stripe.CheckoutSessionModePayment {
				continue
			}
			news, err := s.withDisputes(ctx, op, sessionNews(session), session.PaymentIntent)
			if !yield(news, err) || err != nil {
				return
			}
		}
	}
}

// Notices lists the events since that are about purchases. Stripe keeps them for 30 days. One that cannot be read hides
// none of the others: the list ends with the error.
func (s *Stripe) Notices(ctx context.Context, since time.Time) iter.Seq2[Notice, error] {
	const op = "list events"
	return func(yield func(Notice, error) bool) {
		params := &stripe.EventListParams{CreatedRange: sinceRange(since), Types: stripe.StringSlice(StripeNoticeTypes())}
		params.Limit = stripe.Int64(pageSize)
		var unread error
		for event, err := range s.api.V1Events.List(ctx, params).All(ctx) {
			if err != nil {
				yield(Notice{}, stripeFailure(op, err))
				return
			}
			notice, err := readEvent(event)
			if err != nil {
				unread = &Error{Provider: StripeName, Op: op, Kind: Unreachable, Err: fmt.Errorf("event %s: %w", event.ID, err)}
				continue
			}
			if !yield(notice, nil) {
				return
			}
		}
		if unread != nil {
			yield(Notice{}, unread)
		}
	}
}

// withDisputes adds the disputes of a payment whose charge says that it has some.
func (s *Stripe) withDisputes(ctx context.Context, op string, news News, intent *stripe.PaymentIntent) (News, error) {
	if intent == nil || intent.LatestCharge == nil || !intent.LatestCharge.Disputed {
		return news, nil
	}
	params := &stripe.DisputeListParams{PaymentIntent: stripe.String(intent.ID)}
	params.Limit = stripe.Int64(pageSize)
	for dispute, err := range s.api.V1Disputes.List(ctx, params).All(ctx) {
		if err != nil {
			return News{}, stripeFailure(op, err)
		}
		if found := disputeNews(dispute, answeredAt(dispute)); found.PaymentID == intent.ID {
			news.Facts = news.Facts.Merge(found.Facts)
		}
	}
	return news, nil
}

// answeredAt is when Stripe said what a dispute is like. An answer without a date counts for as old as the dispute, so
// that every notice since outranks it.
func answeredAt(dispute *stripe.Dispute) int64 {
	if dispute.LastResponse != nil {
		if at, err := http.ParseTime(dispute.LastResponse.Header.Get("Date")); err == nil {
			return at.Unix()
		}
	}
	return dispute.Created
}

func sinceRange(since time.Time) *stripe.RangeQueryParams {
	return &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}
}

// isKind says whether err is an *Error of a kind.
func isKind(err error, kind Kind) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Kind == kind
}
