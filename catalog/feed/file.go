package feed

import (
	"errors"
	"io"
	"strings"

	"productgenerator/models"
)

// Format is what kind of file it is.
type Format string

// The formats.
const (
	FormatShopify Format = "SHOPIFY"
	FormatPlain   Format = "PLAIN"
)

// File is a file that was read without a problem.
type File struct {
	Format   Format
	Products []Row
	Fields   Fields

	// Columns are the headers of the fields that another product may have taken, as the file writes them.
	HandleColumn, SKUColumn string
}

// Row is one product of a file, made of one or more of its rows. Its product has no id, team or times.
type Row struct {
	Product models.Product
	Line    int // of its first row
	SKULine int // of the row that names the SKU
}

// Read reads a file of either format; the header tells which. Prices without a currency of their own are in currency,
// an ISO 4217 code. It returns a *Problems that lists everything wrong with the file: all of its products are good, or
// none is returned.
func Read(r io.Reader, currency string) (*File, error) {
	text, err := decode(r)
	if err != nil {
		return nil, err
	}
	rows := newRecords(text)
	first, err := rows.next()
	if err != nil {
		return nil, err
	}
	if first == nil {
		return nil, refuse(Problem{Code: models.FieldRequired, Reason: ReasonNoHeader, Line: 1})
	}
	p := &parser{header: newHeader(first), currency: currency, byHandle: map[string]*draft{}}
	if isShopify(p.header) {
		return p.read(rows, FormatShopify, newShopifyReader(p))
	}
	return p.read(rows, FormatPlain, newPlainReader(p))
}

// format is what the two formats differ in.
type format interface {
	// row adds a row to the product that it belongs to.
	row(record)

	// describe says what the file speaks of.
	describe(*File)
}

// parser is what both formats share: the header, the products so far and what is wrong with them.
type parser struct {
	header   header
	currency string
	problems Problems
	drafts   []*draft
	byHandle map[string]*draft
}

// read runs all rows through the format. A row that cannot be told from the next ends the reading; what was found until
// then is listed with it.
func (p *parser) read(rows *records, kind Format, reader format) (*File, error) {
	if p.problems.Total > 0 {
		return nil, p.problems.Err()
	}
	for count := 0; ; count++ {
		row, err := rows.next()
		if err != nil {
			var last *Problems
			if errors.As(err, &last) {
				p.problems.Add(last.List[0])
			}
			return nil, p.problems.Err()
		}
		if row == nil {
			break
		}
		if count == MaxRows {
			p.problems.Add(Problem{Code: models.FieldTooMany, Line: row.line(), Limit: MaxRows})
			break
		}
		p.header.checkWidth(row, &p.problems)
		reader.row(row)
	}
	if len(p.drafts) == 0 && p.problems.Total == 0 {
		p.problems.Add(Problem{Code: models.FieldRequired, Reason: ReasonNoRows, Line: p.header.line})
	}
	file := &File{Format: kind}
	for _, d := range p.drafts {
		file.Products = append(file.Products, d.finish(&p.problems))
	}
	reader.describe(file)
	p.checkDistinct(file)
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return file, nil
}

// checkDistinct reports products that claim the handle or the SKU of another one before them.
func (p *parser) checkDistinct(file *File) {
	handles, skus := map[string]int{}, map[string]int{}
	taken := func(lines map[string]int, value *string, line int, column string) {
		if value == nil {
			return
		}
		if first, ok := lines[*value]; ok {
			p.problems.Add(Problem{
				Code: models.FieldTaken, Reason: ReasonInFile, Line: line, Column: column, OtherLine: first, Value: *value,
			})
			return
		}
		lines[*value] = line
	}
	for _, row := range file.Products {
		taken(handles, row.Product.Handle, row.Line, file.HandleColumn)
		taken(skus, row.Product.SKU, row.SKULine, file.SKUColumn)
	}
}

