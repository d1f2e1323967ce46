package transport

import (
	"encoding/json"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// Why a text is refused. None of them quotes it.
var (
	errSyntax    = errors.New("malformed JSON")
	errTrailing  = errors.New("something follows the JSON document")
	errTooDeep   = errors.New("JSON nested too deeply")
	errDuplicate = errors.New("a JSON object has a key twice")
	errNotText   = errors.New("a string holds NUL, a lone surrogate or invalid UTF-8")
)

// decodeJSON reads one JSON document: objects as map[string]any, lists as []any, numbers as json.Number. It is stricter
// than encoding/json, which takes the last of two equal keys and replaces what is not text: a document that two readers
// may understand differently is refused, as is text that PostgreSQL cannot store.
func decodeJSON(data []byte, maxDepth int) (any, error) {
	d := decoder{data: data, depthLeft: maxDepth}
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if d.next() != 0 || d.pos < len(data) {
		return nil, errTrailing
	}
	return v, nil
}

type decoder struct {
	data      []byte
	pos       int
	depthLeft int
}

// next skips white space and gives the byte there, without taking it; 0 at the end.
func (d *decoder) next() byte {
	for ; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (d *decoder) value() (any, error) {
	switch c := d.next(); c {
	case '{':
		return d.object()
	case '[':
		return d.list()
	case '"':
		return d.text()
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	case 'n':
		return nil, d.literal("null")
	default:
		return d.number()
	}
}

func (d *decoder) object() (any, error) {
	if d.depthLeft == 0 {
		return nil, errTooDeep
	}
	d.depthLeft--
	d.pos++
	object := make(map[string]any, 4)
	if d.next() == '}' {
		d.pos++
		d.depthLeft++
		return object, nil
	}
	for {
		if d.next() != '"' {
			return nil, errSyntax
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if _, twice := object[key]; twice {
			return nil, errDuplicate
		}
		if d.next() != ':' {
			return nil, errSyntax
		}
		d.pos++
		if object[key], err = d.value(); err != nil {
			return nil, err
		}
		more, err := d.more('}')
		if err != nil {
			return nil, err
		}
		if !more {
			return object, nil
		}
	}
}

func (d *decoder) list() (any, error) {
	if d.depthLeft == 0 {
		return nil, errTooDeep
	}
	d.depthLeft--
	d.pos++
	list := []any{}
	if d.next() == ']' {
		d.pos++
		d.depthLeft++
		return list, nil
	}
	for {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		more, err := d.more(']')
		if err != nil {
			return nil, err
		}
		if !more {
			return list, nil
		}
	}
}

// more takes a comma, or the bracket that ends the object or list.
func (d *decoder) more(end byte) (bool, error) {
	switch d.next() {
	case ',':
		d.pos++
		return true, nil
	case end:
		d.pos++
		d.depthLeft++
		return false, nil
	default:
		return false, errSyntax
	}
}

func (d *decoder) literal(word string) error {
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		return errSyntax
	}
	d.pos += len(word)
	return nil
}

// number takes -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (d *decoder) number() (any, error) {
	start := d.pos
	d.skip('-', '-')
	switch {
	case d.skip('0', '0'):
	case !d.digits():
		return nil, errSyntax
	}
	if d.skip('.', '.') && !d.digits() {
		return nil, errSyntax
	}
	if d.skip('e', 'E') {
		d.skip('+', '-')
		if !d.digits() {
			return nil, errSyntax
		}
	}
	return json.Number(d.data[start:d.pos]), nil
}

// skip takes one byte if it is either of two.
func (d *decoder) skip(a, b byte) bool {
	if d.pos < len(d.data) && (d.data[d.pos] == a || d.data[d.pos] == b) {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > start
}

// text takes a string. One without escapes, nearly every one, is copied as it stands.
func (d *decoder) text() (string, error) {
	d.pos++
	start := d.pos
	for ; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; {
		case c == '"':
			raw := d.data[start:d.pos]
			d.pos++
			if !utf8.Valid(raw) {
				return "", errNotText
			}
			return string(raw), nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", errSyntax
		}
	}
	return "", errSyntax
}

// escaped takes the rest of a string that began at start and has its first escape here.
func (d *decoder) escaped(start int) (string, error) {
	text := make([]byte, d.pos-start, d.pos-start+64)
	copy(text, d.data[start:d.pos])
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		d.pos++
		switch {
		case c == '"':
			if !utf8.Valid(text) {
				return "", errNotText
			}
			return string(text), nil
		case c < ' ':
			return "", errSyntax
		case c != '\\':
			text = append(text, c)
		default:
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		}
	}
	return "", errSyntax
}

// escape takes what follows a backslash.
func (d *decoder) escape() (rune, error) {
	if d.pos == len(d.data) {
		return 0, errSyntax
	}
	c := d.data[d.pos]
	d.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return d.codePoint()
	default:
		return 0, errSyntax
	}
}

// codePoint takes the four digits of \u, and the second half of a surrogate pair.
func (d *decoder) codePoint() (rune, error) {
	r, err := d.hex()
	if err != nil {
		return 0, err
	}
	if r == 0 {
		return 0, errNotText
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if !d.skip('\\', '\\') || !d.skip('u', 'u') {
		return 0, errNotText
	}
	low, err := d.hex()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errNotText
	}
	return r, nil
}

func (d *decoder) hex() (rune, error) {
	if len(d.data)-d.pos < 4 {
		return 0, errSyntax
	}
	var r rune
	for range 4 {
		c := d.data[d.pos]
		d.pos++
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, errSyntax
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}
