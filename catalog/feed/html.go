package feed

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// PlainText reads an HTML body as the text that a person sees: paragraphs apart, list items and table rows on lines of
// their own, scripts and styles left out, entities resolved. A body without block elements keeps its line breaks.
func PlainText(body string) string {
	if !strings.ContainsAny(body, "<&") {
		return tidyText(body)
	}
	writer := textWriter{keepLines: !hasBlocks(body)}
	for tokens := html.NewTokenizer(strings.NewReader(body)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			return tidyText(writer.String())
		case html.TextToken:
			writer.text(string(tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := tokens.TagName()
			if tag := string(name); hidden(tag) {
				skipElement(tokens, tag)
			} else {
				writer.tag(tag, true)
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			writer.tag(string(name), false)
		}
	}
}

// hasBlocks says whether elements, rather than line breaks, make the body's lines.
func hasBlocks(body string) bool {
	for tokens := html.NewTokenizer(strings.NewReader(body)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := tokens.TagName()
			if gapOf(string(name)) >= newLine {
				return true
			}
		}
	}
}

// hidden elements hold nothing that a reader sees.
func hidden(tag string) bool {
	switch tag {
	case "script", "style", "iframe", "noscript", "template", "title", "svg", "object":
		return true
	}
	return false
}

// skipElement reads past the element's end.
func skipElement(tokens *html.Tokenizer, tag string) {
	for depth := 1; depth > 0; {
		switch tokens.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken:
			if name, _ := tokens.TagName(); string(name) == tag {
				depth++
			}
		case html.EndTagToken:
			if name, _ := tokens.TagName(); string(name) == tag {
				depth--
			}
		}
	}
}

// gap is what stands between two pieces of text; the wider one wins.
type gap int

const (
	noGap gap = iota
	space
	newLine
	blankLine
)

// gapOf is the gap that an element makes on both of its sides.
func gapOf(tag string) gap {
	switch tag {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "figure":
		return blankLine
	case "br", "div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "aside", "figcaption", "caption":
		return newLine
	case "td", "th", "img":
		return space
	default:
		return noGap
	}
}

// textWriter joins pieces of text with the gaps between them.
type textWriter struct {
	out       strings.Builder
	pending   gap
	item      bool // the next text begins a list item
	keepLines bool
}

func (w *textWriter) String() string { return w.out.String() }

func (w *textWriter) tag(name string, opens bool) {
	w.pending = max(w.pending, gapOf(name))
	if name == "li" {
		w.item = opens
	}
}

// text writes a piece of text; its white space is one space, as in a browser.
func (w *textWriter) text(piece string) {
	for i, line := range strings.Split(piece, "\n") {
		if i > 0 {
			w.pending = max(w.pending, w.lineGap())
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			if line != "" {
				w.pending = max(w.pending, space)
			}
			continue
		}
		if first := []rune(line)[0]; unicode.IsSpace(first) {
			w.pending = max(w.pending, space)
		}
		w.gap()
		w.out.WriteString(strings.Join(words, " "))
		if line != strings.TrimRightFunc(line, unicode.IsSpace) {
			w.pending = space
		}
	}
}

// lineGap is what a line break in the source means.
func (w *textWriter) lineGap() gap {
	if !w.keepLines {
		return space
	}
	if w.pending == newLine {
		return blankLine
	}
	return newLine
}

// gap writes what is pending before the next text.
func (w *textWriter) gap() {
	if w.out.Len() > 0 {
		w.out.WriteString([]string{noGap: "", space: " ", newLine: "\n", blankLine: "\n\n"}[w.pending])
	}
	if w.item {
		w.out.WriteString("- ")
	}
	w.pending, w.item = noGap, false
}

// tidyText drops what no text needs (control and zero-width characters, direction overrides), trims its lines and
// leaves at most one blank line between them.
func tidyText(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	var out strings.Builder
	blank := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = oneLine(strings.Map(visible, line))
		if line == "" {
			blank++
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n")
			if blank > 0 {
				out.WriteString("\n")
			}
		}
		blank = 0
		out.WriteString(line)
	}
	return out.String()
}

// visible drops invisible characters and keeps white space.
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), r == '\u00ad', r == '\u200b', r == '\ufeff':
		return -1
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}
