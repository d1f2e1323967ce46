package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSONIsReadAsEncodingJSONReadsIt(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `1.5e-3`, `true`, `false`, `null`, ` [ 1 , {"a" : [ ] } , "x" ] `,
		`{"a":{"b":[1,2,{"c":null}]},"d":"\"\\\/\b\f\n\r\t\u00e9\ud83d\udc4b"}`, `"é👋"`, `1E+9`, `123456789012345678901234567890`,
	} {
		got, err := decodeJSON([]byte(text), 8)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(reference(t, text), got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func reference(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestJSONThatReadersDifferOnIsRefused(t *testing.T) {
	for text, want := range map[string]error{
		``:                         errSyntax,
		`{`:                        errSyntax,
		`{"a"}`:                    errSyntax,
		`{"a":1,}`:                 errSyntax,
		`[1,]`:                     errSyntax,
		`[1 2]`:                    errSyntax,
		`{a:1}`:                    errSyntax,
		`'a'`:                      errSyntax,
		`01`:                       errTrailing,
		`+1`:                       errSyntax,
		`.5`:                       errSyntax,
		`1.`:                       errSyntax,
		`1e`:                       errSyntax,
		`-`:                        errSyntax,
		`tru`:                      errSyntax,
		`NaN`:                      errSyntax,
		`"a`:                       errSyntax,
		`"\x"`:                     errSyntax,
		`"\u12"`:                   errSyntax,
		`"\u12G4"`:                 errSyntax,
		`"\`:                       errSyntax,
		"\"a\nb\"":                 errSyntax,
		"\"\x00\"":                 errSyntax,
		"\"\\n\x01\"":              errSyntax,
		"\ufeff{}":                 errSyntax,
		`{} {}`:                    errTrailing,
		`{}x`:                      errTrailing,
		"{}\x00":                   errTrailing,
		`nullnull`:                 errTrailing,
		`{"a":1,"a":2}`:            errDuplicate,
		`{"a":1,"\u0061":2}`:       errDuplicate,
		`[{"b":{"a":1,"a":1}}]`:    errDuplicate,
		`"\u0000"`:                 errNotText,
		`"\ud800"`:                 errNotText,
		`"\udc00"`:                 errNotText,
		`"\ud800x"`:                errNotText,
		`"\ud800\n"`:               errNotText,
		`"\ud800\ud800"`:           errNotText,
		`{"\u0000":1}`:             errNotText,
		"\"\xff\"":                 errNotText,
		"\"\\n\xed\xa0\x80\"":      errNotText, // a surrogate as UTF-8
		"\"\xc0\xaf\"":             errNotText, // overlong
		`[[[[[[[[[0]]]]]]]]]`:      errTooDeep,
		`{"a":[[[[[[[[0]]]]]]]]}`:  errTooDeep,
		strings.Repeat("[", 1e5):   errTooDeep,
		strings.Repeat(`{"`, 1e5):  errSyntax,
		`[[],[],[[[[[[[[[]]]]]]]]`: errTooDeep,
	} {
		if _, err := decodeJSON([]byte(text), 8); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", text, err, want)
		}
	}
}

func TestSiblingsDoNotAddToDepth(t *testing.T) {
	if _, err := decodeJSON([]byte(`[[],[],[],[{},{},{"a":[]}],[[]]]`), 4); err != nil {
		t.Error(err)
	}
}

// FuzzDecodeJSON: what we read, encoding/json reads too and alike; what we refuse beyond what it refuses has a reason
// of ours.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x\u00e9",null,true]}`, `"\ud83d\udc4b"`, `[[[]]]`, `{"a":1,"a":2}`, `01`, `"\ud800"`, ` {} `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeJSON(text, 32)
		if err != nil {
			if errors.Is(err, errSyntax) && json.Valid(text) {
				t.Fatalf("%q is valid, yet %v", text, err)
			}
			return
		}
		var want any
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q is read, yet %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
