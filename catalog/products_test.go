package catalog

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"productgenerator/models"
)

func TestAnInputsFaultsAreAllNamedAtOnce(t *testing.T) {
	s := newShop(t)
	_, err := s.CreateProduct(within(t), s.team, NewProduct{
		Name: "  ", SKU: text(strings.Repeat("x", 101)), Brand: text("a\x00b"),
		Attributes: []models.Attribute{{Name: "Size", Value: "S"}, {Name: "", Value: strings.Repeat("x", 1001)}},
	})
	var faults models.FieldErrors
	if !errors.As(err, &faults) {
		t.Fatalf("error %v, want field errors", err)
	}
	want := "bad input: name: REQUIRED, sku: TOO_LONG, brand: INVALID, attributes.1.name: REQUIRED, attributes.1.value: TOO_LONG"
	if faults.Error() != want {
		t.Errorf("got  %s\nwant %s", faults, want)
	}
	if got := s.list(""); len(got) != 0 {
		t.Errorf("stored %v", got)
	}
}

func TestAnOmittedFieldStaysAndNilClearsIt(t *testing.T) {
	s := newShop(t)
	before, err := s.CreateProduct(within(t), s.team, NewProduct{
		Name: " Cup ", SKU: text("1"), Brand: text("Brisa"), Category: text(" "), Attributes: []models.Attribute{{Name: "Size", Value: "S"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if before.Name != "Cup" || before.Category != nil {
		t.Errorf("stored as %+v", before)
	}
	after, err := s.UpdateProduct(within(t), s.team, before.ID, ProductChange{Name: Set(text("Mug")), Brand: Set[*string](nil)})
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Name, want.Brand, want.Words, want.UpdatedAt = "Mug", nil, "mug 1", after.UpdatedAt
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	stored, err := s.Product(within(t), s.team, before.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(after, stored); diff != "" {
		t.Errorf("told and stored (-told +stored):\n%s", diff)
	}
	if _, err := s.UpdateProduct(within(t), s.team, before.ID, ProductChange{Name: Set[*string](nil)}); err == nil {
		t.Error("a product without a name was accepted")
	}
}

func TestATakenSKUNamesItsProduct(t *testing.T) {
	s := newShop(t)
	cup, err := s.CreateProduct(within(t), s.team, NewProduct{Name: "Cup", SKU: text("1")})
	if err != nil {
		t.Fatal(err)
	}
	pot := s.product("Pot")
	_, createErr := s.CreateProduct(within(t), s.team, NewProduct{Name: "Can", SKU: text("1")})
	_, updateErr := s.UpdateProduct(within(t), s.team, pot.ID, ProductChange{SKU: Set(text("1"))})
	for _, err := range []error{createErr, updateErr} {
		var taken *TakenError
		if !errors.As(err, &taken) || taken.Product != cup.ID {
			t.Errorf("error %v, want one that names %s", err, cup.ID)
		}
	}
	if _, err := s.DeleteProduct(within(t), s.team, cup.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateProduct(within(t), s.team, NewProduct{Name: "Can", SKU: text("1")}); err != nil {
		t.Errorf("a deleted product keeps its SKU: %v", err)
	}
}

func (s *shop) generation(product models.ProductID, finished bool) models.GenerationID {
	s.t.Helper()
	now := time.Now()
	id := models.NewGenerationID(now)
	status, end := "QUEUED", (*time.Time)(nil)
	if finished {
		status, end = "SUCCEEDED", &now
	}
	s.exec(`INSERT INTO generations (id, team_id, product_id, product_name, actor_id, operation, status, created_at, finished_at)
		VALUES (?, ?, ?, 'x', ?, 'GENERATE_ALL', ?, ?, ?)`, id, s.team, product, s.author, status, now, end)
	return id
}

func TestAProductWithAnUnfinishedGenerationIsNotDeleted(t *testing.T) {
	s := newShop(t)
	product := s.product("Cup")
	s.generation(product.ID, true)
	running := s.generation(product.ID, false)
	_, err := s.DeleteProduct(within(t), s.team, product.ID)
	var refused *RunningError
	if !errors.As(err, &refused) || refused.GenerationID != running {
		t.Fatalf("error %v, want one that names %s", err, running)
	}
	s.exec(`UPDATE generations SET status = 'FAILED', finished_at = now() WHERE id = ?`, running)
	deleted, err := s.DeleteProduct(within(t), s.team, product.ID)
	if err != nil || deleted.Name != "Cup" || deleted.DeletedAt == nil {
		t.Fatalf("%+v, %v", deleted, err)
	}
	if _, err := s.DeleteProduct(within(t), s.team, product.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

// A generation that is being reserved holds the team's balance row: the deletion waits for it and then sees it.
func TestADeletionWaitsForAReservationInFlight(t *testing.T) {
	s := newShop(t)
	product := s.product("Cup")
	reserved, deleted := make(chan struct{}), make(chan error, 1)
	go func() {
		<-reserved
		_, err := s.DeleteProduct(within(t), s.team, product.ID)
		deleted <- err
	}()
	err := s.db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(`SELECT FROM balances WHERE team_id = ? FOR UPDATE`, s.team).Error; err != nil {
			return err
		}
		close(reserved)
		s.until(`SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)
		inside := *s
		inside.db = tx
		inside.generation(product.ID, false)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var refused *RunningError
	if err := <-deleted; !errors.As(err, &refused) {
		t.Errorf("error %v, want that a generation is running", err)
	}
}

// until asks the database again and again, until it says true.
func (s *shop) until(question string) {
	s.t.Helper()
	for ctx := within(s.t); ; {
		var answer bool
		if err := s.db.WithContext(ctx).Raw(question).Scan(&answer).Error; err != nil {
			s.t.Fatal(err)
		}
		if answer {
			return
		}
	}
}

func TestAnotherTeamsProductIsNotThere(t *testing.T) {
	s := newShop(t)
	product := s.product("Cup")
	ctx := within(t)
	if _, err := s.Product(ctx, s.other, product.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("read: %v", err)
	}
	if found, err := s.Products(ctx, s.other, []models.ProductID{product.ID}); err != nil || len(found) != 0 {
		t.Errorf("loaded: %v, %v", found, err)
	}
	if _, err := s.UpdateProduct(ctx, s.other, product.ID, ProductChange{Name: Set(text("Mine"))}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("updated: %v", err)
	}
	if _, err := s.DeleteProduct(ctx, s.other, product.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	list, err := s.List(ctx, s.other, "cup", models.Page{Size: 10})
	if err != nil || list.Total != 0 || len(list.Edges) != 0 {
		t.Errorf("listed: %v, %v", list, err)
	}
	if found, err := s.Products(ctx, s.team, []models.ProductID{product.ID, "product_none"}); err != nil || len(found) != 1 {
		t.Errorf("own: %v, %v", found, err)
	}
}

func TestASearchFindsWordsPrefixesAccentsAndSlips(t *testing.T) {
	s := newShop(t)
	s.imports("name,sku,brand,category\n" +
		"Ocean Blue Shirt,TS-100-BL,Marea,Shirts\n" +
		"Chocolate Box,CH-7,Café Crème,Sweets\n" +
		"Armchair,AC-1,Holm,Furniture\n" +
		"漢字ポスター,P-1,,Posters\n")
	tests := map[string][]string{
		"shirt":          {"Ocean Blue Shirt"},
		"SHI oce":        {"Ocean Blue Shirt"},
		"marea":          {"Ocean Blue Shirt"},
		"ts-100":         {"Ocean Blue Shirt"},
		"ts100":          {"Ocean Blue Shirt"},
		"cafe creme":     {"Chocolate Box"},
		"CAFÉ":           {"Chocolate Box"},
		"choclate":       {"Chocolate Box"},
		"shrit":          {"Ocean Blue Shirt"},
		"chair":          {"Armchair"},
		"漢字":             {"漢字ポスター"},
		"ポスター":           {"漢字ポスター"},
		"shirt armchair": {},
		"bicycle":        {},
		"!?":             {},
		"'":              {},
		"a:* & b":        {},
		"100% _":         {"Ocean Blue Shirt"},
	}
	for search, want := range tests {
		if got := s.list(search); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", search, got, want)
		}
	}
	if got := s.list("  "); len(got) != 4 {
		t.Errorf("a blank search lists %q, want all", got)
	}
}

func TestPagesCoverAListOnceInBothDirections(t *testing.T) {
	s := newShop(t)
	s.imports(plainFile(7))
	want := s.list("")
	for _, backward := range []bool{false, true} {
		var got []string
		page := models.Page{Size: 3, Backward: backward}
		for {
			list, err := s.List(within(t), s.team, "lamp", page)
			if err != nil {
				t.Fatal(err)
			}
			if list.Total != 7 {
				t.Errorf("total %d", list.Total)
			}
			var names []string
			for _, product := range list.Nodes() {
				names = append(names, product.Name)
			}
			if backward {
				got = append(names, got...)
			} else {
				got = append(got, names...)
			}
			info := list.PageInfo
			if backward && !info.HasPreviousPage || !backward && !info.HasNextPage {
				break
			}
			cursor := info.EndCursor
			if backward {
				cursor = info.StartCursor
			}
			if page, err = nextPage(3, cursor, backward); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("backward %t: %v, want %v", backward, got, want)
		}
	}
	if _, err := s.List(within(t), s.team, "", models.Page{Size: 1, Cursor: "17"}); !errors.Is(err, models.ErrPageCursor) {
		t.Errorf("a foreign cursor: %v", err)
	}
}

func nextPage(size int, cursor *string, backward bool) (models.Page, error) {
	if backward {
		return models.NewPage(nil, nil, &size, cursor)
	}
	return models.NewPage(&size, cursor, nil, nil)
}

func TestAMistypedSearchStaysFastAmongThousands(t *testing.T) {
	s := newShop(t)
	s.imports(plainFile(5_000))
	for _, search := range []string{"lamp", "lapm 77", "zzzz"} {
		began := time.Now()
		list, err := s.List(within(t), s.team, search, models.Page{Size: 20})
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		t.Logf("%q: %d in %s", search, list.Total, took)
		if took > 3*time.Second {
			t.Errorf("%q took %s", search, took)
		}
	}
}
