package resolvers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// statements are those that the database was asked.
type statements struct {
	mu  sync.Mutex // protects all
	all []string
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, data.SQL)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// reading counts the statements that have read from the table.
func (s *statements) reading(table string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sql := range s.all {
		if strings.Contains(sql, "FROM "+table+" ") {
			n++
		}
	}
	return n
}

func TestTheBatchesOfListedGenerationsAreReadTogether(t *testing.T) {
	const batches = 30
	w := newWorld(t)
	ann := w.signUp("ann")
	w.grant(ann.team, 10*batches)
	for i := range batches {
		ann.must(`mutation($i: GenerateManyInput!) { generateMany(input: $i) { batch { id } userErrors { code } } }`, object{
			"i": object{
				"teamId": ann.team, "productIds": []string{ann.product("Lamp")}, "operation": "SEARCH_IMAGES",
				"idempotencyKey": fmt.Sprint("run ", i),
			},
		})
	}
	before := w.asked.reading("generation_batches")
	data := ann.must(`query($t: ID!) { team(id: $t) { generations(first: 50) { nodes { id batch { id total } } } } }`,
		object{"t": ann.team})
	read := w.asked.reading("generation_batches") - before
	generations, _ := at(data, "team", "generations", "nodes").([]any)
	ids := map[string]bool{}
	for _, generation := range generations {
		ids[text(generation, "batch", "id")] = true
	}
	if len(generations) != batches || len(ids) != batches {
		t.Fatalf("%d generations of %d batches", len(generations), len(ids))
	}
	// Those that are asked for a moment later are read by a statement of their own.
	if read == 0 || read > batches/3 {
		t.Errorf("%d batches were read by %d statements", batches, read)
	}
}
