package feed

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"productgenerator/models"
)

// options is how many options a product of Shopify may have.
const options = 3

// shopify reads Shopify's product export. Its columns were renamed over the years; both names are known here. What the
// shop does with a product (status, stock, taxes, search engine texts, former prices, markets whose currency the file does
// not say) says nothing about the product itself and is left out.
type shopify struct {
	*parser
	handle, title, body, vendor, kind, taxonomy, tags int
	sku, price                                        int
	imageSource, imagePosition, imageAlt, variant     int
	optionName, optionValue                           [options]int
	facts                                             []fact
}

// fact is a column whose value is an attribute as it stands.
type fact struct {
	column int
	name   string
}

// isShopify tells the format by headers that no other table bears.
func isShopify(h header) bool {
	marks := []string{
		"url handle", "body (html)", "variant price", "variant sku", "option1 name", "image src", "product image url",
		"published on online store",
	}
	return slices.ContainsFunc(marks, h.has) || h.has("handle") && h.has("title")
}

func newShopifyReader(p *parser) *shopify {
	find := func(keys ...string) int { return p.header.find(&p.problems, keys...) }
	s := &shopify{
		parser:        p,
		handle:        p.require("Handle", "handle", "url handle"),
		title:         p.require("Title", "title"),
		body:          find("body (html)", "body html", "description"),
		vendor:        find("vendor"),
		kind:          find("type", "custom product type"),
		taxonomy:      find("product category", "standard product type", "standardized product type"),
		tags:          find("tags"),
		sku:           find("variant sku", "sku"),
		price:         find("variant price", "price"),
		imageSource:   find("image src", "product image url"),
		imagePosition: find("image position"),
		imageAlt:      find("image alt text"),
		variant:       find("variant image", "variant image url"),
	}
	for i := range options {
		s.optionName[i] = find(fmt.Sprintf("option%d name", i+1))
		s.optionValue[i] = find(fmt.Sprintf("option%d value", i+1))
	}
	for i := range p.header.names {
		if name := factName(p.header.keys[i], p.header.names[i]); name != "" {
			s.facts = append(s.facts, fact{column: i, name: name})
		}
	}
	return s
}

// factName is what an attribute of that column is called, empty for a column that is none: the Google Shopping columns
// that describe the product, the barcode, and the standard metafields, "Fabric (product.metafields.shopify.fabric)".
func factName(key, name string) string {
	switch key {
	case "google shopping / google product category":
		return "Google product category"
	case "google shopping / gender":
		return "Gender"
	case "google shopping / age group":
		return "Age group"
	case "google shopping / mpn", "google shopping / manufacturer part number (mpn)":
		return "MPN"
	case "google shopping / condition":
		return "Condition"
	case "variant barcode", "barcode", "barcodes":
		return "Barcode"
	}
	if fact, _, ok := strings.Cut(name, " (product.metafields.shopify."); ok {
		return fact
	}
	return ""
}

func (s *shopify) row(row record) {
	handle := s.line(row, s.handle, models.MaxHandle)
	if handle == "" {
		if strings.TrimSpace(s.text(row, s.handle)) == "" {
			s.report(row, s.handle, Problem{Code: models.FieldRequired})
		}
		return
	}
	d, isNew := s.draftOf(row, handle)
	s.name(d, isNew, row, s.title)
	s.description(d, row, s.body)
	s.optional(&d.product.Brand, row, s.vendor, models.MaxBrand)
	s.category(d, row)
	s.parser.sku(d, row, s.sku)
	s.offer(d, row, s.price, s.currency, "", s.options(d, row))
	s.images(d, row)
	d.attributes.add("Tags", s.tagList(row)...)
	for _, fact := range s.facts {
		value := s.line(row, fact.column, models.MaxAttributeValue)
		d.attributes.add(fact.name, strings.TrimPrefix(value, "'")) // the apostrophe keeps Excel from rounding a barcode
	}
}

// tagList splits the row's tags at their commas.
func (s *shopify) tagList(row record) []string {
	const maxTag = 255 // Shopify's own bound
	var tags []string
	for tag := range strings.SplitSeq(s.line(row, s.tags, models.MaxDescription), ",") {
		tag = oneLine(tag)
		if models.CheckLine(tag, maxTag) == models.FieldTooLong {
			s.report(row, s.tags, Problem{Code: models.FieldTooLong, Limit: maxTag, Value: tag})
			continue
		}
		tags = append(tags, tag)
	}
	return tags
}

// category takes the shop's own type, else the last step of Shopify's taxonomy; the whole path is an attribute.
func (s *shopify) category(d *draft, row record) {
	s.optional(&d.product.Category, row, s.kind, models.MaxCategory)
	path := s.line(row, s.taxonomy, models.MaxAttributeValue)
	if path == "" {
		return
	}
	d.attributes.add("Product category", path)
	steps := strings.Split(path, ">")
	last := oneLine(steps[len(steps)-1])
	if d.product.Category == nil && last != "" && models.CheckLine(last, models.MaxCategory) == "" {
		d.product.Category = &last
	}
}

// options adds the row's option values to the attributes and returns the variant's name, such as "Small / Blue". Only
// a product's first row names its options; one without options has the option Title with the value Default Title.
func (s *shopify) options(d *draft, row record) (variant string) {
	var values []string
	for i := range options {
		if name := s.line(row, s.optionName[i], models.MaxAttributeName); name != "" {
			d.optionNames[i] = name
		}
		value := s.line(row, s.optionValue[i], models.MaxAttributeValue)
		if value == "" || strings.EqualFold(value, "Default Title") {
			continue
		}
		name := d.optionNames[i]
		if name == "" {
			name = fmt.Sprintf("Option %d", i+1)
		}
		d.attributes.add(name, value)
		values = append(values, value)
	}
	return strings.Join(values, " / ")
}

func (s *shopify) images(d *draft, row record) {
	if address := s.image(row, s.imageSource); address != "" {
		d.images = append(d.images, placedImage{
			image:    models.FeedImage{URL: address, Alt: s.line(row, s.imageAlt, models.MaxFeedImageAlt)},
			position: s.position(row),
		})
	}
	if address := s.image(row, s.variant); address != "" {
		d.variantImages = append(d.variantImages, models.FeedImage{URL: address})
	}
}

// position is the image's place among the product's; without one it comes last.
func (s *shopify) position(row record) int {
	text := s.line(row, s.imagePosition, models.MaxAttributeValue)
	if text == "" {
		return math.MaxInt
	}
	position, err := strconv.Atoi(strings.TrimSuffix(text, ".0"))
	if err != nil {
		s.report(row, s.imagePosition, Problem{Code: models.FieldInvalid, Reason: ReasonNotANumber, Value: text})
	}
	return position
}

func (s *shopify) describe(file *File) {
	file.HandleColumn, file.SKUColumn = s.header.name(s.handle), s.header.name(s.sku)
	file.Fields = Fields{
		SKU:           s.sku != absent,
		Brand:         s.vendor != absent,
		Category:      s.kind != absent || s.taxonomy != absent,
		Description:   s.body != absent,
		Images:        s.imageSource != absent || s.variant != absent,
		Offers:        s.price != absent,
		AllAttributes: true,
	}
}
