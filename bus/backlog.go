package bus

import "sync"

// backlogLimit is how many topics wait one by one to be sent. With more of them it is cheaper to wake everybody.
const backlogLimit = 10_000

// backlog holds the signals that other processes have yet to hear of: each topic once, and bounded.
type backlog struct {
	// filled holds one element after something was added that was not taken yet.
	filled chan struct{}

	mu     sync.Mutex // guards what follows
	topics map[string]struct{}
	all    bool // everybody is to be woken, and topics is empty
}

func newBacklog() *backlog {
	return &backlog{filled: make(chan struct{}, 1), topics: make(map[string]struct{})}
}

// add merges signals into the backlog. A topic that no notification can carry becomes a signal to everybody.
func (b *backlog) add(topics []string) {
	if len(topics) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, topic := range topics {
		if b.all {
			break
		}
		b.topics[topic] = struct{}{}
		b.all = len(b.topics) > backlogLimit || !carriable(topic)
	}
	if b.all {
		clear(b.topics)
	}
	b.announce()
}

// addAll makes the backlog a signal to everybody.
func (b *backlog) addAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.topics)
	b.all = true
	b.announce()
}

// announce tells that there is something to take. The caller holds mu.
func (b *backlog) announce() {
	select {
	case b.filled <- struct{}{}:
	default:
	}
}

// take empties the backlog. With all set everybody is to be woken.
func (b *backlog) take() (topics []string, all bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.filled:
	default:
	}
	topics = make([]string, 0, len(b.topics))
	for topic := range b.topics {
		topics = append(topics, topic)
	}
	all = b.all
	clear(b.topics)
	b.all = false
	return topics, all
}
