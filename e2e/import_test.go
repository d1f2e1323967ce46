package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

// imported is the answer to an import.
type imported struct {
	Created, Updated, Unchanged *int
	Products                    []struct{ ID, Name, Handle, SKU, Brand, Category string }
	UserErrors                  []userError
}

// counts is how many products are new, changed and unchanged; empty where the file was refused.
func (i imported) counts() string {
	if i.Created == nil || i.Updated == nil || i.Unchanged == nil {
		return ""
	}
	return fmt.Sprintf("%d created, %d updated, %d unchanged", *i.Created, *i.Updated, *i.Unchanged)
}

const importProducts = `mutation($input: ImportProductsInput!) { importProducts(input: $input) {
	created updated unchanged products { id name handle sku brand category } userErrors { ` + errorFields + ` } } }`

// importFile imports a file of products into the user's team, or says what it would do.
func (u *user) importFile(content string, dryRun bool) imported {
	u.t.Helper()
	variables := input(vars{"teamId": u.team, "dryRun": dryRun, "file": nil})
	return dataOf[struct{ ImportProducts imported }](u.client, "importProducts",
		u.upload(importProducts, variables, "products.csv", []byte(content))).ImportProducts
}

// awkward is a Shopify export as merchants download it: a byte order mark, CRLF, several rows for one product, a body of
// HTML with quotes and line breaks, empty columns and rows that only bring a variant or an image.
const awkward = "\ufeff" +
	"Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Alt Text,Status\r\n" +
	"harbour-mug,Harbour Mug,\"<p>A mug, \"\"thick\"\" walled.</p>\r\n<ul><li>350 ml</li></ul>\",Skerry,Mugs,\"kitchen, sea\",true,Colour,Blue,MUG-B,14.50,https://cdn.example.com/mug-blue.jpg,The blue mug,active\r\n" +
	"harbour-mug,,,,,,,,Green,MUG-G,15,https://cdn.example.com/mug-green.jpg,,\r\n" +
	"harbour-mug,,,,,,,,,,,https://cdn.example.com/mug-box.jpg,,\r\n" +
	"drift-lamp,Drift Lamp,,Skerry,Lamps,,true,Title,Default Title,LAMP,89.00,,,active\r\n"

func TestAShopifyExportIsImportedAllOrNothing(t *testing.T) {
	t.Parallel()
	p := start(t, "DATABASE_URL="+pgtest.NewDurableURL(t))
	ada := p.signUp("Ada", "")

	if dry := ada.importFile(awkward, true); dry.counts() != "2 created, 0 updated, 0 unchanged" || len(dry.Products) != 0 {
		t.Errorf("a dry run: %+v", dry)
	}
	if products := ada.products(ada.team); len(products) != 0 {
		t.Fatalf("a dry run left %d products", len(products))
	}
	first := ada.importFile(awkward, false)
	if first.counts() != "2 created, 0 updated, 0 unchanged" {
		t.Fatalf("the first import: %+v", first)
	}
	for _, product := range first.Products {
		if product.Handle == "harbour-mug" && (product.Name != "Harbour Mug" || product.Brand != "Skerry" || product.Category != "Mugs") {
			t.Errorf("imported as %+v", product)
		}
	}
	if again := ada.importFile(awkward, false); again.counts() != "0 created, 0 updated, 2 unchanged" {
		t.Errorf("the same file again: %+v", again)
	}
	changed := strings.Replace(awkward, "Drift Lamp", "Drift Lantern", 1) + "sea-bowl,Sea Bowl,,Skerry,Bowls,,true,,,BOWL,20.00,,,active\r\n"
	if update := ada.importFile(changed, false); update.counts() != "1 created, 1 updated, 1 unchanged" {
		t.Errorf("a changed file: %+v", update)
	}

	before := ada.products(ada.team)
	bad := changed +
		"good-plate,Good Plate,,Skerry,Plates,,true,,,PLATE,20.00,,,active\r\n" +
		"bad-price,Bad Price,,Skerry,Plates,,true,,,BAD,twelve,,,active\r\n" +
		",No Handle,,Skerry,Plates,,true,,,NONE,1.00,,,active\r\n"
	refused := ada.importFile(bad, false)
	if refused.counts() != "" || len(refused.Products) != 0 || len(refused.UserErrors) != 2 {
		t.Fatalf("a file with bad rows: %+v", refused)
	}
	// The body of the first product has a line break, so that a line is more than a row.
	for i, want := range []userError{{Line: 9, Column: "Variant Price"}, {Line: 10, Column: "Handle"}} {
		got := refused.UserErrors[i]
		if got.Type != "ImportError" || got.Line != want.Line || got.Column != want.Column || got.Message == "" ||
			strings.Join(got.Path, ".") != "file" {
			t.Errorf("bad row %d: %+v, want line %d, column %s", i+1, got, want.Line, want.Column)
		}
	}
	if after := ada.products(ada.team); len(after) != len(before) {
		t.Errorf("a refused file left %d products, there were %d", len(after), len(before))
	}
}

