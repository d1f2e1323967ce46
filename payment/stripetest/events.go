package stripetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// apiVersion is what events say they are rendered by: older than any library, as on an account that was not upgraded.
const apiVersion = "2020-08-27"

// emit notes that something happened to an object and puts the notice of it into the outbox.
func (s *Server) emit(kind string, about object) {
	event := object{
		"id": s.newID("evt"), "object": "event", "type": kind, "created": s.now(), "livemode": s.config.Live,
		"api_version": apiVersion, "data": object{"object": about},
	}
	s.events.put(event)
	s.outbox = append(s.outbox, event["id"].(string))
}

// Emit sends a notice of any type about any object, known here or not.
func (s *Server) Emit(kind string, about map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(kind, about)
}

// Message is a notice as it is sent.
type Message struct {
	EventID   string
	Type      string
	Body      []byte
	Signature string
}

// Messages are all notices so far in the order of what happened, signed now, whether they were delivered or not.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	messages := make([]Message, len(s.events.order))
	for i, id := range s.events.order {
		messages[i] = s.message(id)
	}
	return messages
}

// Waiting is how many notices were not delivered yet.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.outbox)
}

func (s *Server) message(eventID string) Message {
	event := s.events.byID[eventID]
	body, err := json.MarshalIndent(event, "", "  ") // as Stripe's are
	if err != nil {
		panic(err)
	}
	return Message{
		EventID: eventID, Type: event["type"].(string), Body: body,
		Signature: Sign(s.config.Now(), body, s.config.WebhookSecrets...),
	}
}

// Sign is the signature header of a body that is sent at a time: one signature for each secret.
func Sign(at time.Time, body []byte, secrets ...string) string {
	header := []string{fmt.Sprintf("t=%d", at.Unix())}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
		header = append(header, "v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(header, ",")
}
