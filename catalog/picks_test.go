package catalog

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"productgenerator/models"
)

// search stores what a search found for the product and returns the ids, the best first.
func (s *shop) search(product models.ProductID, results int) (images []models.ImageID, prices []models.PriceID) {
	s.t.Helper()
	now := time.Now()
	generation := models.NewGenerationID(now)
	for i := range results {
		image, price := models.NewImageID(now), models.NewPriceID(now)
		s.exec(`INSERT INTO product_images (id, team_id, product_id, generation_id, position, url, title, provider, created_at)
			VALUES (?, ?, ?, ?, ?, ?, 'x', 'local', ?)`,
			image, s.team, product, generation, i, fmt.Sprintf("https://images.example.com/%d.jpg", i), now)
		s.exec(`INSERT INTO product_prices (id, team_id, product_id, generation_id, position, seller, amount_minor, currency, observed_at, provider, created_at)
			VALUES (?, ?, ?, ?, ?, 'x', 100, 'EUR', ?, 'local', ?)`, price, s.team, product, generation, i, now, now)
		images, prices = append(images, image), append(prices, price)
	}
	return images, prices
}

func (s *shop) shownImages(product models.ProductID) []models.ImageID {
	s.t.Helper()
	images, err := s.Images(within(s.t), s.team, []models.ProductID{product})
	if err != nil {
		s.t.Fatal(err)
	}
	var list []models.ImageID
	for _, image := range images[product] {
		list = append(list, image.ID)
	}
	return list
}

func TestPickedImagesComeBeforeThoseOfTheNewestSearch(t *testing.T) {
	s := newShop(t)
	cup, pot := s.product("Cup"), s.product("Pot")
	old, _ := s.search(cup.ID, 3)
	s.search(pot.ID, 2)
	if err := s.PickImages(within(t), s.team, cup.ID, []models.ImageID{old[2]}); err != nil {
		t.Fatal(err)
	}
	newest, _ := s.search(cup.ID, 2)
	if got, want := s.shownImages(cup.ID), []models.ImageID{old[2], newest[0], newest[1]}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("shown %v, want %v", got, want)
	}
	if err := s.PickImages(within(t), s.team, cup.ID, []models.ImageID{newest[1]}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.shownImages(cup.ID), []models.ImageID{newest[1], newest[0]}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("shown %v, want %v", got, want)
	}
	if err := s.PickImages(within(t), s.team, cup.ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.shownImages(cup.ID); fmt.Sprint(got) != fmt.Sprint(newest) {
		t.Errorf("shown %v, want %v", got, newest)
	}
}

func TestNoMoreThanTwentyAreShownOrPicked(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	images, _ := s.search(cup.ID, 30)
	if got := s.shownImages(cup.ID); len(got) != MaxShown {
		t.Errorf("%d shown", len(got))
	}
	var faults models.FieldErrors
	if err := s.PickImages(within(t), s.team, cup.ID, images[:21]); !errors.As(err, &faults) || faults[0].Code != models.FieldTooMany {
		t.Errorf("21 picked: %v", err)
	}
}

func TestOnlyTheProductsOwnResultsArePicked(t *testing.T) {
	s := newShop(t)
	cup, pot := s.product("Cup"), s.product("Pot")
	_, prices := s.search(cup.ID, 2)
	_, foreign := s.search(pot.ID, 1)
	err := s.PickPrices(within(t), s.team, cup.ID, []models.PriceID{prices[0], foreign[0], "price_none"})
	var faults models.FieldErrors
	if !errors.As(err, &faults) || faults.Error() != "bad input: priceIds.1: INVALID, priceIds.2: INVALID" {
		t.Errorf("error %v", err)
	}
	if err := s.PickPrices(within(t), s.other, cup.ID, prices); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another team picked: %v", err)
	}
	if err := s.PickPrices(within(t), s.team, cup.ID, prices[1:]); err != nil {
		t.Fatal(err)
	}
	shown, err := s.Prices(within(t), s.team, []models.ProductID{cup.ID, pot.ID})
	if err != nil || len(shown[cup.ID]) != 2 || !shown[cup.ID][0].Picked || shown[cup.ID][0].ID != prices[1] || shown[cup.ID][1].Picked {
		t.Errorf("%+v, %v", shown, err)
	}
	if shown, err := s.Prices(within(t), s.other, []models.ProductID{cup.ID}); err != nil || len(shown) != 0 {
		t.Errorf("another team sees %v, %v", shown, err)
	}
}
