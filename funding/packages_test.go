package funding

import (
	"errors"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

func namesOf(packages []models.TokenPackage, err error) string {
	if err != nil {
		return err.Error()
	}
	names := make([]string, len(packages))
	for i, p := range packages {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func TestSensiblePackagesAreSoldFromTheStartTheCheapestFirst(t *testing.T) {
	w := newWorld(t)
	if names := namesOf(w.Packages(w.ctx())); names != "Starter, Team, Studio" {
		t.Error(names)
	}
	for tokens, want := range map[models.Tokens]string{
		0: "Starter, Team, Studio", 650: "Starter, Team, Studio", 651: "Team, Studio", 13_001: "",
	} {
		if names := namesOf(w.PackagesFor(w.ctx(), tokens)); names != want {
			t.Errorf("for %d: %s", tokens, names)
		}
	}
}

func TestAPackageIsAddedAndChanged(t *testing.T) {
	w := newWorld(t)
	days := 365
	input := PackageInput{Name: " Summer ", Tokens: 1_000, PriceMinor: 100, Currency: "usd", Active: true, ExpiresAfterDays: &days}
	added, err := w.SetPackage(w.ctx(), input)
	if err != nil || added.Name != "Summer" || added.Currency != "USD" || *added.ExpiresAfterDays != 365 {
		t.Fatalf("%v, %+v", err, added)
	}
	if names := namesOf(w.Packages(w.ctx())); names != "Summer, Starter, Team, Studio" {
		t.Error(names)
	}
	input = PackageInput{ID: &added.ID, Name: "Autumn", Tokens: 2_000, PriceMinor: 90_000, Currency: "JPY"}
	changed, err := w.SetPackage(w.ctx(), input)
	if err != nil || changed.ID != added.ID || changed.Tokens != 2_000 || changed.Active || changed.ExpiresAfterDays != nil {
		t.Fatalf("%v, %+v", err, changed)
	}
	if names := namesOf(w.Packages(w.ctx())); names != "Starter, Team, Studio" {
		t.Error(names)
	}
	if names := namesOf(w.AllPackages(w.ctx())); names != "Starter, Team, Studio, Autumn" {
		t.Error(names)
	}
	missing := models.NewTokenPackageID(time.Now())
	byID, err := w.PackagesByID(w.ctx(), []models.TokenPackageID{added.ID, missing})
	if err != nil || len(byID) != 1 || byID[added.ID].Name != "Autumn" {
		t.Errorf("%v, %+v", err, byID)
	}
	input.ID = &missing
	if _, err := w.SetPackage(w.ctx(), input); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoPackageIsRefusedWithAllThatIsWrong(t *testing.T) {
	w := newWorld(t)
	good := PackageInput{Name: "N", Tokens: 1, PriceMinor: 1, Currency: "EUR", Active: true}
	zero, tooLong := 0, MaxExpiryDays+1
	for want, spoil := range map[string]func(*PackageInput){
		"name: REQUIRED":                 func(i *PackageInput) { i.Name = " " },
		"name: TOO_LONG":                 func(i *PackageInput) { i.Name = strings.Repeat("é", 101) },
		"name: INVALID":                  func(i *PackageInput) { i.Name = "a\nb" },
		"tokens: OUT_OF_RANGE":           func(i *PackageInput) { i.Tokens = 0 },
		"tokens: OUT_OF_RANGE ":          func(i *PackageInput) { i.Tokens = MaxGrant + 1 },
		"priceMinor: OUT_OF_RANGE":       func(i *PackageInput) { i.PriceMinor = 0 },
		"priceMinor: OUT_OF_RANGE ":      func(i *PackageInput) { i.PriceMinor = 100_000_000 },
		"currency: INVALID":              func(i *PackageInput) { i.Currency = "ZZZ" },
		"currency: INVALID ":             func(i *PackageInput) { i.Currency = "€" },
		"currency: INVALID  ":            func(i *PackageInput) { i.Currency = "XXX" },
		"currency: INVALID   ":           func(i *PackageInput) { i.Currency = "" },
		"expiresAfterDays: OUT_OF_RANGE": func(i *PackageInput) { i.ExpiresAfterDays = &zero },
		"name: REQUIRED, tokens: OUT_OF_RANGE, priceMinor: OUT_OF_RANGE, currency: INVALID, expiresAfterDays: OUT_OF_RANGE": func(i *PackageInput) {
			*i = PackageInput{ExpiresAfterDays: &tooLong}
		},
	} {
		input := good
		spoil(&input)
		_, err := w.SetPackage(w.ctx(), input)
		faults, is := errors.AsType[models.FieldErrors](err)
		if !is || faults.Error() != "bad input: "+strings.TrimSpace(want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if names := namesOf(w.AllPackages(w.ctx())); names != "Starter, Team, Studio" {
		t.Error(names)
	}
}

func TestAPackageIsNotSoldInMoneyThatTheProviderCountsOtherwise(t *testing.T) {
	s := newShop(t)
	input := PackageInput{Name: "Ísland", Tokens: 1_000, PriceMinor: 1_000, Currency: "isk"}
	if _, err := s.funding.SetPackage(s.ctx(), input); err != nil {
		t.Errorf("one that is not sold: %v", err)
	}
	input.Active = true
	_, err := s.funding.SetPackage(s.ctx(), input)
	faults, _ := errors.AsType[models.FieldErrors](err)
	if len(faults) != 1 || faults[0].Path[0] != "currency" || faults[0].Code != models.FieldInvalid {
		t.Errorf("sold by Stripe: %v", err)
	}
	if _, err := s.process(payment.NewInvoice(false)).SetPackage(s.ctx(), input); err != nil {
		t.Errorf("sold by invoice: %v", err)
	}
}
