package catalog

import (
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"productgenerator/models"
)

func TestLikenessTellsKindsApart(t *testing.T) {
	tests := []struct {
		a, b  string
		least float64
		below float64
	}{
		{"Pink Armchair", "Armchair", likenessOfOffers, 2},
		{"Pink Armchair", "Chair", likenessOfOffers, 2},
		{"Ocean Blue Shirt", "Linen Shirt", likenessOfImages, likenessOfOffers},
		{"White Cotton Shirt", "Linen Shirt", likenessOfImages, likenessOfOffers},
		{"Vanilla Candle", "Scented Candle", likenessOfImages, likenessOfOffers},
		{"Ocean Blue Shirt", "Ocean Blue Vase", 0, 0.001},
		{"Wooden Outdoor Table", "Table Lamp", 0, 0.001},
		{"Wooden Fence", "Wooden Outdoor Table", 0, 0.001},
		{"Copper Light", "Garden Lights", likenessOfImages, 1},
		{"Plant Pot with Saucer", "Terracotta Plant Pot", likenessOfImages, likenessOfOffers},
		{"Plant Pot with Saucer", "Saucer", 0, 0.001},
		{"Camisas de lino", "Camisa", likenessOfFacts, 2},
		{"Lámpara de mesa", "Mesa", 0, 0.001},
		{"Running Shoes", "Running Shoe", 1, 2},
		{"Black Leather Bag", "Black Leather Jacket", 0, 0.001},
		{"", "Shirt", 0, 0.001},
		{"", "", 0, 0.001},
		{"XL", "XL", 1, 2},
	}
	for _, test := range tests {
		there, back := likeness(fold(test.a), fold(test.b)), likeness(fold(test.b), fold(test.a))
		if there < test.least || there >= test.below || there != back {
			t.Errorf("%s ~ %s: %.2f and %.2f, want %.2f up to %.2f", test.a, test.b, there, back, test.least, test.below)
		}
	}
}