// draftOf is the product that a row belongs to: rows with one handle are one product, wherever they stand, and a row
// without a handle is a product of its own.
func (p *parser) draftOf(row record, handle string) (d *draft, isNew bool) {
	if d, ok := p.byHandle[handle]; ok && handle != "" {
		return d, false
	}
	d = &draft{line: row.line()}
	p.drafts = append(p.drafts, d)
	if handle != "" {
		d.product.Handle = &handle
		p.byHandle[handle] = d
	}
	return d, true
}

// name sets the product's name. The first row must have one, later ones may repeat it.
func (p *parser) name(d *draft, isNew bool, row record, column int) {
	name := p.line(row, column, models.MaxProductName)
	switch {
	case isNew && strings.TrimSpace(p.text(row, column)) == "":
		p.report(row, column, Problem{Code: models.FieldRequired})
	case isNew:
		d.product.Name = name
	case name != "" && d.product.Name != "" && name != d.product.Name:
		p.report(row, column, Problem{
			Code: models.FieldInvalid, Reason: ReasonOtherName, OtherLine: d.line, Value: name,
		})
	}
}

// sku sets the product's SKU, that of the first row that has one.
func (p *parser) sku(d *draft, row record, column int) {
	sku := p.line(row, column, models.MaxSKU)
	if sku != "" && d.product.SKU == nil {
		d.product.SKU, d.skuLine = &sku, p.lineOf(row, column)
	}
}

// optional sets a field that the product may lack, from the first row that has it.
func (p *parser) optional(field **string, row record, column, limit int) {
	if value := p.line(row, column, limit); value != "" && *field == nil {
		*field = &value
	}
}

// description sets the product's description, from the first row that has one.
func (p *parser) description(d *draft, row record, column int) {
	text := PlainText(p.text(row, column))
	if text == "" || d.product.Description != "" {
		return
	}
	if code := models.CheckText(text, models.MaxDescription); code != "" {
		p.report(row, column, Problem{Code: code, Limit: models.MaxDescription, Value: text})
		return
	}
	d.product.Description = text
}

// offer adds the row's price, if it has one.
func (p *parser) offer(d *draft, row record, column int, currency, seller, variant string) {
	text := p.line(row, column, models.MaxAttributeValue)
	if text == "" {
		return
	}
	amount, reason := parsePrice(text, currency)
	if reason != ReasonNone {
		problem := priceProblem(reason, currency)
		problem.Value = text
		p.report(row, column, problem)
		return
	}
	d.addOffer(models.FeedOffer{Seller: seller, Variant: variant, AmountMinor: amount, Currency: currency})
}

// image reads the row's image address; it is empty where there is none or it was reported.
func (p *parser) image(row record, column int) string {
	text := p.line(row, column, models.MaxURL)
	if text == "" {
		return ""
	}
	address, ok := parseImageURL(text)
	if !ok {
		p.report(row, column, Problem{Code: models.FieldInvalid, Reason: ReasonURL, Value: text})
		return ""
	}
	return address
}

// line reads a cell that belongs on one line; it is empty where the cell is, or was reported.
func (p *parser) line(row record, column, limit int) string {
	text := oneLine(p.text(row, column))
	switch code := models.CheckLine(text, limit); code {
	case "":
		return text
	case models.FieldTooLong:
		p.report(row, column, Problem{Code: code, Limit: limit, Value: text})
	default:
		p.report(row, column, Problem{Code: code, Reason: ReasonControl})
	}
	return ""
}

// text is the cell as it stands, empty where the row is too short or the file lacks the column.
func (p *parser) text(row record, column int) string {
	if column == absent || column >= len(row) {
		return ""
	}
	return row[column].text
}

// report adds a problem with its place.
func (p *parser) report(row record, column int, problem Problem) {
	problem.Line, problem.Column = p.lineOf(row, column), p.header.name(column)
	p.problems.Add(problem)
}

func (p *parser) lineOf(row record, column int) int {
	if column == absent || column >= len(row) {
		return row.line()
	}
	return row[column].line
}

// require finds a column that the format cannot do without.
func (p *parser) require(called string, keys ...string) int {
	column := p.header.find(&p.problems, keys...)
	if column == absent {
		p.problems.Add(Problem{
			Code: models.FieldRequired, Reason: ReasonNoColumn, Line: p.header.line, Column: called,
		})
	}
	return column
}
