package feed

import (
	"regexp"
	"strings"
	"unicode"

	"productgenerator/models"
)

// plain reads a CSV whose columns are a product's fields: name, sku, brand, category and, if wanted, handle,
// description, price, currency, seller, image (or image 1, image 2 …), image alt, image license. Every other column is
// an attribute. Rows that share a handle are one product, so that it can have several offers and images; without
// handles each row is one.
type plain struct {
	*parser
	name, handle, sku, brand, category, description   int
	price, currencyColumn, seller, imageAlt, imageLic int
	images                                            []int
	facts                                             []fact
}

func newPlainReader(p *parser) *plain {
	used := map[int]bool{}
	find := func(keys ...string) int {
		column := p.header.find(&p.problems, keys...)
		used[column] = true
		return column
	}
	r := &plain{
		parser:         p,
		name:           p.require("name", "name", "title", "product name"),
		handle:         find("handle"),
		sku:            find("sku"),
		brand:          find("brand", "vendor"),
		category:       find("category", "product category"),
		description:    find("description"),
		price:          find("price"),
		currencyColumn: find("currency"),
		seller:         find("seller"),
		imageAlt:       find("image alt", "image alt text"),
		imageLic:       find("image license", "image licence"),
	}
	used[r.name] = true
	imageKey := regexp.MustCompile(`^images?( url| link)?( ?\d{1,2})?$`)
	for i, name := range p.header.names {
		switch {
		case used[i] || name == "":
		case imageKey.MatchString(p.header.keys[i]):
			r.images = append(r.images, i)
		default:
			if code := models.CheckLine(name, models.MaxAttributeName); code != "" {
				p.problems.Add(Problem{Code: code, Line: p.header.line, Column: name, Limit: models.MaxAttributeName})
			}
			r.facts = append(r.facts, fact{column: i, name: name})
		}
	}
	return r
}

func (r *plain) row(row record) {
	handle := r.line(row, r.handle, models.MaxHandle)
	d, isNew := r.draftOf(row, handle)
	r.parser.name(d, isNew, row, r.name)
	r.parser.sku(d, row, r.sku)
	if d.product.Handle == nil && d.product.SKU == nil {
		d.product.Handle = handleOf(d.product.Name)
	}
	r.optional(&d.product.Brand, row, r.brand, models.MaxBrand)
	r.optional(&d.product.Category, row, r.category, models.MaxCategory)
	r.parser.description(d, row, r.description)
	if code, ok := r.currencyOf(row); ok {
		r.offer(d, row, r.price, code, r.line(row, r.seller, models.MaxSeller), "")
	}
	for i, column := range r.images {
		address := r.image(row, column)
		if address == "" {
			continue
		}
		image := models.FeedImage{URL: address}
		if i == 0 {
			image.Alt = r.line(row, r.imageAlt, models.MaxFeedImageAlt)
			image.License = r.line(row, r.imageLic, models.MaxAttributeName)
		}
		d.images = append(d.images, placedImage{image: image})
	}
	for _, fact := range r.facts {
		d.attributes.add(fact.name, r.line(row, fact.column, models.MaxAttributeValue))
	}
}

// currencyOf is the row's currency, the file's own where it names none.
func (r *plain) currencyOf(row record) (code string, ok bool) {
	text := oneLine(r.text(row, r.currencyColumn))
	if text == "" {
		return r.currency, true
	}
	code, ok = ParseCurrency(text)
	if !ok {
		r.report(row, r.currencyColumn, Problem{Code: models.FieldInvalid, Reason: ReasonCurrency, Value: text})
	}
	return code, ok
}

// handleOf makes a handle out of the name of a product that has neither handle nor SKU, so that the next import of the
// same file finds it again. It is nil where the name is empty, which is a problem of its own.
func handleOf(name string) *string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r < unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsDigit(r) || unicode.IsSpace(r)
	})
	handle := strings.Join(words, "-")
	if handle == "" {
		handle = name
	}
	if handle == "" {
		return nil
	}
	return &handle
}

func (r *plain) describe(file *File) {
	file.HandleColumn, file.SKUColumn = r.header.name(r.handle), r.header.name(r.sku)
	if r.handle == absent {
		file.HandleColumn = r.header.name(r.name)
	}
	file.Fields = Fields{
		SKU:         r.sku != absent,
		Brand:       r.brand != absent,
		Category:    r.category != absent,
		Description: r.description != absent,
		Images:      len(r.images) > 0,
		Offers:      r.price != absent,
		Attributes:  map[string]bool{},
	}
	for _, fact := range r.facts {
		file.Fields.Attributes[columnKey(fact.name)] = true
	}
}
