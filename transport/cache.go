package transport

import (
	"container/list"
	"sync"
)

// cache keeps the documents used last. Its bound is on their texts, since what is parsed grows with them.
type cache struct {
	capacity int // bytes

	mu      sync.Mutex // guards what follows
	size    int        // bytes
	entries map[string]*list.Element
	order   *list.List // of *entry, the one used last in front
}

type entry struct {
	text string
	doc  *document
}

func newCache(capacity int) *cache {
	return &cache{capacity: capacity, entries: make(map[string]*list.Element), order: list.New()}
}

func (c *cache) get(text string) (*document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[text]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*entry).doc, true
}

// add keeps doc, but for texts so long that they would push out many others.
func (c *cache) add(text string, doc *document) {
	if len(text) > c.capacity/16 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.entries[text]; known {
		return
	}
	c.entries[text] = c.order.PushFront(&entry{text: text, doc: doc})
	c.size += len(text)
	for c.size > c.capacity {
		oldest := c.order.Remove(c.order.Back()).(*entry)
		delete(c.entries, oldest.text)
		c.size -= len(oldest.text)
	}
}
