package stripetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Mischief is how notices go astray. The zero value delivers each of them once, in order, one at a time.
type Mischief struct {
	// Shuffle sends them in any order.
	Shuffle bool

	// Repeat, Delay, Drop and Forge are how likely a notice is sent again (up to four times), kept for the next
	// Deliver, never sent at all, or accompanied by a forgery. 0 to 1.
	Repeat, Delay, Drop, Forge float64

	// Parallel is how many are under way at once; 0 is one.
	Parallel int

	// Random makes the choices; nil where there are none to make.
	Random *rand.Rand
}

// Delivery is what became of a round of notices.
type Delivery struct {
	Sent    int
	Dropped int
	Delayed int

	// Refused are answered with anything but 2xx. They wait for the next Deliver.
	Refused int

	// Forged are the forgeries that were sent, ForgedAccepted descriptions of those that were answered with 2xx.
	Forged         int
	ForgedAccepted []string
}

// parcel is one message on its way.
type parcel struct {
	Message
	forgery string // what is wrong with it; empty for a genuine one
}

// Deliver sends the waiting notices to an address and returns when all of them are answered. Those that were not
// answered with 2xx, and those that were delayed, wait for the next call. It fails when ctx ends.
func (s *Server) Deliver(ctx context.Context, address string, m Mischief) (Delivery, error) {
	s.mu.Lock()
	var outcome Delivery
	var parcels []parcel
	waiting := s.outbox
	s.outbox = nil
	for _, id := range waiting {
		switch {
		case m.chance(m.Drop):
			outcome.Dropped++
			continue
		case m.chance(m.Delay):
			outcome.Delayed++
			s.outbox = append(s.outbox, id)
			continue
		}
		message := s.message(id)
		parcels = append(parcels, parcel{Message: message})
		for range 4 {
			if m.chance(m.Repeat) {
				parcels = append(parcels, parcel{Message: message})
			}
		}
		if m.chance(m.Forge) {
			parcels = append(parcels, s.forge(message, m.Random.IntN(forgeries)))
		}
	}
	s.mu.Unlock()
	if m.Shuffle {
		m.Random.Shuffle(len(parcels), func(i, j int) { parcels[i], parcels[j] = parcels[j], parcels[i] })
	}
	return s.post(ctx, address, parcels, max(m.Parallel, 1), outcome)
}

// DeliverAll delivers until nothing waits any more, at most a number of rounds.
func (s *Server) DeliverAll(ctx context.Context, address string, m Mischief, rounds int) (Delivery, error) {
	var all Delivery
	for range rounds {
		round, err := s.Deliver(ctx, address, m)
		all.Sent += round.Sent
		all.Dropped += round.Dropped
		all.Delayed += round.Delayed
		all.Refused += round.Refused
		all.Forged += round.Forged
		all.ForgedAccepted = append(all.ForgedAccepted, round.ForgedAccepted...)
		if err != nil {
			return all, err
		}
		if s.Waiting() == 0 {
			return all, nil
		}
	}
	return all, fmt.Errorf("%d notices still wait after %d rounds", s.Waiting(), rounds)
}

func (m Mischief) chance(probability float64) bool {
	return probability > 0 && m.Random.Float64() < probability
}

// post sends the parcels, some at once. Its goroutines end before it returns.
func (s *Server) post(ctx context.Context, address string, parcels []parcel, parallel int, outcome Delivery) (Delivery, error) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	defer client.CloseIdleConnections()
	var (
		mu      sync.Mutex // protects outcome and refused
		refused = map[string]bool{}
		queue   = make(chan parcel)
		workers sync.WaitGroup
	)
	for range parallel {
		workers.Go(func() {
			for p := range queue {
				accepted := postOne(ctx, client, address, p)
				mu.Lock()
				switch {
				case p.forgery != "":
					outcome.Forged++
					if accepted {
						outcome.ForgedAccepted = append(outcome.ForgedAccepted, p.Type+": "+p.forgery)
					}
				default:
					outcome.Sent++
					if !accepted {
						outcome.Refused++
						refused[p.EventID] = true
					}
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range parcels {
		queue <- p
	}
	close(queue)
	workers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outbox = append(s.outbox, slices.Sorted(maps.Keys(refused))...)
	return outcome, ctx.Err()
}

// postOne says whether the answer was 2xx.
func postOne(ctx context.Context, client *http.Client, address string, p parcel) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(p.Body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	if p.Signature != "" {
		request.Header.Set("Stripe-Signature", p.Signature)
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxRequest))
	return response.StatusCode >= 200 && response.StatusCode < 300
}

// forgeries is how many kinds of forgery there are.
const forgeries = 6

// forge makes something that nobody may believe out of a genuine message. Its event's id is another one, lest it be
// taken for a repetition.
func (s *Server) forge(m Message, kind int) parcel {
	const window = 300 * time.Second
	now := s.config.Now()
	altered := bytes.Replace(m.Body, []byte(`"evt_`), []byte(`"evt_forged_`), 1)
	p := parcel{Message: Message{EventID: m.EventID, Type: m.Type, Body: altered}}
	switch kind {
	case 0:
		p.forgery, p.Signature = "altered after it was signed", m.Signature
	case 1:
		p.forgery, p.Signature = "signed with a secret that isn't ours", Sign(now, altered, "whsec_of_a_forger")
	case 2:
		p.forgery = "not signed"
	case 3:
		p.forgery, p.Signature = "signed long ago", Sign(now.Add(-window-time.Minute), altered, s.config.WebhookSecrets...)
	case 4:
		p.forgery, p.Signature = "signed in the future", Sign(now.Add(window+time.Minute), altered, s.config.WebhookSecrets...)
	default:
		p.forgery, p.Signature = "signed with an empty secret", Sign(now, altered, "")
	}
	return p
}
