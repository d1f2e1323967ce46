package feed

import (
	"strings"

	"productgenerator/models"
)

// Bounds of a file, besides MaxFileBytes.
const (
	MaxRows       = 50_000
	MaxColumns    = 200
	MaxFieldBytes = 512 << 10 // the longest HTML body that Shopify itself takes
)

// cell is one field of a record and the line on which it begins.
type cell struct {
	text string
	line int
}

// record is one row of the file, of one or more lines.
type record []cell

// line is where the record begins.
func (r record) line() int { return r[0].line }

// blank says whether the record is an empty line or holds nothing but separators.
func (r record) blank() bool {
	for _, c := range r {
		if strings.TrimSpace(c.text) != "" {
			return false
		}
	}
	return true
}

// records splits a text into records. Unlike encoding/csv it counts lines that end in a lone CR, is bounded, and takes
// a quote inside an unquoted field as it stands (27" screen), as spreadsheets do; it is strict where a guess could swallow
// rows: a quote that opens a field must be closed, and a separator or a line's end must follow.
type records struct {
	text      string
	offset    int
	line      int
	separator byte
}

func newRecords(text string) *records {
	r := &records{text: text, line: 1, separator: ','}
	if first, rest, ok := cutLine(text); ok && len(first) == 5 && strings.EqualFold(first[:4], "sep=") {
		// Excel's own hint, which is no row of the table.
		r.separator, r.offset, r.line = first[4], len(text)-len(rest), 2
		return r
	}
	r.separator = detectSeparator(text)
	return r
}

// cutLine cuts the first line off a text; ok is false where there is only one.
func cutLine(text string) (line, rest string, ok bool) {
	end := strings.IndexAny(text, "\r\n")
	if end < 0 {
		return text, "", false
	}
	rest = text[end+1:]
	if text[end] == '\r' {
		rest = strings.TrimPrefix(rest, "\n")
	}
	return text[:end], rest, true
}

// detectSeparator counts the candidates in the header, outside of quotes. The comma wins a draw.
func detectSeparator(text string) byte {
	text = strings.TrimLeft(text, "\r\n")
	counts := map[byte]int{}
	quoted := false
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '\n' || b == '\r':
			return mostFrequent(counts)
		default:
			counts[b]++
		}
	}
	return mostFrequent(counts)
}

func mostFrequent(counts map[byte]int) byte {
	best := byte(',')
	for _, candidate := range []byte{';', '\t'} {
		if counts[candidate] > counts[best] {
			best = candidate
		}
	}
	return best
}

// next returns the next record that is not blank, nil at the end of the text. After an error nothing more can be read.
func (r *records) next() (record, error) {
	for r.offset < len(r.text) {
		row, err := r.read()
		if err != nil {
			return nil, err
		}
		if !row.blank() {
			return row, nil
		}
	}
	return nil, nil
}

// read takes one record off the text, with its line's end.
func (r *records) read() (record, error) {
	var row record
	for {
		if len(row) == MaxColumns {
			return nil, refuse(Problem{Code: models.FieldTooMany, Line: r.line, Limit: MaxColumns})
		}
		c, err := r.field()
		if err != nil {
			return nil, err
		}
		if len(c.text) > MaxFieldBytes {
			return nil, refuse(Problem{Code: models.FieldTooLong, Line: c.line, Limit: MaxFieldBytes, Value: c.text})
		}
		row = append(row, c)
		if r.offset == len(r.text) {
			return row, nil
		}
		if r.text[r.offset] != r.separator {
			r.endLine()
			return row, nil
		}
		r.offset++
	}
}

// field takes one field off the text and leaves the separator or line's end that follows.
func (r *records) field() (cell, error) {
	start := r.offset
	for r.offset < len(r.text) && r.text[r.offset] == ' ' {
		r.offset++
	}
	if r.offset < len(r.text) && r.text[r.offset] == '"' {
		return r.quoted()
	}
	for r.offset < len(r.text) && !r.atEnd() {
		r.offset++
	}
	return cell{text: r.text[start:r.offset], line: r.line}, nil
}

// quoted takes a quoted field: a doubled quote stands for one, line breaks of all kinds for a new line.
func (r *records) quoted() (cell, error) {
	started := r.line
	var text strings.Builder
	r.offset++
	for {
		plain := strings.IndexAny(r.text[r.offset:], "\"\r\n")
		if plain < 0 {
			return cell{}, refuse(Problem{
				Code: models.FieldInvalid, Reason: ReasonOpenQuote, Line: started, Value: text.String() + r.text[r.offset:],
			})
		}
		text.WriteString(r.text[r.offset : r.offset+plain])
		r.offset += plain
		if r.text[r.offset] != '"' {
			r.endLine()
			text.WriteByte('\n')
			continue
		}
		r.offset++
		if r.offset < len(r.text) && r.text[r.offset] == '"' {
			text.WriteByte('"')
			r.offset++
			continue
		}
		break
	}
	for r.offset < len(r.text) && r.text[r.offset] == ' ' {
		r.offset++
	}
	if r.offset < len(r.text) && !r.atEnd() {
		return cell{}, refuse(Problem{
			Code: models.FieldInvalid, Reason: ReasonAfterQuote, Line: r.line, Value: text.String(),
		})
	}
	return cell{text: text.String(), line: started}, nil
}

func (r *records) atEnd() bool {
	b := r.text[r.offset]
	return b == r.separator || b == '\n' || b == '\r'
}

// endLine steps over LF, CRLF or a lone CR.
func (r *records) endLine() {
	if strings.HasPrefix(r.text[r.offset:], "\r\n") {
		r.offset++
	}
	r.offset++
	r.line++
}
