package stripetest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Methods of payment that the bank refuses whenever they are charged. Any other is taken.
const (
	// MethodDeclined is refused with the decline code insufficient_funds.
	MethodDeclined = "pm_test_declined"

	// MethodNeedsOwner is refused with the decline code authentication_required.
	MethodNeedsOwner = "pm_test_needs_owner"

	// MethodSlow is one whose bank answers later: Answer says how.
	MethodSlow = "pm_test_slow"
)

func (s *Server) createIntent(_ string, form url.Values) reply {
	amount, err := strconv.ParseInt(form.Get("amount"), 10, 64)
	method := form.Get("payment_method")
	switch {
	case err != nil || amount <= 0:
		return invalid("amount", "This value must be greater than or equal to 1.")
	case form.Get("currency") == "":
		return invalid("currency", "Missing required param: currency.")
	case form.Get("confirm") != "true" || form.Get("off_session") != "true":
		return invalid("confirm", "Only saved methods are charged here.")
	case form.Get("customer") == "" || method == "":
		return invalid("payment_method", "A saved method and its customer are needed.")
	}
	intent := object{
		"id": s.newID("pi"), "object": "payment_intent", "livemode": s.config.Live, "created": s.now(),
		"amount": amount, "amount_received": int64(0), "currency": form.Get("currency"), "status": "processing",
		"customer": form.Get("customer"), "payment_method": method, "latest_charge": nil,
		"metadata": metadata(form, "metadata"), "receipt_email": optional(form.Get("receipt_email")),
		"description": optional(form.Get("description")), "setup_future_usage": nil,
	}
	s.intents.put(intent)
	if code := s.declineOf(method); code != "" {
		return s.decline(intent, code)
	}
	if method == MethodSlow {
		s.emit("payment_intent.processing", intent)
		return done(intent)
	}
	return done(s.expanded(s.succeed(intent), expansions(form)))
}

// declineOf is the code with which the bank refuses a method now; empty if it takes it.
func (s *Server) declineOf(method string) string {
	switch {
	case method == MethodDeclined:
		return "insufficient_funds"
	case method == MethodNeedsOwner:
		return "authentication_required"
	case len(s.declines) == 0:
		return ""
	}
	code := s.declines[0]
	s.declines = s.declines[1:]
	return code
}

func (s *Server) decline(intent object, code string) reply {
	problem := object{
		"type": "card_error", "code": "card_declined", "decline_code": code, "message": "Your card was declined.",
	}
	intent = s.amend(&s.intents, intent, object{"status": "requires_payment_method", "last_payment_error": problem})
	s.emit("payment_intent.payment_failed", intent)
	refusal := failed(http.StatusPaymentRequired, "card_error", "card_declined", "Your card was declined.")
	told := refusal.body["error"].(object)
	told["decline_code"], told["payment_intent"] = code, intent
	return refusal
}

// Answer is what the bank of a MethodSlow says in the end: a decline code, or "" if it pays.
func (s *Server) Answer(paymentID, declineCode string) error {
	return s.control(func() error {
		intent, known := s.intents.byID[paymentID]
		if !known || intent["status"] != "processing" {
			return fmt.Errorf("payment %s waits for no bank", paymentID)
		}
		if declineCode == "" {
			s.succeed(intent)
		} else {
			s.decline(intent, declineCode)
		}
		return nil
	})
}

// succeed lets an intent's money come, by a charge.
func (s *Server) succeed(intent object) object {
	id := s.newID("ch")
	charge := object{
		"id": id, "object": "charge", "livemode": s.config.Live, "created": s.now(),
		"amount": intent["amount"], "amount_captured": intent["amount"], "amount_refunded": int64(0),
		"currency": intent["currency"], "payment_intent": intent["id"], "metadata": intent["metadata"],
		"paid": true, "captured": true, "refunded": false, "disputed": false, "status": "succeeded",
		"receipt_url": s.http.URL + "/receipts/" + id, "receipt_email": intent["receipt_email"],
	}
	s.charges.put(charge)
	intent = s.amend(&s.intents, intent, object{
		"status": "succeeded", "amount_received": intent["amount"], "latest_charge": id,
	})
	s.emit("charge.succeeded", charge)
	s.emit("payment_intent.succeeded", intent)
	return intent
}

func (s *Server) createRefund(_ string, form url.Values) reply {
	amount, err := strconv.ParseInt(form.Get("amount"), 10, 64)
	charge, known := s.chargeOf(form.Get("payment_intent"))
	if !known {
		return missing("payment_intent", form.Get("payment_intent"))
	}
	left := charge["amount"].(int64) - charge["amount_refunded"].(int64)
	switch {
	case left == 0:
		return failed(http.StatusBadRequest, "invalid_request_error", "charge_already_refunded", "Already refunded.")
	case err != nil || amount <= 0 || amount > left:
		return invalid("amount", "Refund amount is greater than unrefunded amount on charge")
	}
	return done(s.refund(charge, amount, metadata(form, "metadata")))
}

