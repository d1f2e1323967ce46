package payment

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"
)

// InvoiceName is the Name of Invoice.
const InvoiceName = "invoice"

// Invoice takes money without any network: the buyer pays by bank transfer, and an administrator confirms that it has
// arrived. In a demonstration it settles everything at once, and no real money moves. It remembers nothing: a session
// and a payment bear the purchase's id, and what happened to them is known from the facts that it answered with.
type Invoice struct{ settlesAtOnce bool }

var _ Provider = Invoice{}

// NewInvoice makes the built-in provider. settlesAtOnce is for the demonstration.
func NewInvoice(settlesAtOnce bool) Invoice { return Invoice{settlesAtOnce} }

// Name is InvoiceName.
func (Invoice) Name() string { return InvoiceName }

// Live is false in the demonstration.
func (i Invoice) Live() bool { return !i.settlesAtOnce }

// Takes is true: people count the money.
func (Invoice) Takes(int64, string) bool { return true }

// StartCheckout settles at once, or leaves the session open until Confirm or Cancel. It has no page.
func (i Invoice) StartCheckout(_ context.Context, c Checkout) (Session, error) {
	if reason := c.unfit(); reason != "" {
		return Session{}, i.refuse("start checkout", reason)
	}
	session := Session{ID: invoiceID(c.PurchaseID), ExpiresAt: c.StartedAt.Add(c.Life)}
	session.News = i.session(c.PurchaseID, SessionOpen)
	if !i.settlesAtOnce {
		return session, nil
	}
	session.News = i.Confirm(c.PurchaseID, c.PriceMinor, c.Currency)
	if c.SaveMethod {
		saved := Payment{Saved: SavedMethod{Customer: InvoiceName, Method: InvoiceName}}
		session.News.Facts = session.News.Facts.Merge(ofPayment(session.News.PaymentID, saved))
	}
	return session, nil
}

// Confirm is the news that the money for a purchase has arrived, as its administrator says.
func (i Invoice) Confirm(purchaseID string, amountMinor int64, currency string) News {
	news := i.session(purchaseID, SessionPaid)
	news.PaymentID = invoiceID(purchaseID)
	news.Facts.Payments = map[string]Payment{news.PaymentID: {Received: []Money{{
		AmountMinor: amountMinor,
		Currency:    strings.ToUpper(currency),
		Live:        i.Live(),
	}}}}
	return news
}

// ChargeSaved settles at once in the demonstration; elsewhere nothing can be charged without its owner.
func (i Invoice) ChargeSaved(_ context.Context, c Charge) (News, error) {
	const op = "charge saved method"
	if reason := c.unfit(); reason != "" {
		return News{}, i.refuse(op, reason)
	}
	if !i.settlesAtOnce {
		return News{}, i.refuse(op, "an invoice saves no method of payment")
	}
	news := i.Confirm(c.PurchaseID, c.PriceMinor, c.Currency)
	news.SessionID, news.Facts.Sessions = "", nil
	return news, nil
}

// Cancel closes the session. It doesn't know whether the money came first: facts that say so outrank this.
func (i Invoice) Cancel(_ context.Context, sessionID string) (News, error) {
	purchaseID, ok := strings.CutPrefix(sessionID, invoiceID(""))
	if !ok {
		return News{}, i.missing("cancel checkout")
	}
	return i.session(purchaseID, SessionExpired), nil
}

// Refund notes that an administrator paid back a part of a purchase. It doesn't know how much is left of the payment:
// the caller asks for no more than that. The same idempotency key is the same refund.
func (i Invoice) Refund(_ context.Context, r RefundRequest) (News, error) {
	const op = "refund"
	purchaseID, ok := strings.CutPrefix(r.PaymentID, invoiceID(""))
	if !ok {
		return News{}, i.missing(op)
	}
	if reason := r.unfit(); reason != "" {
		return News{}, i.refuse(op, reason)
	}
	refund := Refund{AmountMinor: r.AmountMinor, State: RefundSucceeded, RequestKey: r.IdempotencyKey}
	return News{
		Subject: Subject{PurchaseID: purchaseID, PaymentID: r.PaymentID},
		Facts:   ofPayment(r.PaymentID, Payment{Refunds: map[string]Refund{r.IdempotencyKey: refund}}),
	}, nil
}

// Session has no news: all that is known is what was answered before.
func (i Invoice) Session(_ context.Context, sessionID string) (News, error) {
	purchaseID, ok := strings.CutPrefix(sessionID, invoiceID(""))
	if !ok {
		return News{}, i.missing("read checkout")
	}
	return News{Subject: Subject{PurchaseID: purchaseID, SessionID: sessionID}}, nil
}

// Payment has no news, as Session.
func (i Invoice) Payment(_ context.Context, paymentID string) (News, error) {
	purchaseID, ok := strings.CutPrefix(paymentID, invoiceID(""))
	if !ok {
		return News{}, i.missing("read payment")
	}
	return News{Subject: Subject{PurchaseID: purchaseID, PaymentID: paymentID}}, nil
}

// Sessions is empty.
func (Invoice) Sessions(context.Context, time.Time) iter.Seq2[News, error] {
	return func(func(News, error) bool) {}
}

// Notices is empty.
func (Invoice) Notices(context.Context, time.Time) iter.Seq2[Notice, error] {
	return func(func(Notice, error) bool) {}
}

// ParseNotice fails with ErrNoNotices.
func (Invoice) ParseNotice([]byte, http.Header) (Notice, error) { return Notice{}, ErrNoNotices }

func (Invoice) session(purchaseID string, state SessionState) News {
	id := invoiceID(purchaseID)
	return News{
		Subject: Subject{PurchaseID: purchaseID, SessionID: id},
		Facts:   Facts{Sessions: map[string]SessionState{id: state}},
	}
}

func (Invoice) refuse(op, reason string) error { return refused(InvoiceName, op, reason) }

func (Invoice) missing(op string) error {
	return &Error{Provider: InvoiceName, Op: op, Kind: NotFound}
}

// invoiceID is the id of a purchase's session and of its payment.
func invoiceID(purchaseID string) string { return "invoice_" + purchaseID }
