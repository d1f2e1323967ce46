package operations

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
)

func TestGenerationsAreListedPageByPageInBothDirections(t *testing.T) {
	p := newPlatform(t)
	tm, other, works := p.team(1000), p.team(1000), p.process(&studio{}, 2)
	products := tm.products(5)
	var ids []models.GenerationID
	for _, product := range products {
		ids = append(ids, works.finished(tm.run(works, product, models.OperationSearchImages).ID).ID)
	}
	again := works.finished(tm.run(works, products[1], models.OperationGenerateTexts).ID)
	works.finished(tm.run(works, tm.product(), models.OperationSearchPrices).ID)
	works.finished(other.run(works, other.product(), models.OperationSearchImages).ID)
	works.halt()

	list := func(of List, page models.Page) []models.GenerationID {
		of.Team = tm.id
		connection, err := works.Page(within(t), of, page)
		if err != nil {
			t.Fatal(err)
		}
		var list []models.GenerationID
		for _, g := range connection.Nodes() {
			list = append(list, g.ID)
			if g.Operation == models.OperationSearchImages && len(g.Parts[0].Images) != 2 {
				t.Errorf("%s is listed without its images", g.ID)
			}
		}
		return list
	}
	equal := func(what string, got []models.GenerationID, wanted ...models.GenerationID) {
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: got %v, want %v", what, got, wanted)
		}
	}
	want(t, "all", len(list(List{}, models.Page{Size: 10})), 7)
	equal("of a product", list(List{Product: products[1]}, models.Page{Size: 10}), again.ID, ids[1])
	equal("of a status", list(List{Statuses: []models.GenerationStatus{models.GenerationFailed}}, models.Page{Size: 10}))
	all := list(List{Statuses: []models.GenerationStatus{models.GenerationSucceeded}}, models.Page{Size: 10})
	equal("the second page", list(List{}, models.Page{Size: 2, Cursor: string(all[1])}), all[2], all[3])
	equal("the page before", list(List{}, models.Page{Size: 2, Cursor: string(all[4]), Backward: true}), all[2], all[3])
	equal("the oldest", list(List{OldestFirst: true}, models.Page{Size: 2}), all[6], all[5])
	equal("the end of the oldest first", list(List{OldestFirst: true}, models.Page{Size: 2, Backward: true}), all[1], all[0])

	connection, err := works.Page(within(t), List{Team: tm.id}, models.Page{Size: 2})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "more", connection.PageInfo.HasNextPage, true)
	key, _ := base64.RawURLEncoding.DecodeString(*connection.PageInfo.EndCursor)
	want(t, "cursor", string(key), string(all[1]))
	for _, cursor := range []string{"product_01h455vb4pex5vsknk084sn02q", "x"} {
		if _, err := works.Page(within(t), List{Team: tm.id}, models.Page{Size: 2, Cursor: cursor}); !errors.Is(err, models.ErrPageCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	if _, err := works.Generation(within(t), "gen_unknown"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("an unknown generation: %v", err)
	}
}

func TestAnIdleWorkerIsWokenAtOnce(t *testing.T) {
	p := newPlatform(t)
	const requests = 20
	tm, works, desk := p.team(requests*10), p.process(&studio{}, 1), p.process(&studio{}, 0)
	products := tm.products(requests)
	start := time.Now()
	for _, product := range products {
		works.finished(tm.run(desk, product, models.OperationSearchImages).ID)
	}
	// Workers that only look now and then would take half of that on average for each.
	if took := time.Since(start); took > requests*fetchInterval/3 {
		t.Errorf("%d generations, one after the other, took %v", requests, took)
	}
}

func TestTheQueueLogsWarningsAlone(t *testing.T) {
	p := newPlatform(t)
	var said logged
	p.log = slog.New(slog.NewTextHandler(&said, nil))
	tm, works := p.team(100), p.process(&studio{}, 2)
	works.finished(tm.run(works, tm.product(), models.OperationGenerateAll).ID)
	works.halt()
	if text := said.String(); strings.Contains(text, "River") || strings.Contains(text, "Client") {
		t.Errorf("logged:\n%s", text)
	}
	if (quiet{slog.NewTextHandler(&said, nil)}).Enabled(context.Background(), slog.LevelWarn) != true {
		t.Error("warnings are lost")
	}
}

// logged is a log that many may write to.
type logged struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
