package feed_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

// utf16File is the text as Excel's "Unicode Text" writes it.
func utf16File(text string, bigEndian bool) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		high, low := byte(unit>>8), byte(unit)
		if bigEndian {
			out = append(out, high, low)
		} else {
			out = append(out, low, high)
		}
	}
	return string(out)
}

func TestAwkwardFilesAreReadAsTheyAreMeant(t *testing.T) {
	tests := map[string]struct {
		file string
		want []string // name|sku|attributes of each product
	}{
		"byte order mark":             {"\ufeffname,sku\nCup,1\n", []string{"Cup|1|"}},
		"UTF-16, little end first":    {utf16File("name\tsku\nTaza ñ\t1\n", false), []string{"Taza ñ|1|"}},
		"UTF-16, big end first":       {utf16File("name\tsku\nTaza ñ\t1\n", true), []string{"Taza ñ|1|"}},
		"CRLF":                        {"name,sku\r\nCup,1\r\nPot,2\r\n", []string{"Cup|1|", "Pot|2|"}},
		"lone CR":                     {"name,sku\rCup,1\rPot,2", []string{"Cup|1|", "Pot|2|"}},
		"no line end at the end":      {"name,sku\nCup,1", []string{"Cup|1|"}},
		"semicolons":                  {"name;sku;Size\nCup;1;2,5 cm\n", []string{"Cup|1|Size=2,5 cm"}},
		"tabs":                        {"name\tsku\tSize\nCup\t1\tS, M\n", []string{"Cup|1|Size=S, M"}},
		"Excel's separator hint":      {"sep=;\nname;sku\nCup;1\n", []string{"Cup|1|"}},
		"quotes with line breaks":     {"name,sku,Note\n\"Cup\",1,\"two\r\nlines\"\n", []string{"Cup|1|Note=two lines"}},
		"doubled quotes":              {"name,sku\n\"The \"\"best\"\" cup\",1\n", []string{`The "best" cup|1|`}},
		"a quote in the middle":       {"name,sku\n27\" screen,1\n", []string{`27" screen|1|`}},
		"a quoted separator":          {"\"name\",\"sku\"\n\"Cup, blue\",1\n", []string{"Cup, blue|1|"}},
		"blanks around a quote":       {"name,sku\n \"Cup, blue\" ,1\n", []string{"Cup, blue|1|"}},
		"empty lines":                 {"\n\nname,sku\n\nCup,1\n,,\n   \nPot,2\n\n", []string{"Cup|1|", "Pot|2|"}},
		"short rows":                  {"name,sku,Size\nCup\nPot,2\n", []string{"Cup||", "Pot|2|"}},
		"empty columns at the end":    {"name,sku,,\nCup,1,,\n", []string{"Cup|1|"}},
		"blanks around values":        {" Name , SKU \n  Cup  , 1 \n", []string{"Cup|1|"}},
		"an attribute column twice":   {"name,sku,Size,size\nCup,1,S,M\n", []string{"Cup|1|Size=S, M"}},
		"other names for the columns": {"Title,SKU,Vendor\nCup,1,x\n", []string{"Cup|1|"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := read(t, test.file)
			var products []string
			for _, row := range got.Products {
				var sku string
				if row.Product.SKU != nil {
					sku = *row.Product.SKU
				}
				var attributes []string
				for _, a := range row.Product.Attributes {
					attributes = append(attributes, a.Name+"="+a.Value)
				}
				products = append(products, row.Product.Name+"|"+sku+"|"+strings.Join(attributes, ";"))
			}
			if fmt.Sprint(products) != fmt.Sprint(test.want) {
				t.Errorf("got %q, want %q", products, test.want)
			}
		})
	}
}

