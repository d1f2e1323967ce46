package payment

import (
	"cmp"

	"github.com/stripe/stripe-go/v86"
)

// sessionNews is what a Checkout Session tells, with its payment intent's share if that came along. Only its metadata
// name the purchase: whoever pays by a payment link of the same account writes the client reference themselves.
func sessionNews(session *stripe.CheckoutSession) News {
	subject := Subject{PurchaseID: session.Metadata[purchaseKey], SessionID: session.ID}
	var paid Facts
	if session.PaymentIntent != nil {
		subject.PaymentID = session.PaymentIntent.ID
		paid = intentNews(session.PaymentIntent).Facts
	}
	state := sessionState(session)
	facts := Facts{Sessions: map[string]SessionState{session.ID: state}}
	if state == SessionPaid {
		// A session that cost nothing has no payment; it still has to be told, for the price was not nothing.
		facts.Payments = map[string]Payment{cmp.Or(subject.PaymentID, session.ID): {Received: []Money{{
			AmountMinor: session.AmountTotal,
			Currency:    inCapitals(session.Currency),
			Live:        session.Livemode,
		}}}}
	}
	return News{Subject: subject, Facts: facts.Merge(paid)}
}

func sessionState(session *stripe.CheckoutSession) SessionState {
	switch session.Status {
	case stripe.CheckoutSessionStatusOpen:
		return SessionOpen
	case stripe.CheckoutSessionStatusExpired:
		return SessionExpired
	}
	if session.PaymentStatus != stripe.CheckoutSessionPaymentStatusUnpaid {
		return SessionPaid
	}
	if intent := session.PaymentIntent; intent != nil && gaveUp(intent) {
		return SessionFailed
	}
	return SessionProcessing
}

// gaveUp says whether a confirmed payment intent, if it was read along, came to nothing.
func gaveUp(intent *stripe.PaymentIntent) bool {
	return intent.Status == stripe.PaymentIntentStatusCanceled ||
		intent.Status == stripe.PaymentIntentStatusRequiresPaymentMethod
}

// intentNews is what a payment intent tells, with its charge's share if that came along. Of an intent of which only
// the id is known it tells nothing.
func intentNews(intent *stripe.PaymentIntent) News {
	news := News{Subject: Subject{PurchaseID: intent.Metadata[purchaseKey], PaymentID: intent.ID}}
	var p Payment
	offSession := intent.Metadata[offSessionKey] != ""
	switch {
	case intent.Status == stripe.PaymentIntentStatusSucceeded:
		p.Received = []Money{{
			AmountMinor: intent.AmountReceived,
			Currency:    inCapitals(intent.Currency),
			Live:        intent.Livemode,
		}}
		p.Saved = savedMethod(intent)
	case !offSession:
	case intent.Status == stripe.PaymentIntentStatusProcessing:
		p.Processing = true
	case gaveUp(intent), intent.Status == stripe.PaymentIntentStatusRequiresAction:
		p.Declined = declineCode(intent)
	}
	if intent.LatestCharge != nil {
		p = p.merge(chargeFacts(intent.LatestCharge))
	}
	news.Facts = ofPayment(intent.ID, p)
	return news
}

// savedMethod is the method that the buyer allowed to be charged while they are away.
func savedMethod(intent *stripe.PaymentIntent) SavedMethod {
	allowed := intent.SetupFutureUsage == stripe.PaymentIntentSetupFutureUsageOffSession
	if !allowed || intent.Customer == nil || intent.PaymentMethod == nil {
		return SavedMethod{}
	}
	return SavedMethod{Customer: intent.Customer.ID, Method: intent.PaymentMethod.ID}
}

// declineCode is never empty: an intent that asks for its owner's presence needs an authentication.
func declineCode(intent *stripe.PaymentIntent) string {
	if last := intent.LastPaymentError; last != nil {
		return cmp.Or(string(last.DeclineCode), string(last.Code), string(intent.Status))
	}
	if intent.Status == stripe.PaymentIntentStatusRequiresAction {
		return string(stripe.DeclineCodeAuthenticationRequired)
	}
	return string(intent.Status)
}

