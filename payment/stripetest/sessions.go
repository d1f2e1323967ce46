package stripetest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Half an hour to a day is how long a session may stay open, in seconds.
const (
	shortestSession = 30 * 60
	longestSession  = 24 * 60 * 60
)

func (s *Server) createSession(_ string, form url.Values) reply {
	amount, err := strconv.ParseInt(form.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	quantity, quantityErr := strconv.ParseInt(form.Get("line_items[0][quantity]"), 10, 64)
	life := int64(longestSession)
	if text := form.Get("expires_at"); text != "" {
		expires, err := strconv.ParseInt(text, 10, 64)
		if life = expires - s.now(); err != nil || life < shortestSession || life > longestSession {
			return invalid("expires_at", "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours away.")
		}
	}
	switch {
	case form.Get("mode") != "payment":
		return invalid("mode", "Only payments are sold here.")
	case err != nil || quantityErr != nil || amount < 0:
		return invalid("line_items", "Missing required param: line_items.")
	case form.Get("customer") != "" && form.Get("customer_email") != "":
		return invalid("customer_email", "You may only specify one of these parameters: customer, customer_email.")
	case form.Get("success_url") == "":
		return invalid("success_url", "Missing required param: success_url.")
	}
	id := s.newID("cs")
	session := object{
		"id": id, "object": "checkout.session", "mode": "payment", "livemode": s.config.Live, "created": s.now(),
		"client_reference_id": optional(form.Get("client_reference_id")), "metadata": metadata(form, "metadata"),
		"status": "open", "payment_status": "unpaid", "payment_intent": nil,
		"amount_subtotal": amount * quantity, "amount_total": amount * quantity,
		"currency": form.Get("line_items[0][price_data][currency]"),
		"customer": optional(form.Get("customer")), "customer_email": optional(form.Get("customer_email")),
		"expires_at": s.now() + life, "url": s.http.URL + "/pay/" + id,
		"success_url": form.Get("success_url"), "cancel_url": optional(form.Get("cancel_url")),
	}
	s.sessions.put(session)
	// What the session will give its payment is no part of the session's own JSON.
	s.promises[id] = object{
		"metadata":           metadata(form, "payment_intent_data[metadata]"),
		"receipt_email":      optional(form.Get("payment_intent_data[receipt_email]")),
		"description":        optional(form.Get("payment_intent_data[description]")),
		"setup_future_usage": optional(form.Get("payment_intent_data[setup_future_usage]")),
		"customer_creation":  form.Get("customer_creation"),
	}
	return done(session)
}

func (s *Server) expireSession(id string, _ url.Values) reply {
	session, known := s.sessions.byID[id]
	switch {
	case !known:
		return missing("checkout.session", id)
	case session["status"] != "open":
		return invalid("", fmt.Sprintf("Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout "+
			"Session has a status of %s.", session["status"]))
	}
	return done(s.closePage(session))
}

func (s *Server) closePage(session object) object {
	session = s.amend(&s.sessions, session, object{"status": "expired", "url": nil})
	s.emit("checkout.session.expired", session)
	return session
}

// Expire lets a session's time pass.
func (s *Server) Expire(sessionID string) error {
	return s.control(func() error {
		session, err := s.openSession(sessionID)
		if err == nil {
			s.closePage(session)
		}
		return err
	})
}

// Pay plays a buyer who pays at once. It returns the payment's id.
func (s *Server) Pay(sessionID string) (paymentID string, err error) {
	err = s.control(func() error {
		session, err := s.openSession(sessionID)
		if err != nil {
			return err
		}
		paymentID = s.complete(session, "paid")
		return nil
	})
	return paymentID, err
}

// PayOther plays a provider that takes another amount in another currency than it was asked to.
func (s *Server) PayOther(sessionID string, amountMinor int64, currency string) (paymentID string, err error) {
	err = s.control(func() error {
		session, err := s.openSession(sessionID)
		if err != nil {
			return err
		}
		session = s.amend(&s.sessions, session, object{"amount_total": amountMinor, "currency": currency})
		paymentID = s.complete(session, "paid")
		return nil
	})
	return paymentID, err
}

// PayLater plays a buyer whose method of payment takes days: the session is complete and not paid yet.
func (s *Server) PayLater(sessionID string) (paymentID string, err error) {
	err = s.control(func() error {
		session, err := s.openSession(sessionID)
		if err != nil {
			return err
		}
		paymentID = s.complete(session, "unpaid")
		return nil
	})
	return paymentID, err
}

// ArriveLate lets the money of PayLater come, or not.
func (s *Server) ArriveLate(sessionID string, arrives bool) error {
	return s.control(func() error {
		session, known := s.sessions.byID[sessionID]
		if !known || session["status"] != "complete" || session["payment_status"] != "unpaid" {
			return fmt.Errorf("session %s waits for no bank", sessionID)
		}
		intent := s.intents.byID[session["payment_intent"].(string)]
		if !arrives {
			intent = s.amend(&s.intents, intent, object{
				"status":             "requires_payment_method",
				"last_payment_error": object{"type": "card_error", "code": "payment_intent_payment_attempt_failed"},
			})
			s.emit("payment_intent.payment_failed", intent)
			s.emit("checkout.session.async_payment_failed", session)
			return nil
		}
		s.succeed(intent)
		s.emit("checkout.session.async_payment_succeeded", s.amend(&s.sessions, session, object{"payment_status": "paid"}))
		return nil
	})
}

func (s *Server) openSession(id string) (object, error) {
	session, known := s.sessions.byID[id]
	if !known || session["status"] != "open" {
		return nil, fmt.Errorf("session %s is not open", id)
	}
	return session, nil
}

// complete makes the payment of a session that its buyer has finished, and the customer if one is wanted.
func (s *Server) complete(session object, paymentStatus string) (paymentID string) {
	promise := s.promises[session["id"].(string)]
	customer := session["customer"]
	if customer == nil && promise["customer_creation"] == "always" {
		customer = s.newID("cus")
	}
	intent := object{
		"id": s.newID("pi"), "object": "payment_intent", "livemode": s.config.Live, "created": s.now(),
		"amount": session["amount_total"], "amount_received": int64(0), "currency": session["currency"],
		"status": "processing", "customer": customer, "payment_method": s.newID("pm"), "latest_charge": nil,
		"metadata": promise["metadata"], "receipt_email": promise["receipt_email"],
		"description": promise["description"], "setup_future_usage": promise["setup_future_usage"],
	}
	s.intents.put(intent)
	if paymentStatus == "paid" {
		s.succeed(intent)
	} else {
		s.emit("payment_intent.processing", intent)
	}
	s.emit("checkout.session.completed", s.amend(&s.sessions, session, object{
		"status": "complete", "payment_status": paymentStatus, "payment_intent": intent["id"],
		"customer": customer, "url": nil,
	}))
	return intent["id"].(string)
}

// showPage is the hosted page.
func (s *Server) showPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	session, err := s.openSession(r.PathValue("id"))
	s.mu.Unlock()
	if err != nil {
		http.Error(w, "This page has expired.", http.StatusGone)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>Pay</title><form method="post"><p>%d %s</p><button>Pay</button></form>`,
		session["amount_total"], session["currency"])
}

// submitPage is the button on it: it pays and sends the buyer back.
func (s *Server) submitPage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := s.Pay(id); err != nil {
		http.Error(w, "This page has expired.", http.StatusGone)
		return
	}
	s.mu.Lock()
	back := s.sessions.byID[id]["success_url"].(string)
	s.mu.Unlock()
	http.Redirect(w, r, back, http.StatusSeeOther)
}
