package catalog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

func counts(r ImportResult) [3]int { return [3]int{r.Created, r.Updated, r.Unchanged} }

func TestImportingAFileTwiceChangesNothing(t *testing.T) {
	s := newShop(t)
	file := "Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n" +
		"shirt,Shirt,<p>Cool.</p>,Marea,Shirts,\"summer, linen\",Size,S,SH-1,49.90,https://images.example.com/1.jpg\n" +
		"shirt,,,,,,,L,SH-2,52.50,https://images.example.com/2.jpg\n" +
		"mug,Mug,,,,,Title,Default Title,,7,\n"
	first := s.imports(file)
	if counts(first) != [3]int{2, 0, 0} {
		t.Fatalf("first: %v", counts(first))
	}
	second := s.imports(file)
	if counts(second) != [3]int{0, 0, 2} || len(second.Products) != 0 {
		t.Errorf("second: %v, touched %v", counts(second), second.Products)
	}
	stored, err := s.Product(within(t), s.team, first.Products[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Products[0], stored); diff != "" {
		t.Errorf("told and stored (-told +stored):\n%s", diff)
	}
}

func TestADryRunSaysTheSameAndStoresNothing(t *testing.T) {
	s := newShop(t)
	s.imports("name,sku,brand\nCup,1,x\nPot,2,x\n")
	file := "name,sku,brand\nCup,1,x\nPot,2,y\nCan,3,z\n"
	dry, err := s.Import(within(t), ImportRequest{TeamID: s.team, Reader: strings.NewReader(file), DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.list(""); !slices.Equal(got, []string{"Cup", "Pot"}) {
		t.Errorf("the dry run left %v", got)
	}
	if real := s.imports(file); counts(dry) != counts(real) || counts(real) != [3]int{1, 1, 1} {
		t.Errorf("dry %v, real %v", counts(dry), counts(real))
	}
}

func TestAFileChangesOnlyWhatItSpeaksOf(t *testing.T) {
	s := newShop(t)
	s.imports("name,sku,brand,category,Material,Colour,price\nCup,1,Brisa,Kitchen,Clay,White,5\n")
	result := s.imports("sku,name,Colour,brand\n1,Big cup,Blue,\n")
	got := result.Products[0]
	want := []models.Attribute{{Name: "Material", Value: "Clay"}, {Name: "Colour", Value: "Blue"}}
	if got.Name != "Big cup" || got.Brand != nil || deref(got.Category) != "Kitchen" || len(got.FeedOffers) != 1 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(want, got.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if names := s.list("big"); !slices.Equal(names, []string{"Big cup"}) {
		t.Errorf("the new name finds %v", names)
	}
}

func TestProductsAreMatchedByHandleElseBySKU(t *testing.T) {
	s := newShop(t)
	s.imports("handle,name,sku\na,A,1\n,B,2\n")
	tests := []struct {
		name, file string
		want       [3]int
	}{
		{"the handle counts, the SKU may change", "handle,name,sku\na,A,9\n", [3]int{0, 1, 0}},
		{"the SKU, where the file has no handle", "name,sku\nA,9\n", [3]int{0, 0, 1}},
		{"the SKU, where the product has no handle: it takes the file's", "handle,name,sku\nb,B,2\n", [3]int{0, 1, 0}},
		{"two products swap their SKUs", "handle,name,sku\na,A,2\nb,B,9\n", [3]int{0, 2, 0}},
		{"a SKU that is let go of may be taken", "handle,name,sku\na,A,7\nc,C,2\n", [3]int{1, 1, 0}},
	}
	for _, test := range tests {
		if got := counts(s.imports(test.file)); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAProblemAnywhereLeavesEverythingAsItWas(t *testing.T) {
	s := newShop(t)
	s.imports("handle,name,sku\na,A,1\n")
	tests := map[string]string{
		"handle,name,sku\nnew,New,5\nother,Other,1\n": "3|sku|TAKEN|IN_CATALOGUE",
		"handle,name,price\nnew,New,5\nb,B,free\n":    "3|price|INVALID|NOT_A_NUMBER",
	}
	for file, want := range tests {
		for _, dryRun := range []bool{true, false} {
			_, err := s.Import(within(t), ImportRequest{TeamID: s.team, Reader: strings.NewReader(file), DryRun: dryRun})
			var problems *ImportErrors
			if !errors.As(err, &problems) {
				t.Fatalf("error %v, want import errors", err)
			}
			p := problems.List[0]
			if got := fmt.Sprintf("%d|%s|%s|%s", p.Line, p.Column, p.Code, p.Reason); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if p.Reason == feed.ReasonInCatalogue && p.Product == "" {
				t.Error("the product that has the SKU is not named")
			}
		}
	}
	if got := s.list(""); !slices.Equal(got, []string{"A"}) {
		t.Errorf("products %v", got)
	}
}

func TestAnImportLeavesOtherTeamsAlone(t *testing.T) {
	s := newShop(t)
	file := "handle,name,sku\na,A,1\n"
	s.imports(file)
	result, err := s.Import(within(t), ImportRequest{TeamID: s.other, Reader: strings.NewReader(strings.ReplaceAll(file, "A", "Z"))})
	if err != nil || counts(result) != [3]int{1, 0, 0} {
		t.Fatalf("%v, %v", counts(result), err)
	}
	if got := s.list(""); !slices.Equal(got, []string{"A"}) {
		t.Errorf("products %v", got)
	}
}

func TestTwoMembersImportingTheSameFileMakeNoDuplicates(t *testing.T) {
	s := newShop(t)
	file := plainFile(300)
	var wg sync.WaitGroup
	results := make([]ImportResult, 6)
	for i := range results {
		wg.Go(func() {
			var err error
			results[i], err = s.Import(within(t), ImportRequest{TeamID: s.team, Reader: strings.NewReader(file)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	// A member who types one of the file's products meanwhile gets it or is told who has it.
	wg.Go(func() {
		_, err := s.CreateProduct(within(t), s.team, NewProduct{Name: "Lamp 7", SKU: text("SKU-7")})
		var taken *TakenError
		if err != nil && !errors.As(err, &taken) {
			t.Error(err)
		}
	})
	wg.Wait()
	created := 0
	for _, result := range results {
		created += result.Created
	}
	list, err := s.List(within(t), s.team, "", models.Page{Size: 1})
	if err != nil || list.Total != 300 || created != 300 && created != 299 {
		t.Errorf("%d created, %d stored, %v", created, list.Total, err)
	}
}

func TestAListShowsAnImportInTheFilesOrder(t *testing.T) {
	s := newShop(t)
	s.imports(plainFile(50))
	got := s.list("")
	if got[0] != "Lamp 0" || got[49] != "Lamp 49" {
		t.Errorf("first %s, last %s", got[0], got[49])
	}
}

func plainFile(products int) string {
	var file strings.Builder
	file.WriteString("name,sku,brand,category,description,price,image,Material,Colour\n")
	for i := range products {
		fmt.Fprintf(&file, "Lamp %d,SKU-%d,Lumen,Lighting,\"<p>A warm lamp.</p><p>Number %d.</p>\",%d.50,https://images.example.com/%d.jpg,Oak,Amber\n",
			i, i, i, i+1, i)
	}
	return file.String()
}

func TestThousandsOfProductsTakeAFewSeconds(t *testing.T) {
	s := newShop(t)
	file := plainFile(5_000)
	for _, want := range [][3]int{{5000, 0, 0}, {0, 0, 5000}, {0, 5000, 0}} {
		began := time.Now()
		if got := counts(s.imports(file)); got != want {
			t.Errorf("%v, want %v", got, want)
		}
		took := time.Since(began)
		t.Logf("%v in %s", want, took)
		if took > 20*time.Second {
			t.Errorf("%v took %s", want, took)
		}
		if want[2] == 5000 {
			file = strings.ReplaceAll(file, "Amber", "Green")
		}
	}
}

// The files are real exports that are kept beside a checkout of the project and not in it.
func TestRealExportsAreImportedOnce(t *testing.T) {
	files, err := filepath.Glob("../../shared/data/shopify-*.csv")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no real exports beside this checkout")
	}
	s := newShop(t)
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first, second := s.imports(string(content)), s.imports(string(content))
		if first.Created == 0 || first.Updated+first.Unchanged+second.Created+second.Updated != 0 {
			t.Errorf("%s: %v, then %v", path, counts(first), counts(second))
		}
	}
}