// chargeNews is what a charge tells of its payment intent; nothing if it has none, for then it isn't ours.
func chargeNews(charge *stripe.Charge) News {
	if charge.PaymentIntent == nil {
		return News{}
	}
	return News{
		Subject: Subject{PurchaseID: charge.Metadata[purchaseKey], PaymentID: charge.PaymentIntent.ID},
		Facts:   ofPayment(charge.PaymentIntent.ID, chargeFacts(charge)),
	}
}

// chargeFacts leaves the money that came to sessions and intents: a charge may be authorized and not captured.
func chargeFacts(charge *stripe.Charge) Payment {
	p := Payment{RefundSumMinor: charge.AmountRefunded, ReceiptURL: charge.ReceiptURL}
	if charge.Refunds == nil {
		return p
	}
	for _, refund := range charge.Refunds.Data {
		if refund == nil {
			continue
		}
		p = p.merge(Payment{Refunds: map[string]Refund{refund.ID: refundFacts(refund)}})
	}
	return p
}

// refundNews is what a refund tells of its payment intent.
func refundNews(refund *stripe.Refund) News {
	if refund.PaymentIntent == nil {
		return News{}
	}
	return News{
		Subject: Subject{PurchaseID: refund.Metadata[purchaseKey], PaymentID: refund.PaymentIntent.ID},
		Facts:   ofPayment(refund.PaymentIntent.ID, Payment{Refunds: map[string]Refund{refund.ID: refundFacts(refund)}}),
	}
}

func refundFacts(refund *stripe.Refund) Refund {
	state := RefundPending
	switch refund.Status {
	case stripe.RefundStatusSucceeded:
		state = RefundSucceeded
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		state = RefundFailed
	}
	return Refund{AmountMinor: refund.Amount, State: state, RequestKey: refund.Metadata[requestKey]}
}

// disputeNews is what a dispute tells of its payment intent: the state that it was in at a time, in seconds since 1970.
func disputeNews(dispute *stripe.Dispute, toldAt int64) News {
	if dispute.PaymentIntent == nil {
		return News{}
	}
	facts := Dispute{
		ToldAt:      toldAt,
		AmountMinor: dispute.Amount,
		Currency:    inCapitals(dispute.Currency),
		State:       disputeState(dispute),
	}
	return News{
		Subject: Subject{PurchaseID: dispute.Metadata[purchaseKey], PaymentID: dispute.PaymentIntent.ID},
		Facts:   ofPayment(dispute.PaymentIntent.ID, Payment{Disputes: map[string]Dispute{dispute.ID: facts}}),
	}
}

// disputeState takes a status that it doesn't know for an open dispute: nobody profits from it meanwhile.
func disputeState(dispute *stripe.Dispute) DisputeState {
	switch dispute.Status {
	case stripe.DisputeStatusWarningNeedsResponse, stripe.DisputeStatusWarningUnderReview:
		return DisputeInquiry
	case stripe.DisputeStatusWarningClosed:
		return DisputeDropped
	case stripe.DisputeStatusPrevented:
		if cost(dispute) {
			return DisputeLost
		}
		return DisputeDropped
	case stripe.DisputeStatusLost:
		return DisputeLost
	case stripe.DisputeStatusWon:
		return DisputeWon
	}
	return DisputeOpen
}

// cost says whether a dispute that was prevented took the money all the same: it was resolved by giving the payer
// their money back, not blocked. Should Stripe tell of a refund as well, it is counted once.
func cost(dispute *stripe.Dispute) bool {
	var moved int64
	for _, transaction := range dispute.BalanceTransactions {
		if transaction != nil {
			moved += transaction.Amount
		}
	}
	details := dispute.PaymentMethodDetails
	resolved := details != nil && details.Card != nil &&
		details.Card.CaseType == stripe.DisputePaymentMethodDetailsCardCaseTypeResolution
	return resolved || moved < 0
}

// ofPayment is nothing where nothing is known of the payment.
func ofPayment(id string, p Payment) Facts {
	known := Facts{Payments: map[string]Payment{id: p}}
	if p.empty() {
		return Facts{}
	}
	return known
}

func (p Payment) empty() bool {
	return len(p.Received)+len(p.Refunds)+len(p.Disputes) == 0 && !p.Processing && p.Declined == "" &&
		p.RefundSumMinor == 0 && p.ReceiptURL == "" && p.Saved == SavedMethod{}
}
