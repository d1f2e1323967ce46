package payment

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v86"
)

// StartCheckout opens a Checkout Session in mode payment. The price stands in the session itself, so that no later
// change of a package touches it; it includes the tax, where tax is worked out, so that what is received is the price
// to the cent. For the same reason Stripe's own conversion of currencies is off.
func (s *Stripe) StartCheckout(ctx context.Context, c Checkout) (Session, error) {
	const op = "start checkout"
	if reason := cmp.Or(c.unfit(), oddMoney(c.PriceMinor, c.Currency)); reason != "" {
		return Session{}, refused(StripeName, op, reason)
	}
	session, err := s.api.V1CheckoutSessions.Create(ctx, s.checkoutParams(c))
	if err != nil {
		return Session{}, stripeFailure(op, err)
	}
	return Session{
		ID:        session.ID,
		URL:       session.URL,
		ExpiresAt: time.Unix(session.ExpiresAt, 0).UTC(),
		News:      sessionNews(session),
	}, nil
}

func (s *Stripe) checkoutParams(c Checkout) *stripe.CheckoutSessionCreateParams {
	metadata := map[string]string{purchaseKey: c.PurchaseID}
	price := &stripe.CheckoutSessionCreateLineItemPriceDataParams{
		Currency:    stripe.String(strings.ToLower(c.Currency)),
		UnitAmount:  stripe.Int64(c.PriceMinor),
		ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripe.String(c.Product)},
	}
	params := &stripe.CheckoutSessionCreateParams{
		Mode:              stripe.String(stripe.CheckoutSessionModePayment),
		ClientReferenceID: stripe.String(c.PurchaseID),
		Metadata:          metadata,
		LineItems:         []*stripe.CheckoutSessionCreateLineItemParams{{PriceData: price, Quantity: stripe.Int64(1)}},
		PaymentIntentData: &stripe.CheckoutSessionCreatePaymentIntentDataParams{
			Description: stripe.String(c.Product),
			Metadata:    metadata,
		},
		AdaptivePricing: &stripe.CheckoutSessionCreateAdaptivePricingParams{Enabled: stripe.Bool(false)},
		SuccessURL:      stripe.String(c.SuccessURL),
		CancelURL:       stripe.String(c.CancelURL),
		ExpiresAt:       stripe.Int64(c.StartedAt.Add(c.Life).Unix()),
	}
	params.SetIdempotencyKey(c.IdempotencyKey)
	if c.Email != "" {
		params.PaymentIntentData.ReceiptEmail = stripe.String(c.Email)
	}
	switch {
	case c.Customer != "":
		params.Customer = stripe.String(c.Customer)
	case c.Email != "":
		params.CustomerEmail = stripe.String(c.Email)
	}
	if c.SaveMethod {
		params.PaymentIntentData.SetupFutureUsage = stripe.String(stripe.PaymentIntentSetupFutureUsageOffSession)
		if c.Customer == "" {
			params.CustomerCreation = stripe.String(stripe.CheckoutSessionCustomerCreationAlways)
		}
	}
	if s.config.AutomaticTax {
		params.AutomaticTax = &stripe.CheckoutSessionCreateAutomaticTaxParams{Enabled: stripe.Bool(true)}
		price.TaxBehavior = stripe.String(stripe.PriceTaxBehaviorInclusive)
	}
	return params
}

// ChargeSaved makes and confirms a payment intent off session.
func (s *Stripe) ChargeSaved(ctx context.Context, c Charge) (News, error) {
	const op = "charge saved method"
	if reason := cmp.Or(c.unfit(), oddMoney(c.PriceMinor, c.Currency)); reason != "" {
		return News{}, refused(StripeName, op, reason)
	}
	params := &stripe.PaymentIntentCreateParams{
		Amount:        stripe.Int64(c.PriceMinor),
		Currency:      stripe.String(strings.ToLower(c.Currency)),
		Customer:      stripe.String(c.Method.Customer),
		PaymentMethod: stripe.String(c.Method.Method),
		Confirm:       stripe.Bool(true),
		OffSession:    stripe.Bool(true),
		Description:   stripe.String(c.Product),
		Metadata:      map[string]string{purchaseKey: c.PurchaseID, offSessionKey: "true"},
	}
	if c.Email != "" {
		params.ReceiptEmail = stripe.String(c.Email)
	}
	params.AddExpand("latest_charge")
	params.SetIdempotencyKey(c.IdempotencyKey)
	intent, err := s.api.V1PaymentIntents.Create(ctx, params)
	if err != nil {
		return News{}, stripeFailure(op, err)
	}
	news := intentNews(intent)
	if code := news.Facts.Payments[intent.ID].Declined; code != "" {
		return News{}, &Error{Provider: StripeName, Op: op, Kind: Declined, DeclineCode: code, PaymentID: intent.ID}
	}
	return news, nil
}

// Takes is false for prices of which Stripe would ask another amount.
func (*Stripe) Takes(priceMinor int64, currency string) bool {
	return oddMoney(priceMinor, currency) == ""
}

// oddMoney says why Stripe would not take the price that is meant; empty if it would. Its minor unit of some currencies is
// not that of ISO 4217, by a factor of a hundred, and amounts with three decimals end in 0:
// https://docs.stripe.com/currencies#minor-units
func oddMoney(minor int64, currency string) string {
	switch strings.ToUpper(currency) {
	case "ISK", "MGA", "UGX":
		return "Stripe counts this currency in another unit"
	case "BHD", "JOD", "KWD", "OMR", "TND":
		if minor%10 != 0 {
			return "amounts in this currency must end in 0"
		}
	}
	return ""
}

// Cancel expires a session. Stripe refuses that unless the session is open; then what it is says why.
func (s *Stripe) Cancel(ctx context.Context, sessionID string) (News, error) {
	const op = "cancel checkout"
	session, err := s.api.V1CheckoutSessions.Expire(ctx, sessionID, nil)
	if err == nil {
		return sessionNews(session), nil
	}
	failure := stripeFailure(op, err)
	if !isKind(failure, Refused) {
		return News{}, failure
	}
	news, err := s.Session(ctx, sessionID)
	if err != nil {
		return News{}, err
	}
	if news.Facts.Sessions[sessionID] == SessionOpen {
		return News{}, failure
	}
	return news, nil
}

// Refund pays back a part of a payment intent.
func (s *Stripe) Refund(ctx context.Context, r RefundRequest) (News, error) {
	const op = "refund"
	if reason := r.unfit(); reason != "" {
		return News{}, refused(StripeName, op, reason)
	}
	params := &stripe.RefundCreateParams{
		PaymentIntent: stripe.String(r.PaymentID),
		Amount:        stripe.Int64(r.AmountMinor),
		Reason:        stripe.String(stripe.RefundReasonRequestedByCustomer),
		Metadata:      map[string]string{purchaseKey: r.PurchaseID, requestKey: r.IdempotencyKey},
	}
	params.SetIdempotencyKey(r.IdempotencyKey)
	refund, err := s.api.V1Refunds.Create(ctx, params)
	if err != nil {
		return News{}, stripeFailure(op, err)
	}
	return News{
		Subject: Subject{PurchaseID: r.PurchaseID, PaymentID: r.PaymentID},
		Facts:   ofPayment(r.PaymentID, Payment{Refunds: map[string]Refund{refund.ID: refundFacts(refund)}}),
	}, nil
}