func TestASearchShowsTheProductsOwnThenSimilarOnes(t *testing.T) {
	s := newShop(t)
	if err := s.LoadPublicCatalogue(within(t)); err != nil {
		t.Fatal(err)
	}
	shirt := s.imports("name,sku,image,price\n" +
		"Ocean Shirt,1,https://images.example.com/ocean.jpg,50\n" +
		"Ocean Vase,2,https://images.example.com/vase.jpg,60\n" +
		"Striped Shirt,3,https://images.example.com/striped.jpg,70\n").Products[0]
	_, err := s.Import(within(t), ImportRequest{TeamID: s.other, Reader: strings.NewReader(
		"name,sku,image,price\nOcean Shirt,1,https://images.example.com/foreign.jpg,1\n")})
	if err != nil {
		t.Fatal(err)
	}
	images, err := s.FindImages(within(t), s.team, shirt.ID, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	public := 0
	for _, image := range images {
		urls = append(urls, image.URL)
		if image.Origin == OriginPublic {
			public++
			if image.License == "" || image.Title == "" || !strings.Contains(image.Title, "Shirt") {
				t.Errorf("%+v", image)
			}
		}
	}
	if urls[0] != "https://images.example.com/ocean.jpg" || !slices.Contains(urls, "https://images.example.com/striped.jpg") {
		t.Errorf("images %v", urls)
	}
	for _, unwanted := range []string{"vase", "foreign"} {
		if slices.Contains(urls, "https://images.example.com/"+unwanted+".jpg") {
			t.Errorf("the %s image was found", unwanted)
		}
	}
	if public == 0 {
		t.Error("nothing of the public catalogue")
	}
	offers, err := s.FindOffers(within(t), s.team, shirt.ID, "", "", 50)
	if err != nil || offers[0].AmountMinor != 5000 || offers[0].Seller != string(OriginOwn) || offers[0].ObservedAt.IsZero() {
		t.Errorf("%+v, %v", offers, err)
	}
	for _, offer := range offers {
		if offer.AmountMinor == 100 || offer.AmountMinor == 6000 {
			t.Errorf("unwanted offer %+v", offer)
		}
	}
	if few, err := s.FindImages(within(t), s.team, shirt.ID, "", 1); err != nil || len(few) != 1 {
		t.Errorf("%d of one, %v", len(few), err)
	}
}

func TestOffersOfTheSameKindComeFromSeveralSellers(t *testing.T) {
	s := newShop(t)
	if err := s.LoadPublicCatalogue(within(t)); err != nil {
		t.Fatal(err)
	}
	chair, err := s.CreateProduct(within(t), s.team, NewProduct{Name: "Holmgren Pink Armchair", Brand: text("Holmgren")})
	if err != nil {
		t.Fatal(err)
	}
	offers, err := s.FindOffers(within(t), s.team, chair.ID, "", "USD", 20)
	if err != nil {
		t.Fatal(err)
	}
	sellers := map[string]bool{}
	for _, offer := range offers {
		sellers[offer.Seller] = true
		if offer.Origin != OriginPublic || offer.Currency != "USD" || !strings.Contains(offer.Title, "Armchair") {
			t.Errorf("%+v", offer)
		}
	}
	if len(sellers) < 2 {
		t.Errorf("sellers %v", sellers)
	}
	if none, err := s.FindOffers(within(t), s.team, chair.ID, "", "JPY", 20); err != nil || len(none) != 0 {
		t.Errorf("in yen: %v, %v", none, err)
	}
}

func TestFactsAreOfTheSameKindOnly(t *testing.T) {
	s := newShop(t)
	if err := s.LoadPublicCatalogue(within(t)); err != nil {
		t.Fatal(err)
	}
	facts, err := s.FindFacts(within(t), "Blue Armchair", 5)
	if err != nil || len(facts) != 1 || !strings.Contains(facts[0].Statement, "armchair") {
		t.Errorf("%+v, %v", facts, err)
	}
	for _, query := range []string{"White Cotton Shirt", "Quantum flux capacitor", "", "???"} {
		if facts, err := s.FindFacts(within(t), query, 5); err != nil || len(facts) != 0 {
			t.Errorf("%q: %+v, %v", query, facts, err)
		}
	}
}

func TestAnUnknownProductIsSearchedByTheQueryAlone(t *testing.T) {
	s := newShop(t)
	if err := s.LoadPublicCatalogue(within(t)); err != nil {
		t.Fatal(err)
	}
	images, err := s.FindImages(within(t), s.team, models.ProductID("product_gone"), "hammock", 5)
	if err != nil || len(images) == 0 {
		t.Errorf("%v, %v", images, err)
	}
	if images, err := s.FindImages(within(t), s.team, models.ProductID("product_gone"), "", 5); err != nil || len(images) != 0 {
		t.Errorf("%v, %v", images, err)
	}
}

func TestThePublicCatalogueIsLoadedByManyProcessesAtOnce(t *testing.T) {
	s := newShop(t)
	s.exec(`INSERT INTO public_products (handle, name) VALUES ('gone', 'No longer shipped')`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := s.LoadPublicCatalogue(within(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var count, unfit, versions int64
	row := s.db.Raw(`SELECT count(*), count(*) FILTER (WHERE handle = 'gone' OR jsonb_array_length(feed_offers) < 2
		OR jsonb_array_length(feed_images) = 0 OR feed_images -> 0 ->> 'license' IS NULL OR category IS NULL OR description = ''
		OR NOT attributes @> '[{"name": "Good to know"}]'), count(DISTINCT xmin::text) FROM public_products`).Row()
	if err := row.Scan(&count, &unfit, &versions); err != nil {
		t.Fatal(err)
	}
	if count < 50 || unfit != 0 || versions != 1 {
		t.Errorf("%d products, %d unfit, written by %d transactions", count, unfit, versions)
	}
}

func TestTheDemonstrationFeedIsImportedWhole(t *testing.T) {
	s := newShop(t)
	feed, err := io.ReadAll(DemoFeed())
	if err != nil {
		t.Fatal(err)
	}
	result := s.imports(string(feed))
	if result.Created != 12 {
		t.Fatalf("%d products", result.Created)
	}
	for _, p := range result.Products {
		if p.SKU == nil || p.Brand == nil || p.Category == nil || p.Description == "" || len(p.FeedImages) == 0 || len(p.FeedOffers) == 0 || strings.ContainsAny(p.Description, "<>") {
			t.Errorf("%+v", p)
		}
	}
}