// Refund plays an administrator who refunds in the provider's own dashboard. It returns the refund's id.
func (s *Server) Refund(paymentID string, amountMinor int64) (refundID string, err error) {
	err = s.control(func() error {
		charge, known := s.chargeOf(paymentID)
		if !known || charge["amount"].(int64)-charge["amount_refunded"].(int64) < amountMinor {
			return fmt.Errorf("payment %s has no %d left to refund", paymentID, amountMinor)
		}
		refundID = s.refund(charge, amountMinor, object{})["id"].(string)
		return nil
	})
	return refundID, err
}

func (s *Server) refund(charge object, amount int64, metadata object) object {
	refund := object{
		"id": s.newID("re"), "object": "refund", "created": s.now(), "amount": amount, "currency": charge["currency"],
		"charge": charge["id"], "payment_intent": charge["payment_intent"], "status": "succeeded", "metadata": metadata,
	}
	s.refunds.put(refund)
	sum := charge["amount_refunded"].(int64) + amount
	charge = s.amend(&s.charges, charge, object{"amount_refunded": sum, "refunded": sum == charge["amount"]})
	s.emit("charge.refunded", charge)
	s.emit("refund.created", refund)
	return refund
}

// FailRefund plays a bank that sends a refund back: the buyer didn't get it.
func (s *Server) FailRefund(refundID string) error {
	return s.control(func() error {
		refund, known := s.refunds.byID[refundID]
		if !known || refund["status"] != "succeeded" {
			return fmt.Errorf("refund %s cannot fail", refundID)
		}
		refund = s.amend(&s.refunds, refund, object{"status": "failed", "failure_reason": "lost_or_stolen_card"})
		charge := s.charges.byID[refund["charge"].(string)]
		sum := charge["amount_refunded"].(int64) - refund["amount"].(int64)
		s.amend(&s.charges, charge, object{"amount_refunded": sum, "refunded": false})
		s.emit("refund.failed", refund)
		return nil
	})
}

// OpenDispute plays a buyer's bank that takes money back. It returns the dispute's id.
func (s *Server) OpenDispute(paymentID string, amountMinor int64) (disputeID string, err error) {
	return s.dispute(paymentID, amountMinor, "needs_response")
}

// OpenInquiry plays a buyer's bank that asks before it takes anything. It returns the dispute's id.
func (s *Server) OpenInquiry(paymentID string, amountMinor int64) (disputeID string, err error) {
	return s.dispute(paymentID, amountMinor, "warning_needs_response")
}

func (s *Server) dispute(paymentID string, amount int64, status string) (disputeID string, err error) {
	err = s.control(func() error {
		charge, known := s.chargeOf(paymentID)
		if !known {
			return fmt.Errorf("payment %s has no charge", paymentID)
		}
		dispute := object{
			"id": s.newID("dp"), "object": "dispute", "livemode": s.config.Live, "created": s.now(), "amount": amount,
			"currency": charge["currency"], "charge": charge["id"], "payment_intent": paymentID,
			"status": status, "reason": "fraudulent", "metadata": object{},
		}
		s.disputes.put(dispute)
		s.amend(&s.charges, charge, object{"disputed": true})
		s.emit("charge.dispute.created", dispute)
		if !strings.HasPrefix(status, "warning") {
			s.emit("charge.dispute.funds_withdrawn", dispute)
		}
		disputeID = dispute["id"].(string)
		return nil
	})
	return disputeID, err
}

// MoveDispute gives a dispute another of the provider's statuses: an inquiry becomes a dispute by "needs_response", or
// is dropped by "warning_closed"; a dispute ends by "won" or "lost".
func (s *Server) MoveDispute(disputeID, status string) error {
	return s.control(func() error {
		dispute, known := s.disputes.byID[disputeID]
		if !known {
			return fmt.Errorf("no dispute %s", disputeID)
		}
		dispute = s.amend(&s.disputes, dispute, object{"status": status})
		switch status {
		case "won":
			s.emit("charge.dispute.closed", dispute)
			s.emit("charge.dispute.funds_reinstated", dispute)
		case "lost", "warning_closed":
			s.emit("charge.dispute.closed", dispute)
		case "needs_response":
			s.emit("charge.dispute.funds_withdrawn", dispute)
		default:
			s.emit("charge.dispute.updated", dispute)
		}
		return nil
	})
}

func (s *Server) chargeOf(intentID string) (object, bool) {
	intent, known := s.intents.byID[intentID]
	if !known || intent["latest_charge"] == nil {
		return nil, false
	}
	return s.charges.byID[intent["latest_charge"].(string)], true
}

// refundsOf are a charge's refunds, newest first.
func (s *Server) refundsOf(chargeID string) []object {
	refunds := []object{}
	for _, id := range slices.Backward(s.refunds.order) {
		if refund := s.refunds.byID[id]; refund["charge"] == chargeID {
			refunds = append(refunds, refund)
		}
	}
	return refunds
}

// metadata reads name[key]=value.
func metadata(form url.Values, name string) object {
	read := object{}
	for field, values := range form {
		if key, ok := strings.CutPrefix(field, name+"["); ok {
			read[strings.TrimSuffix(key, "]")] = values[0]
		}
	}
	return read
}

// optional is null for what was not given.
func optional(text string) any {
	if text == "" {
		return nil
	}
	return text
}
