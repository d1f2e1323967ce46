package auth

import "time"

// generations is a map that forgets: an entry stays for at least a life after it was put, at most two, unless the map is
// flooded. It holds at most 2 × limit entries, and never searches for old ones: when the young generation is full or a
// life old, it becomes the old one, and what was old is dropped. Not safe for concurrent use.
type generations[K comparable, V any] struct {
	limit int
	life  time.Duration

	young, old map[K]V
	born       time.Time // of the young generation
}

func newGenerations[K comparable, V any](limit int, life time.Duration) *generations[K, V] {
	return &generations[K, V]{limit: limit, life: life, young: map[K]V{}}
}

func (g *generations[K, V]) get(key K) (V, bool) {
	if value, ok := g.young[key]; ok {
		return value, true
	}
	value, ok := g.old[key]
	return value, ok
}

func (g *generations[K, V]) put(key K, value V, now time.Time) {
	switch age := now.Sub(g.born); {
	case age >= 2*g.life || age <= -2*g.life: // the clock was set back: nobody would grow old
		g.young, g.old, g.born = map[K]V{}, nil, now
	case age >= g.life || len(g.young) >= g.limit:
		g.young, g.old, g.born = map[K]V{}, g.young, now
	}
	g.young[key] = value
	delete(g.old, key)
}

func (g *generations[K, V]) remove(key K) {
	delete(g.young, key)
	delete(g.old, key)
}

// clear drops everything.
func (g *generations[K, V]) clear() { g.young, g.old = map[K]V{}, nil }
