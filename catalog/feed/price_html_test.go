package feed

import (
	"strings"
	"testing"
	"time"
)

func TestPricesAreExactInMinorUnits(t *testing.T) {
	tests := []struct {
		text, currency string
		want           int64
		reason         Reason
	}{
		{"9.99", "USD", 999, ReasonNone},
		{"50", "USD", 5000, ReasonNone},
		{"0", "USD", 0, ReasonNone},
		{"0.1", "USD", 10, ReasonNone},
		{"19,99", "EUR", 1999, ReasonNone},
		{"1,299.00", "USD", 129900, ReasonNone},
		{"1.299,00", "EUR", 129900, ReasonNone},
		{"1 299,00", "EUR", 129900, ReasonNone},
		{"9.9900", "USD", 999, ReasonNone},
		{"1500.00", "JPY", 1500, ReasonNone},
		{"1.234", "KWD", 1234, ReasonNone},
		{"70368744177664.00", "USD", 7036874417766400, ReasonNone},
		{"1,299", "USD", 0, ReasonNotANumber},
		{"1.299", "USD", 0, ReasonDecimals},
		{"-5.00", "USD", 0, ReasonNegative},
		{"--5", "USD", 0, ReasonNotANumber},
		{"99999999999999999999", "USD", 0, ReasonTooLarge},
		{"1e5", "USD", 0, ReasonNotANumber},
		{"NaN", "USD", 0, ReasonNotANumber},
		{"1.2.3", "USD", 0, ReasonNotANumber},
		{"12,34,567.00", "USD", 0, ReasonNotANumber},
		{"5.", "USD", 0, ReasonNotANumber},
		{".5", "USD", 0, ReasonNotANumber},
		{"$5", "USD", 0, ReasonNotANumber},
		{"٣", "USD", 0, ReasonNotANumber},
	}
	for _, test := range tests {
		got, reason := parsePrice(test.text, test.currency)
		if got != test.want || reason != test.reason {
			t.Errorf("%s %s: %d %q, want %d %q", test.text, test.currency, got, reason, test.want, test.reason)
		}
	}
}

func TestBodiesReadAsAPersonSeesThem(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"plain text":           {"One line.\r\nAnother.", "One line.\nAnother."},
		"paragraphs":           {"<p>One.</p><p>Two.</p>", "One.\n\nTwo."},
		"breaks":               {"One<br>two<br/><br/>three", "One\ntwo\nthree"},
		"inline marks":         {"<p>A <b>bold</b>, <i>slanted</i> claim</p>", "A bold, slanted claim"},
		"lines of the source":  {"<p>One\n   sentence\tin\nlines.</p>", "One sentence in lines."},
		"lines without blocks": {"One <b>bold</b> line\nand another\n\nand a third", "One bold line\nand another\n\nand a third"},
		"lists":                {"<ul>\n<li>One</li>\n<li>Two</li>\n</ul>After", "- One\n- Two\n\nAfter"},
		"headings":             {"<h2>Care</h2><div>Wash cold.</div>", "Care\n\nWash cold."},
		"tables":               {"<table><tr><th>Size</th><td>M</td></tr><tr><th>Fit</th><td>Slim</td></tr></table>", "Size M\nFit Slim"},
		"entities":             {"Salt &amp; pepper&nbsp;mill &lt;new&gt; caf&eacute;", "Salt & pepper mill <new> café"},
		"less than":            {"5 < 10 & 10 > 5", "5 < 10 & 10 > 5"},
		"scripts and styles":   {"<style>p{color:red}</style><p>Seen</p><script>alert('<p>')</script>", "Seen"},
		"comments":             {"a<!-- hidden -->b", "ab"},
		"unclosed":             {"<p>One<p>Two<div>Three", "One\n\nTwo\nThree"},
		"an unclosed script":   {"<p>One</p><script>alert(1)", "One"},
		"invisible characters": {"a\u200bb\u00adc\x07d\u202e<br>e", "abcd\ne"},
		"nothing":              {"<p>&nbsp;</p><div></div>", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := PlainText(test.body); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestHostileBodiesTakeLinearTime(t *testing.T) {
	for _, piece := range []string{"<div>", "<", "&", "<svg>", "<!--", "</", "<a b=\"", "\n"} {
		began := time.Now()
		PlainText(strings.Repeat(piece, MaxFieldBytes/len(piece)))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q: %s", piece, took)
		}
	}
}
