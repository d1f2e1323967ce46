package bus

import "sync"

// hub delivers signals to the subscriptions of this process.
type hub struct {
	mu     sync.RWMutex // guards topics and the sets in it
	topics map[string]map[*Subscription]struct{}
}

func newHub() *hub {
	return &hub{topics: make(map[string]map[*Subscription]struct{})}
}

// Subscribe begins to hear of the topic.
func (h *hub) Subscribe(topic string) *Subscription {
	wake := make(chan struct{}, 1)
	s := &Subscription{C: wake, wake: wake, topic: topic, hub: h}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[topic] == nil {
		h.topics[topic] = make(map[*Subscription]struct{})
	}
	h.topics[topic][s] = struct{}{}
	return s
}

func (h *hub) remove(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.topics[s.topic], s)
	if len(h.topics[s.topic]) == 0 {
		delete(h.topics, s.topic)
	}
}

// wake signals every subscription to one of the topics.
func (h *hub) wake(topics []string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, topic := range topics {
		for s := range h.topics[topic] {
			s.signal()
		}
	}
}

// wakeAll signals every subscription: something may have been missed, nobody knows what.
func (h *hub) wakeAll() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, subscriptions := range h.topics {
		for s := range subscriptions {
			s.signal()
		}
	}
}
