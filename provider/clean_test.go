package provider

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestForeignTextIsMadeSafe(t *testing.T) {
	cases := map[string]string{
		"plain":                                             "plain",
		"AT&amp;T & Co, 5 < 6 > 4":                          "AT&T & Co, 5 < 6 > 4",
		"<p>one</p><p>two<br>three</p>":                     "one\n\ntwo\nthree",
		"a<script>alert(1)</script>b":                       "ab",
		"&lt;script&gt;alert(1)&lt;/script&gt;x":            "x",
		"&amp;lt;img src=x onerror=alert(1)&amp;gt;x":       "x",
		"<scr<script>ipt>alert(1)</script>":                 "ipt>alert(1)",
		"[click](javascript:alert(1)) ![i](data:x,y)":       "click i",
		"see [1]\n\n[1]: javascript:alert(1)":               "see [1]",
		"go to JaVaScRiPt:alert(1)":                         "go to alert(1)",
		"broken \xff\xfe utf-8":                             "broken utf-8",
		"con\x00trol\x07 \u202eevil\u202c \ufeffbom":        "control evil bom",
		"line\r\nend\rs\u2028x":                             "line\nend\ns\nx",
		"## Heading\n\n\n\n- **Size:** L  \n- *soft*":       "## Heading\n\n- **Size:** L\n- *soft*",
		"<iframe src=//evil></iframe><svg onload=x>ok":      "ok",
		"<<<&amp;#106;>script":                              "script",
		"a <[s](https://evil.example)cript":                 "a script",
		"java<[s](https://evil.example)cript:alert(1)":      "alert(1)",
		"Technical data: 5 kg":                              "Technical data: 5 kg",
		"unfinished <img src=x onerror=alert(1)":            "unfinished",
		"café — “quoted” 日本 👩‍🌾":                            "café — “quoted” 日本 👩‍🌾",
		"price 5 &lt;b&gt;bold&lt;/b&gt; &#106;avascript:x": "price 5 bold x",
	}
	for raw, want := range cases {
		if got := newCleaner().text(raw, MaxLongRunes); got != want {
			t.Errorf("%q became %q; want %q", raw, got, want)
		}
	}
}

func TestWhateverComesInNothingActiveGoesOut(t *testing.T) {
	clean := newCleaner()
	pieces := []string{"<", ">", "script", "&lt;", "&amp;", "lt;", "javascript", ":", "[", "](", ")", "img ", "\x00", "\xff", "\u202e", "a", " ", "\n", "!", "/", "#106;", "data"}
	rapid.Check(t, func(t *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(t, "pieces"), "")
		limit := rapid.IntRange(1, 100).Draw(t, "limit")
		got := clean.text(raw, limit)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
			t.Errorf("%q became %q", raw, got)
		}
		lower := strings.ToLower(got)
		for _, active := range []string{"<script", "<img", "</", "javascript:", "\ndata:a/", "\x00", "\u202e"} {
			if strings.Contains(lower, active) {
				t.Errorf("%q became %q", raw, got)
			}
		}
	})
}

func TestATextIsCutAfterASentenceElseAfterAWord(t *testing.T) {
	cases := []struct {
		text  string
		limit int
		want  string
	}{
		{"Short.", 10, "Short."},
		{"One sentence. Another one.", 20, "One sentence."},
		{"One sentence. Another one.", 13, "One sentence."},
		{"One. A very long second sentence goes here", 30, "One. A very long second…"},
		{"Some words without an end, really", 27, "Some words without an end…"},
		{"Unbreakableunbreakable", 10, "Unbreakab…"},
		{"ééééé éééééé", 8, "ééééé…"},
	}
	for _, c := range cases {
		if got := cutText(c.text, c.limit); got != c.want {
			t.Errorf("cutText(%q, %d) = %q; want %q", c.text, c.limit, got, c.want)
		}
	}
}
