package catalog

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const short, long = models.PartShortDescription, models.PartLongDescription

func (s *shop) edit(product models.ProductID, part models.Part, text string) models.Content {
	s.t.Helper()
	content, err := s.EditContent(within(s.t), s.team, product, part, text, nil, s.author)
	if err != nil {
		s.t.Fatal(err)
	}
	return content
}

func TestEachEditIsANewVersionOfItsPart(t *testing.T) {
	s := newShop(t)
	cup, pot := s.product("Cup"), s.product("Pot")
	s.edit(cup.ID, short, "one")
	second := s.edit(cup.ID, short, "two\n\tlines")
	s.edit(cup.ID, long, "# long")
	s.edit(pot.ID, long, "pot")
	texts, err := s.Contents(within(t), s.team, []models.ProductID{cup.ID, pot.ID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, *texts[cup.ID].Short); diff != "" {
		t.Errorf("told and stored (-told +stored):\n%s", diff)
	}
	if second.Version != 2 || texts[cup.ID].Long.Version != 1 || texts[pot.ID].Short != nil || texts[pot.ID].Long.Text != "pot" {
		t.Errorf("texts in use: %+v", texts)
	}
	page, err := s.Versions(within(t), s.team, cup.ID, short, models.Page{Size: 1})
	if err != nil || page.Nodes()[0].Version != 2 || !page.PageInfo.HasNextPage {
		t.Fatalf("%+v, %v", page, err)
	}
	next, err := nextPage(1, page.PageInfo.EndCursor, false)
	if err != nil {
		t.Fatal(err)
	}
	page, err = s.Versions(within(t), s.team, cup.ID, short, next)
	if err != nil || page.Nodes()[0].Text != "one" || page.PageInfo.HasNextPage {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestAnEditOfAStaleVersionIsRefused(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	none, one := 0, 1
	if _, err := s.EditContent(within(t), s.team, cup.ID, short, "one", &none, s.author); err != nil {
		t.Fatal(err)
	}
	_, err := s.EditContent(within(t), s.team, cup.ID, short, "also one", &none, s.author)
	var stale *StaleVersionError
	if !errors.As(err, &stale) || stale.Current != 1 {
		t.Errorf("error %v, want that version 1 is in use", err)
	}
	if _, err := s.EditContent(within(t), s.team, cup.ID, short, "two", &one, s.author); err != nil {
		t.Error(err)
	}
	_, err = s.EditContent(within(t), s.team, cup.ID, long, "x", &one, s.author)
	if !errors.As(err, &stale) || stale.Current != 0 {
		t.Errorf("error %v, want that there is no text yet", err)
	}
}

func TestBadTextsAreNotStored(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	tests := []struct {
		part models.Part
		text string
		want models.FieldCode
	}{
		{short, " \n", models.FieldRequired},
		{short, strings.Repeat("x", 20_001), models.FieldTooLong},
		{short, "a\x00", models.FieldInvalid},
		{short, "a\xff", models.FieldInvalid},
		{models.PartImages, "a", models.FieldInvalid},
	}
	for _, test := range tests {
		_, err := s.EditContent(within(t), s.team, cup.ID, test.part, test.text, nil, s.author)
		var faults models.FieldErrors
		if !errors.As(err, &faults) || faults[0].Code != test.want {
			t.Errorf("%.10q: %v, want %s", test.text, err, test.want)
		}
	}
}

func TestOfEditsAtTheSameMomentEachGetsItsVersionAndOneTheExpected(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	s.edit(cup.ID, short, "one")
	const editors = 12
	var wg sync.WaitGroup
	expected, won, lost := 1, make(chan int, editors), make(chan int, editors)
	for range editors {
		wg.Go(func() {
			_, err := s.EditContent(within(t), s.team, cup.ID, short, "mine", &expected, s.author)
			var stale *StaleVersionError
			switch {
			case err == nil:
				won <- 1
			case errors.As(err, &stale):
				lost <- 1
			default:
				t.Error(err)
			}
		})
		wg.Go(func() { s.edit(cup.ID, long, "any") })
	}
	wg.Wait()
	if len(won) != 1 || len(lost) != editors-1 {
		t.Errorf("%d won, %d lost", len(won), len(lost))
	}
	texts, err := s.Contents(within(t), s.team, []models.ProductID{cup.ID})
	if err != nil || texts[cup.ID].Long.Version != editors || texts[cup.ID].Short.Version != 2 {
		t.Errorf("%+v, %v", texts[cup.ID], err)
	}
}

func generated(team models.TeamID, product models.ProductID, generation models.GenerationID, part models.Part, text string) models.Content {
	now := time.Now()
	return models.Content{
		ID: models.NewContentID(now), TeamID: team, ProductID: product, Part: part, Text: text,
		Source: models.ContentGenerated, GenerationID: &generation, CreatedAt: now,
	}
}

func TestARestoredVersionKeepsItsSourceAndGeneration(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	generation := s.generation(cup.ID, true)
	s.addGenerated(generated(s.team, cup.ID, generation, short, "written by a model"))
	s.edit(cup.ID, short, "by hand")
	restored, err := s.RestoreContent(within(t), s.team, cup.ID, short, 1, s.author)
	if err != nil {
		t.Fatal(err)
	}
	if restored.Version != 3 || restored.Text != "written by a model" || restored.Source != models.ContentGenerated ||
		restored.GenerationID == nil || *restored.GenerationID != generation || *restored.RestoredFrom != 1 {
		t.Errorf("%+v", restored)
	}
	again, err := s.RestoreContent(within(t), s.team, cup.ID, short, 3, s.author)
	if err != nil || again.ID != restored.ID {
		t.Errorf("restoring the version in use made %+v, %v", again, err)
	}
	var faults models.FieldErrors
	if _, err := s.RestoreContent(within(t), s.team, cup.ID, short, 9, s.author); !errors.As(err, &faults) {
		t.Errorf("a version that never was: %v", err)
	}
}

// addGenerated stores texts as the worker does: in a transaction of its own over pgx.
func (s *shop) addGenerated(texts ...models.Content) {
	s.t.Helper()
	err := pgx.BeginFunc(within(s.t), s.pool, func(tx pgx.Tx) error { return AddVersions(within(s.t), tx, texts) })
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestGeneratedTextsAreStoredTogether(t *testing.T) {
	s := newShop(t)
	cup, pot := s.product("Cup"), s.product("Pot")
	first, second, third := s.generation(cup.ID, true), s.generation(pot.ID, true), s.generation(cup.ID, true)
	s.edit(cup.ID, short, "by hand")
	s.addGenerated(
		generated(s.team, cup.ID, first, short, "cup, short"), generated(s.team, cup.ID, first, long, "cup, long"),
		generated(s.team, pot.ID, second, short, "pot, short"), generated(s.team, cup.ID, third, short, "cup, shorter"),
	)
	texts, err := s.Contents(within(t), s.team, []models.ProductID{cup.ID, pot.ID})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts[cup.ID].Short; got.Version != 3 || got.Text != "cup, shorter" {
		t.Errorf("%+v", got)
	}
	if texts[cup.ID].Long.Version != 1 || texts[pot.ID].Short.Text != "pot, short" {
		t.Errorf("%+v", texts)
	}
	err = pgx.BeginFunc(within(t), s.pool, func(tx pgx.Tx) error {
		return AddVersions(within(t), tx, []models.Content{generated(s.other, cup.ID, models.NewGenerationID(time.Now()), short, "x")})
	})
	if !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team's product: %v", err)
	}
	err = pgx.BeginFunc(within(t), s.pool, func(tx pgx.Tx) error {
		return AddVersions(within(t), tx, []models.Content{generated(s.team, cup.ID, first, short, "twice")})
	})
	if err == nil {
		t.Error("a generation stored the same part twice")
	}
}

func TestGeneratedTextsAndEditsAtTheSameMomentAllGetVersions(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	var wg sync.WaitGroup
	const each = 8
	for range each {
		generation := s.generation(cup.ID, true)
		wg.Go(func() { s.addGenerated(generated(s.team, cup.ID, generation, short, "model")) })
		wg.Go(func() { s.edit(cup.ID, short, "hand") })
	}
	wg.Wait()
	texts, err := s.Contents(within(t), s.team, []models.ProductID{cup.ID})
	if err != nil || texts[cup.ID].Short.Version != 2*each {
		t.Errorf("%+v, %v", texts[cup.ID].Short, err)
	}
}

func TestTheFirstReviewIsKept(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	s.edit(cup.ID, short, "one")
	first, err := s.MarkReviewed(within(t), s.team, cup.ID, short, 1, s.author)
	if err != nil || first.ReviewedBy == nil || *first.ReviewedBy != s.author {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := s.MarkReviewed(within(t), s.team, cup.ID, short, 1, models.NewUserID(time.Now()))
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("%v (-first +second):\n%s", err, diff)
	}
	var faults models.FieldErrors
	if _, err := s.MarkReviewed(within(t), s.team, cup.ID, short, 2, s.author); !errors.As(err, &faults) {
		t.Errorf("a version that never was: %v", err)
	}
}

func TestAnotherTeamsTextsAreNotThere(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	content := s.edit(cup.ID, short, "secret")
	ctx := within(t)
	if _, err := s.EditContent(ctx, s.other, cup.ID, short, "x", nil, s.author); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("edited: %v", err)
	}
	if _, err := s.RestoreContent(ctx, s.other, cup.ID, short, 1, s.author); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("restored: %v", err)
	}
	if _, err := s.MarkReviewed(ctx, s.other, cup.ID, short, 1, s.author); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("reviewed: %v", err)
	}
	if _, err := s.Content(ctx, s.other, content.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("read: %v", err)
	}
	if texts, err := s.Contents(ctx, s.other, []models.ProductID{cup.ID}); err != nil || len(texts) != 0 {
		t.Errorf("loaded: %v, %v", texts, err)
	}
	if page, err := s.Versions(ctx, s.other, cup.ID, short, models.Page{Size: 5}); err != nil || len(page.Edges) != 0 {
		t.Errorf("listed: %v, %v", page, err)
	}
}
