package payment

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Provider takes the money. Every method that calls out fails with an *Error, whose Kind says whether the same call,
// with the same idempotency key, may be tried again. A Provider is safe for concurrent use.
type Provider interface {
	// Name is the provider's name in stored purchases: "stripe", "invoice".
	Name() string

	// Live says whether real money moves, rather than that of a test or a demonstration.
	Live() bool

	// Takes says whether a price can be asked for: not every provider counts every currency as ISO 4217 does.
	Takes(priceMinor int64, currency string) bool

	// StartCheckout opens a page on which the buyer pays. The same key and the same Checkout give the same Session.
	StartCheckout(ctx context.Context, checkout Checkout) (Session, error)

	// ChargeSaved charges a saved method while its owner is away. A refusal by the bank is an *Error of kind Declined
	// that carries the decline code.
	ChargeSaved(ctx context.Context, charge Charge) (News, error)

	// Cancel closes the page of a session that nobody has paid yet. It answers with what the session is then: EXPIRED,
	// or what it was when it came too late.
	Cancel(ctx context.Context, sessionID string) (News, error)

	// Refund pays back a payment or a part of it.
	Refund(ctx context.Context, refund RefundRequest) (News, error)

	// Session tells one session's state, its payment, refunds and disputes included.
	Session(ctx context.Context, sessionID string) (News, error)

	// Payment is Session for a payment, which a charge of a saved method makes without a session.
	Payment(ctx context.Context, paymentID string) (News, error)

	// Sessions tells of every session that was opened since, newest first, as Session does. It ends at the first error.
	Sessions(ctx context.Context, since time.Time) iter.Seq2[News, error]

	// Notices tells again every notice of an event since, newest first, whether or not it was delivered; a provider
	// may forget those of more than 30 days ago. It ends at the first error.
	Notices(ctx context.Context, since time.Time) iter.Seq2[Notice, error]

	// ParseNotice checks that a delivered notice is genuine and recent and reads it. body is the request's, unaltered.
	// It fails with ErrForged, ErrTooOld, ErrFromTheFuture, ErrMalformed or ErrNoNotices.
	ParseNotice(body []byte, header http.Header) (Notice, error)
}

// How long a checkout's page may stay open.
const (
	MinCheckoutLife = 30 * time.Minute
	MaxCheckoutLife = 24 * time.Hour
)

// MaxIdempotencyKey is the longest key that a provider takes, in bytes.
const MaxIdempotencyKey = 255

// Checkout is what a buyer is asked to pay. All of it is frozen with the purchase, so that a retry says the same.
type Checkout struct {
	PurchaseID     string
	IdempotencyKey string

	// Product is the name of what is bought, as shown on the page and the receipt.
	Product string

	// PriceMinor is what the buyer pays in all, taxes included, in the currency's minor unit.
	PriceMinor int64

	// Currency is an ISO 4217 code of three letters.
	Currency string

	// Email is where the receipt goes; the page is filled with it unless the Customer is known.
	Email string

	// Customer is the provider's id of a buyer who has bought before; empty otherwise.
	Customer string

	// SaveMethod asks the buyer to let the method of payment be charged again while they are away.
	SaveMethod bool

	// SuccessURL and CancelURL are where the page sends the buyer. That a buyer came back proves nothing.
	SuccessURL, CancelURL string

	// StartedAt and Life say when the page closes: Life after StartedAt, MinCheckoutLife to MaxCheckoutLife. A first
	// try that comes long after StartedAt may find too little of it left and be Refused.
	StartedAt time.Time
	Life      time.Duration
}

// Session is an opened checkout.
type Session struct {
	ID string

	// URL is the page to send the buyer to; empty if there is none.
	URL       string
	ExpiresAt time.Time
	News      News
}

// Charge is a payment by a saved method, without its owner.
type Charge struct {
	PurchaseID     string
	IdempotencyKey string

	// Product is named in the payment's description.
	Product    string
	PriceMinor int64
	Currency   string
	Email      string
	Method     SavedMethod
}

// RefundRequest asks to pay back AmountMinor of a payment.
type RefundRequest struct {
	PurchaseID     string
	PaymentID      string
	IdempotencyKey string
	AmountMinor    int64
	Currency       string
}

// Subject says which purchase something is about. Any of the ids may be empty, and the first that is not is the one
// to look for: a refund or a dispute names only the payment, and may come before that payment is known.
type Subject struct {
	PurchaseID string `json:"purchaseId,omitempty"`
	SessionID  string `json:"sessionId,omitempty"`
	PaymentID  string `json:"paymentId,omitempty"`
}

// News is what a provider says about one purchase.
type News struct {
	Subject
	Facts Facts `json:"facts,omitzero"`
}

// NoticeKind says what to do with a notice.
type NoticeKind string

const (
	// Telling is a notice with news of a purchase.
	Telling NoticeKind = "TELLING"

	// Ignored is a genuine notice that says nothing about purchases.
	Ignored NoticeKind = "IGNORED"
)

// Notice is what a provider sends by itself when something has happened. The same notice may come any number of times,
// and several notices may tell of the same thing. It can be stored as JSON once it has been parsed: its signature is
// too old to be checked again soon.
type Notice struct {
	// ID is the provider's, the same each time this notice is sent.
	ID string `json:"id"`

	// Type is the provider's word for what happened.
	Type string     `json:"type"`
	Kind NoticeKind `json:"kind"`
	Live bool       `json:"live"`

	// At is when it happened by the provider's clock, to the second.
	At time.Time `json:"at"`
	News
}
