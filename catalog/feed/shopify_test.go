package feed_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

const oldHeader = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value," +
	"Variant SKU,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text," +
	"Google Shopping / Gender,Google Shopping / MPN,Variant Image,Status\n"

const newHeader = "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode," +
	"Option1 name,Option1 value,Option1 Linked To,Price,Price / International,Compare-at price,Product image URL,Image position," +
	"Image alt text,Variant image URL,Gift card,Google Shopping / Age group,Fabric (product.metafields.shopify.fabric)\n"

func read(t *testing.T, file string) *feed.File {
	t.Helper()
	got, err := feed.Read(strings.NewReader(file), "USD")
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return got
}

func text(s string) *string { return &s }

func TestRowsOfOneHandleAreOneProduct(t *testing.T) {
	file := oldHeader +
		`linen-shirt,Linen Shirt,"<p>Cool on hot days.</p><ul><li>Pure linen</li><li>Two pockets</li></ul>",Marea,Shirts,"summer, linen",true,Size,Small,Colour,Sand,LS-1,49.90,60,'0012,https://images.example.com/2.jpg,2,Back,Unisex,MP-7,https://images.example.com/sand.jpg,active` + "\n" +
		`linen-shirt,,,,,,,,Large,,Sand,LS-2,52.5,,,https://images.example.com/1.jpg,1,Front,,,,` + "\n" +
		`linen-shirt,,,,,,,,Large,,Sea,LS-3,52.50,,,https://images.example.com/3.jpg,,,,,https://images.example.com/1.jpg,` + "\n" +
		`mug,Mug,,,,,true,Title,Default Title,,,,7,,,,,,,,,draft` + "\n"
	want := []feed.Row{
		{
			Line: 2, SKULine: 2,
			Product: models.Product{
				Name: "Linen Shirt", Handle: text("linen-shirt"), SKU: text("LS-1"), Brand: text("Marea"), Category: text("Shirts"),
				Description: "Cool on hot days.\n\n- Pure linen\n- Two pockets",
				Attributes: []models.Attribute{
					{Name: "Size", Value: "Small, Large"},
					{Name: "Colour", Value: "Sand, Sea"},
					{Name: "Tags", Value: "summer, linen"},
					{Name: "Barcode", Value: "0012"},
					{Name: "Gender", Value: "Unisex"},
					{Name: "MPN", Value: "MP-7"},
				},
				FeedImages: []models.FeedImage{
					{URL: "https://images.example.com/1.jpg", Alt: "Front"},
					{URL: "https://images.example.com/2.jpg", Alt: "Back"},
					{URL: "https://images.example.com/3.jpg"},
					{URL: "https://images.example.com/sand.jpg"},
				},
				FeedOffers: []models.FeedOffer{
					{Variant: "Small / Sand", AmountMinor: 4990, Currency: "USD"},
					{Variant: "Large / Sand", AmountMinor: 5250, Currency: "USD"},
					{Variant: "Large / Sea", AmountMinor: 5250, Currency: "USD"},
				},
			},
		},
		{
			Line: 5,
			Product: models.Product{
				Name: "Mug", Handle: text("mug"), Attributes: []models.Attribute{},
				FeedOffers: []models.FeedOffer{{AmountMinor: 700, Currency: "USD"}},
			},
		},
	}
	got := read(t, file)
	if diff := cmp.Diff(want, got.Products); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
	if got.Format != feed.FormatShopify {
		t.Errorf("format %s, want Shopify's", got.Format)
	}
}

func TestTheNewHeaderMeansTheSame(t *testing.T) {
	file := newHeader +
		`Wool Hat,wool-hat,<p>Warm.</p>,Norte,Apparel & Accessories > Clothing Accessories > Hats,,winter,TRUE,Active,WH-1,,Size,One,,19.00,18.00,25.00,https://images.example.com/hat.jpg,1,A hat,,FALSE,Adult,Wool; Cotton` + "\n"
	want := models.Product{
		Name: "Wool Hat", Handle: text("wool-hat"), SKU: text("WH-1"), Brand: text("Norte"), Category: text("Hats"), Description: "Warm.",
		Attributes: []models.Attribute{
			{Name: "Product category", Value: "Apparel & Accessories > Clothing Accessories > Hats"},
			{Name: "Size", Value: "One"},
			{Name: "Tags", Value: "winter"},
			{Name: "Age group", Value: "Adult"},
			{Name: "Fabric", Value: "Wool; Cotton"},
		},
		FeedImages: []models.FeedImage{{URL: "https://images.example.com/hat.jpg", Alt: "A hat"}},
		FeedOffers: []models.FeedOffer{{Variant: "One", AmountMinor: 1900, Currency: "USD"}},
	}
	if diff := cmp.Diff(want, read(t, file).Products[0].Product); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
}

func TestRowsOfAHandleMayStandApart(t *testing.T) {
	got := read(t, "Handle,Title,Variant Price\na,A,1\nb,B,2\na,A,3\n")
	if len(got.Products) != 2 || len(got.Products[0].Product.FeedOffers) != 2 {
		t.Errorf("got %+v, want two products, the first with two offers", got.Products)
	}
}

func TestLongListsOfVariantsAreCutAndNotRefused(t *testing.T) {
	var file strings.Builder
	file.WriteString("Handle,Title,Option1 Name,Option1 Value\n")
	for i := range 200 {
		title := ""
		if i == 0 {
			title = "Poster"
		}
		file.WriteString("poster," + title + ",Motif,a motif with a long name " + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "\n")
	}
	value := read(t, file.String()).Products[0].Product.Attributes[0].Value
	if n := len([]rune(value)); n > models.MaxAttributeValue || !strings.HasSuffix(value, ", …") {
		t.Errorf("%d characters, ending %q", n, value[len(value)-10:])
	}
}

// The files are real exports that are kept beside a checkout of the project and not in it.
func TestRealExportsAreReadWhole(t *testing.T) {
	files, err := filepath.Glob("../../../shared/data/shopify-*.csv")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no real exports beside this checkout")
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, string(content))
		handles := map[string]bool{}
		for line := range strings.Lines(string(content)) {
			handles[line[:strings.Index(line, ",")]] = true
		}
		if want := len(handles) - 1; len(got.Products) != want {
			t.Errorf("%s: %d products, want %d", path, len(got.Products), want)
		}
		for _, row := range got.Products {
			if len(row.Product.FeedOffers) == 0 || row.Product.Name == "" {
				t.Errorf("%s line %d: %+v", path, row.Line, row.Product)
			}
		}
	}
}