func TestEachProblemNamesItsLineAndColumn(t *testing.T) {
	shopify := "Handle,Title,Variant SKU,Variant Price,Image Src,Image Position\n"
	tests := map[string]struct {
		file string
		want []string
	}{
		"nothing":                   {"", []string{"1||REQUIRED|NO_HEADER"}},
		"only a byte order mark":    {"\ufeff", []string{"1||REQUIRED|NO_HEADER"}},
		"only a header":             {"\nname,sku\n", []string{"2||REQUIRED|NO_ROWS"}},
		"no name column":            {"sku,brand\n1,x\n", []string{"1|name|REQUIRED|NO_COLUMN"}},
		"no title column":           {"Handle,Variant Price\na,1\n", []string{"1|Title|REQUIRED|NO_COLUMN"}},
		"a column twice":            {"name,SKU,sku\nCup,1,2\n", []string{"1|sku|INVALID|TWO_COLUMNS"}},
		"a missing name":            {"name,sku\nCup,1\n,2\n", []string{"3|name|REQUIRED|"}},
		"a missing handle":          {shopify + "a,A,,,,\n,B,,,,\n", []string{"3|Handle|REQUIRED|"}},
		"a missing title":           {shopify + "a,,,,,\n", []string{"2|Title|REQUIRED|"}},
		"two titles":                {shopify + "a,A,,,,\na,Z,,,,\n", []string{"3|Title|INVALID|OTHER_NAME"}},
		"no price":                  {shopify + "a,A,,free,,\n", []string{"2|Variant Price|INVALID|NOT_A_NUMBER"}},
		"a negative price":          {shopify + "a,A,,-1,,\n", []string{"2|Variant Price|INVALID|NEGATIVE"}},
		"too many decimals":         {shopify + "a,A,,1.999,,\n", []string{"2|Variant Price|INVALID|DECIMALS"}},
		"decimals of the yen":       {"name,price,currency\nCup,1.5,JPY\n", []string{"2|price|INVALID|DECIMALS"}},
		"a currency that is none":   {"name,price,currency\nCup,1.5,Euros\n", []string{"2|currency|INVALID|CURRENCY"}},
		"an image that is a file":   {shopify + "a,A,,1,C:\\cup.jpg,\n", []string{"2|Image Src|INVALID|URL"}},
		"an image by ftp":           {shopify + "a,A,,1,ftp://example.com/a.jpg,\n", []string{"2|Image Src|INVALID|URL"}},
		"an image with a password":  {shopify + "a,A,,1,https://a:b@example.com/a.jpg,\n", []string{"2|Image Src|INVALID|URL"}},
		"a position that is none":   {shopify + "a,A,,1,https://example.com/a.jpg,first\n", []string{"2|Image Position|INVALID|NOT_A_NUMBER"}},
		"a name that is too long":   {"name,sku\n" + strings.Repeat("x", 201) + ",1\n", []string{"2|name|TOO_LONG|"}},
		"a handle that is too long": {shopify + strings.Repeat("x", 256) + ",A,,,,\n", []string{"2|Handle|TOO_LONG|"}},
		"a control character":       {"name,sku\nC\x00up,1\n", []string{"2|name|INVALID|CONTROL"}},
		"one SKU twice":             {"name,sku\nCup,1\nPot,1\n", []string{"3|sku|TAKEN|IN_FILE"}},
		"one SKU under two handles": {shopify + "a,A,1,,,\nb,B,1,,,\n", []string{"3|Variant SKU|TAKEN|IN_FILE"}},
		"one name twice, no SKU":    {"name,brand\nCup,x\nCup,y\n", []string{"3|name|TAKEN|IN_FILE"}},
		"a value under no header":   {"name,sku\nCup,1,blue\n", []string{"2|column 3|INVALID|NAMELESS"}},
		"an open quote":             {"name,sku\nCup,1\n\"Pot,2\nCan,3\n", []string{"3||INVALID|OPEN_QUOTE"}},
		"text behind a quote":       {"name,sku\n\"Cup\"s,1\n", []string{"2||INVALID|AFTER_QUOTE"}},
		"Latin-1":                   {"name,sku\nCup,1\nJarr\xf3n,2\n", []string{"3|character 5|INVALID|ENCODING"}},
		"the line after a long row": {"name,sku,Note\nCup,1,\"a\n\nb\"\r\n,2,\n", []string{"5|name|REQUIRED|"}},
		"a cell on a later line":    {"name,Note,price\nCup,\"a\nb\",free\n", []string{"3|price|INVALID|NOT_A_NUMBER"}},
		"two faults in a row":       {"name,price\n,free\n", []string{"2|name|REQUIRED|", "2|price|INVALID|NOT_A_NUMBER"}},
		"a header of 201 columns":   {"name" + strings.Repeat(",x", 200) + "\nCup\n", []string{"1||TOO_MANY|"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := feed.Read(strings.NewReader(test.file), "USD")
			var problems *feed.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v, want problems", err)
			}
			var got []string
			for _, p := range problems.List {
				got = append(got, fmt.Sprintf("%d|%s|%s|%s", p.Line, p.Column, p.Code, p.Reason))
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestProblemsAreCountedBeyondThoseListed(t *testing.T) {
	_, err := feed.Read(strings.NewReader("name,price\n"+strings.Repeat("Cup,free\n", 150)), "USD")
	var problems *feed.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	// Each row but the first claims the name's handle as well.
	if len(problems.List) != feed.MaxListed || problems.Total != 150+149 {
		t.Errorf("%d listed of %d", len(problems.List), problems.Total)
	}
}

func TestFilesBeyondTheBoundsAreRefused(t *testing.T) {
	tests := map[string]struct {
		file string
		want models.FieldCode
	}{
		"bytes": {"name,sku\n" + strings.Repeat("x", feed.MaxFileBytes), models.FieldTooLong},
		"rows":  {"name,sku\n" + strings.Repeat("x\n", feed.MaxRows+1), models.FieldTooMany},
		"field": {"name,sku\nCup,\"" + strings.Repeat("x", feed.MaxFieldBytes+1) + "\"\n", models.FieldTooLong},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := feed.Read(strings.NewReader(test.file), "USD")
			var problems *feed.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v, want problems", err)
			}
			for _, p := range problems.List {
				if p.Code == test.want {
					return
				}
			}
			if problems.Total <= feed.MaxListed {
				t.Errorf("%v, want %s", problems.List, test.want)
			}
		})
	}
}

func TestHostileFilesTakeLinearTime(t *testing.T) {
	var variants strings.Builder
	variants.WriteString("Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src,Tags\n")
	for i := range feed.MaxRows {
		fmt.Fprintf(&variants, "a,A,Size,%d,%d,https://example.com/%d.jpg,%d\n", i, i, i, i)
	}
	files := map[string]string{
		"one product of all rows": variants.String(),
		"an open quote":           "name\n\"" + strings.Repeat("a\n", 5<<20),
		"quotes":                  "name\n" + strings.Repeat(`"`, feed.MaxFileBytes-10),
		"separators":              strings.Repeat(",", feed.MaxFileBytes),
		"line ends":               "name\n" + strings.Repeat("\r\n", 5<<20),
		"tags":                    "Handle,Title,Tags\na,A,\"" + strings.Repeat("x,", 9_999) + "\"\n",
	}
	for name, file := range files {
		began := time.Now()
		_, _ = feed.Read(strings.NewReader(file), "USD") // refused or not, only the time counts here
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: %s", name, took)
		} else {
			t.Logf("%s: %s", name, took)
		}
	}
}