func TestAPlainCSVIsMatchedBySKU(t *testing.T) {
	t.Parallel()
	p := start(t, "DATABASE_URL="+pgtest.NewDurableURL(t))
	ada := p.signUp("Ada", "")
	plain := "name,sku,brand,category,Colour,Material\nHarbour Mug,MUG,Skerry,Mugs,blue,stoneware\n\"Lamp, small\",LAMP,Skerry,Lamps,,brass\n"
	if first := ada.importFile(plain, false); first.counts() != "2 created, 0 updated, 0 unchanged" {
		t.Fatalf("the first import: %+v", first)
	}
	renamed := strings.Replace(plain, "Harbour Mug", "Harbour Cup", 1)
	update := ada.importFile(renamed, false)
	if update.counts() != "0 created, 1 updated, 1 unchanged" || len(update.Products) != 1 || update.Products[0].Name != "Harbour Cup" {
		t.Errorf("another name for the SKU: %+v", update)
	}
	read := ask[struct {
		Product struct {
			Attributes []struct{ Name, Value string }
		}
	}](ada.client, "query($id: ID!) { product(id: $id) { attributes { name value } } }", vars{"id": update.Products[0].ID}).Product
	if fmt.Sprint(read.Attributes) != "[{Colour blue} {Material stoneware}]" {
		t.Errorf("attributes: %v", read.Attributes)
	}
	for name, file := range map[string]string{
		"an empty file":   "",
		"no name":         "sku,brand\nMUG,Skerry\n",
		"a nameless row":  "name,sku\nMug,MUG\n,LAMP\n",
		"twice one SKU":   "name,sku\nMug,MUG\nCup,MUG\n",
		"an open quote":   "name,sku\n\"Mug,MUG\n",
		"a control":       "name,sku\nMug\x01,MUG\n",
		"broken encoding": "name,sku\nMug\xff\xfe\xfa,MUG\n",
	} {
		if refused := ada.importFile(file, false); len(refused.UserErrors) == 0 || refused.counts() != "" ||
			refused.UserErrors[0].Type != "ImportError" || refused.UserErrors[0].Message == "" {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}

func TestThousandsOfRowsAreImportedAtOnce(t *testing.T) {
	t.Parallel()
	const products = 2_500
	p := start(t, "DATABASE_URL="+pgtest.NewDurableURL(t))
	ada := p.signUp("Ada", "")
	var file strings.Builder
	file.WriteString("Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n")
	for i := range products {
		fmt.Fprintf(&file, "p-%d,Product %d,<p>The <b>%d</b>th.</p>,Skerry,Things,Size,S,SKU-%d-S,%d.99,https://cdn.example.com/%d.jpg\n", i, i, i, i, i, i)
		fmt.Fprintf(&file, "p-%d,,,,,,M,SKU-%d-M,%d.99,\n", i, i, i+1)
	}
	began := time.Now()
	if first := ada.importFile(file.String(), false); first.counts() != "2500 created, 0 updated, 0 unchanged" || len(first.Products) != 100 {
		t.Fatalf("%d rows: %s, %+v", 2*products, first.counts(), first.UserErrors)
	}
	t.Logf("%d rows were imported in %s", 2*products, since(began))
	began = time.Now()
	if again := ada.importFile(file.String(), false); again.counts() != "0 created, 0 updated, 2500 unchanged" {
		t.Errorf("%d rows again: %s, %+v", 2*products, again.counts(), again.UserErrors)
	}
	t.Logf("and found unchanged in %s", since(began))
	found := ask[struct {
		Team struct{ Products struct{ TotalCount int } }
	}](ada.client, `query($id: ID!) { team(id: $id) { products(search: "SKU-1077-S", first: 1) { totalCount } } }`, vars{"id": ada.team})
	if found.Team.Products.TotalCount != 1 {
		t.Errorf("a search for one SKU finds %d products", found.Team.Products.TotalCount)
	}
}
