package bus

import "context"

// Memory is a bus that ends at the process: for tests, and for whatever runs alone.
type Memory struct {
	*hub
}

var _ Bus = Memory{}

// NewMemory returns a bus of its own. It holds nothing that has to be closed.
func NewMemory() Memory {
	return Memory{hub: newHub()}
}

// Publish wakes the subscribers of the topics.
func (m Memory) Publish(topics ...string) {
	m.wake(topics)
}

// Ready returns nil: there is no way that could be closed.
func (m Memory) Ready(context.Context) error {
	return nil
}
