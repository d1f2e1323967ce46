package provider

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
)

// maxRawBytes bounds the raw text that is cleaned at all: four bytes for each character of the longest text, and as
// much again for markup.
const maxRawBytes = 2 * 4 * MaxLongRunes

// cleaner makes foreign text safe to store and to show: valid UTF-8, no control characters, no markup that a browser
// would run, no links.
type cleaner struct {
	policy     *bluemonday.Policy
	block      *regexp.Regexp
	link       *regexp.Regexp
	definition *regexp.Regexp
	scheme     *regexp.Regexp
	tag        *regexp.Regexp
	blankLines *regexp.Regexp
	spaces     *regexp.Regexp
}

func newCleaner() *cleaner {
	return &cleaner{
		policy: bluemonday.StrictPolicy(),
		block:  regexp.MustCompile(`(?i)</?(?:p|br|div|li|ul|ol|tr|table|h[1-6]|section|article|blockquote)\b[^<>]*>`),

		// link is a Markdown link or image; its text is kept, its target is not.
		link:       regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)`),
		definition: regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]:\s*\S+.*$`),
		scheme:     regexp.MustCompile(`(?i)(?:(?:javascript|vbscript)\s*:|\bdata\s*:\s*[a-z]+/)\s*`),
		tag:        regexp.MustCompile(`<+([A-Za-z/!?]|\s*$)`),
		blankLines: regexp.MustCompile(`\n{3,}`),
		spaces:     regexp.MustCompile(`[ \t\x{00a0}]{2,}`),
	}
}

// text cleans a text of several lines and cuts it to at most limit characters, at the end of a sentence if it can.
func (c *cleaner) text(raw string, limit int) string {
	raw = strings.ToValidUTF8(cutBytes(raw, maxRawBytes), "")
	raw = strings.Map(visible, strings.ReplaceAll(raw, "\r\n", "\n"))
	raw = c.withoutMarkup(raw)
	raw = c.link.ReplaceAllString(raw, "$1")
	raw = c.definition.ReplaceAllString(raw, "")
	raw = c.withoutActive(raw)

	lines := strings.Split(raw, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	raw = c.spaces.ReplaceAllString(strings.Join(lines, "\n"), " ")
	raw = c.blankLines.ReplaceAllString(raw, "\n\n")
	return cutText(strings.TrimSpace(raw), limit)
}

// withoutActive removes what is left of tags and of schemes that run something, until nothing is: where one went, what
// stood around it may make another.
func (c *cleaner) withoutActive(raw string) string {
	for {
		inert := c.scheme.ReplaceAllString(c.tag.ReplaceAllString(raw, "$1"), "")
		if inert == raw {
			return raw
		}
		raw = inert
	}
}

// line cleans a text that belongs on one line.
func (c *cleaner) line(raw string, limit int) string {
	return cutText(strings.Join(strings.Fields(c.text(raw, MaxLongRunes)), " "), limit)
}

// withoutMarkup removes HTML, also what hides behind entities, and leaves plain text: "&amp;" becomes "&", and a "<"
// stays only where no tag could begin.
func (c *cleaner) withoutMarkup(raw string) string {
	if !strings.ContainsAny(raw, "<&") {
		return raw
	}
	const rounds = 3 // each undoes one level of entities
	for range rounds {
		plain := html.UnescapeString(c.policy.Sanitize(c.block.ReplaceAllString(raw, "\n")))
		if plain == raw {
			break
		}
		raw = plain
	}
	return strings.Map(visible, c.tag.ReplaceAllString(raw, "$1"))
}

// visible maps characters that no text needs to nothing (controls, text direction overrides, byte order marks), other
// line ends to a new line, and the tab to a space.
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r == '\r', r == '\u2028', r == '\u2029':
		return '\n'
	case r == '\t':
		return ' '
	case unicode.IsControl(r), r == '\ufeff', r == '\u200b':
		return -1
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// cutBytes cuts s to at most limit bytes; it may leave a broken last character.
func cutBytes(s string, limit int) string { return s[:min(len(s), limit)] }

// cutText cuts s to at most limit characters: after the last whole sentence if that keeps at least a third of them, else
// before the last word with an ellipsis.
func cutText(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	if end := lastSentenceEnd(runes[:limit+1]); end >= limit/3 {
		return strings.TrimSpace(string(runes[:end]))
	}
	kept := runes[:limit-1]
	for i := limit - 1; i > limit/2; i-- {
		if unicode.IsSpace(runes[i]) {
			kept = runes[:i]
			break
		}
	}
	return strings.TrimRightFunc(string(kept), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:-–—", r) }) + "…"
}

// lastSentenceEnd is the index after the last full stop, exclamation or question mark that white space follows; 0 when
// there is none.
func lastSentenceEnd(runes []rune) int {
	for i := len(runes) - 2; i >= 0; i-- {
		if strings.ContainsRune(".!?。", runes[i]) && unicode.IsSpace(runes[i+1]) {
			return i + 1
		}
	}
	return 0
}
