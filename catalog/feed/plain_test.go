package feed_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

func TestOtherColumnsOfAPlainFileAreAttributes(t *testing.T) {
	file := "NAME,Sku,brand,Category,Description,Price,Currency,Image,Image 2,Material,material,In_Stock\n" +
		`Kettle,K-1,Brisa,Kitchen,"Boils, quietly.",39.95,eur,https://images.example.com/k.jpg,//images.example.com/k2.jpg,Steel,Cork,` + "\n"
	want := models.Product{
		Name: "Kettle", SKU: text("K-1"), Brand: text("Brisa"), Category: text("Kitchen"), Description: "Boils, quietly.",
		Attributes: []models.Attribute{{Name: "Material", Value: "Steel, Cork"}},
		FeedImages: []models.FeedImage{{URL: "https://images.example.com/k.jpg"}, {URL: "https://images.example.com/k2.jpg"}},
		FeedOffers: []models.FeedOffer{{AmountMinor: 3995, Currency: "EUR"}},
	}
	got := read(t, file)
	if diff := cmp.Diff(want, got.Products[0].Product); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
	if got.Format != feed.FormatPlain {
		t.Errorf("format %s, want the plain one", got.Format)
	}
}

func TestAPlainHandleGathersOffersOfSeveralSellers(t *testing.T) {
	got := read(t, "handle,name,seller,price,image,image license\ntent,Tent,Alpha,100,https://images.example.com/t.jpg,CC0\ntent,,Beta,98.50,,\n")
	want := []models.FeedOffer{
		{Seller: "Alpha", AmountMinor: 10000, Currency: "USD"}, {Seller: "Beta", AmountMinor: 9850, Currency: "USD"},
	}
	if diff := cmp.Diff(want, got.Products[0].Product.FeedOffers); len(got.Products) != 1 || diff != "" {
		t.Errorf("%d products, offers (-want +got):\n%s", len(got.Products), diff)
	}
	if license := got.Products[0].Product.FeedImages[0].License; license != "CC0" {
		t.Errorf("licence %q", license)
	}
}

func TestAPlainProductWithoutHandleAndSKUIsKnownByItsName(t *testing.T) {
	got := read(t, "name,brand\n\"Día & Noche, 2 kg\",x\n")
	if handle := got.Products[0].Product.Handle; handle == nil || *handle != "día-noche-2-kg" {
		t.Errorf("handle %v", handle)
	}
}

// printable are texts as a merchant may type them on one line.
func printable(limit int) *rapid.Generator[string] {
	letters := rapid.RuneFrom([]rune("abcXYZ019 ,;\"'\t\n\r<&>äñé漢字🎒-/()"))
	return rapid.Custom(func(t *rapid.T) string {
		raw := rapid.StringOfN(letters, 0, limit, -1).Draw(t, "text")
		return strings.Join(strings.Fields(raw), " ")
	})
}

func TestWhateverIsWrittenAsCSVIsReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		separator := rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		lineEnd := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "line end")
		count := rapid.IntRange(1, 8).Draw(t, "products")

		var written strings.Builder
		w := csv.NewWriter(&written)
		w.Comma = separator
		write := func(fields ...string) {
			if err := w.Write(fields); err != nil {
				t.Fatal(err)
			}
		}
		write("name", "sku", "brand", "category", "Colour", "price")
		var want []models.Product
		for i := range count {
			p := models.Product{
				Name:       fmt.Sprintf("%d %s", i, printable(30).Draw(t, "name")),
				SKU:        text(fmt.Sprintf("%s-%d", strings.TrimSpace("S"+printable(10).Draw(t, "sku")), i)),
				Attributes: []models.Attribute{},
			}
			p.Name = strings.TrimSpace(p.Name)
			fields := []string{p.Name, *p.SKU}
			for _, field := range []**string{&p.Brand, &p.Category} {
				value := printable(20).Draw(t, "field")
				if value != "" {
					*field = &value
				}
				fields = append(fields, value)
			}
			colour := printable(20).Draw(t, "colour")
			if colour != "" {
				p.Attributes = append(p.Attributes, models.Attribute{Name: "Colour", Value: colour})
			}
			cents := rapid.Int64Range(0, 1e12).Draw(t, "cents")
			p.FeedOffers = []models.FeedOffer{{AmountMinor: cents, Currency: "USD"}}
			write(append(fields, colour, fmt.Sprintf("%d.%02d", cents/100, cents%100))...)
			want = append(want, p)
		}
		w.Flush()

		file := "\ufeff" + strings.ReplaceAll(written.String(), "\n", lineEnd)
		got, err := feed.Read(strings.NewReader(file), "USD")
		if err != nil {
			t.Fatalf("%v in %q", err, file)
		}
		var products []models.Product
		for _, row := range got.Products {
			products = append(products, row.Product)
		}
		if diff := cmp.Diff(want, products, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("products (-want +got):\n%s\nof %q", diff, file)
		}
	})
}