func FuzzAnyFileIsReadOrRefused(f *testing.F) {
	f.Add([]byte(oldHeader + "a,A,<p>x</p>,V,T,t,true,Size,S,,,1,9.99,,,https://example.com/a.jpg,1,,,,,\n"))
	f.Add([]byte(newHeader))
	f.Add([]byte("sep=;\rname;sku;price\r\"a\nb\";1;\"2,5\""))
	f.Add([]byte(utf16File("name\tsku\n", true)))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := feed.Read(strings.NewReader(string(content)), "EUR")
		var problems *feed.Problems
		if err != nil {
			if !errors.As(err, &problems) || len(problems.List) == 0 {
				t.Fatalf("refused without a problem: %v", err)
			}
			return
		}
		for _, row := range file.Products {
			p := row.Product
			if p.Name == "" || models.CheckLine(p.Name, models.MaxProductName) != "" || row.Line < 2 {
				t.Fatalf("line %d: a bad product got through: %+v", row.Line, p)
			}
			if models.CheckText(p.Description, models.MaxDescription) != "" {
				t.Fatalf("line %d: description %q", row.Line, p.Description)
			}
			for _, a := range p.Attributes {
				if models.CheckLine(a.Value, models.MaxAttributeValue) != "" || models.CheckLine(a.Name, models.MaxAttributeName) != "" {
					t.Fatalf("line %d: attribute %+v", row.Line, a)
				}
			}
			if merged := file.Fields.Merge(p, row); !feed.Same(p, merged) {
				t.Fatalf("line %d: a second import would change %+v to %+v", row.Line, p, merged)
			}
		}
	})
}
