package provider

import (
	"regexp"
	"slices"
	"strings"
)

// outline is a team's template as the local writer follows it: its headings in its order, its own sentences kept, and
// {{.Name}}, {{.Brand}} and the like filled in. A line that needs a value which the product lacks is left out.
type outline struct{ blocks []outlineBlock }

// outlineBlock is a heading with the lines below it; either may be empty.
type outlineBlock struct {
	heading string
	lines   []string
}

// readOutline reads a template of lines.
func readOutline(text string, p *profile, lexicon *lexicon) outline {
	var o outline
	placeholder := regexp.MustCompile(`\{\{\s*\.?([\p{L}\p{N}_ ]+?)\s*\}\}`)
	for line := range strings.Lines(text) {
		missing := false
		line = placeholder.ReplaceAllStringFunc(strings.TrimSpace(line), func(field string) string {
			value := p.field(placeholder.FindStringSubmatch(field)[1], lexicon)
			missing = missing || value == ""
			return value
		})
		if line == "" || missing {
			continue
		}
		if heading := strings.TrimSpace(strings.TrimLeft(line, "#")); strings.HasPrefix(line, "#") {
			o.blocks = append(o.blocks, outlineBlock{heading: heading})
			continue
		}
		if len(o.blocks) == 0 {
			o.blocks = append(o.blocks, outlineBlock{})
		}
		last := &o.blocks[len(o.blocks)-1]
		last.lines = append(last.lines, line)
	}
	return o
}

// field is the value of a template's field: one of the product's own or an attribute's; empty when it is not known.
func (p *profile) field(name string, lexicon *lexicon) string {
	switch strings.ToLower(name) {
	case "name":
		return p.name
	case "brand":
		return p.brand
	case "category":
		return p.category
	case "sku":
		return p.sku
	}
	wanted := lexicon.attributes.exact(name)
	for _, c := range p.choices {
		if strings.EqualFold(c.name, name) || (wanted != nil && wanted == lexicon.attributes.exact(c.name)) {
			return strings.Join(c.values, ", ")
		}
	}
	return ""
}

// sentences are the outline's own lines, without headings and list marks, as whole sentences.
func (o outline) sentences() []string {
	var sentences []string
	for _, block := range o.blocks {
		for _, line := range block.lines {
			sentences = appendText(sentences, closed(strings.TrimLeft(line, "-*• ")))
		}
	}
	return sentences
}

// arrange puts the sections in the outline's order. A heading takes the section that it asks for by name; one that
// asks for nothing known takes the overview if no other heading does; one with nothing to say is left out.
func (o outline) arrange(sections []section, in tongue) []section {
	var arranged []section
	taken := map[sectionTopic]bool{}
	for _, block := range o.blocks {
		taken[in.topic(block.heading)] = true
	}
	for _, block := range o.blocks {
		wanted := in.topic(block.heading)
		if wanted == "" && len(block.lines) == 0 && !taken[topicOverview] {
			wanted, taken[topicOverview] = topicOverview, true
		}
		body := strings.Join(block.lines, "\n")
		at := slices.IndexFunc(sections, func(s section) bool { return s.topic == wanted })
		if at >= 0 {
			body = strings.TrimSpace(body + "\n\n" + sections[at].body)
			sections = slices.Delete(slices.Clone(sections), at, at+1)
		}
		if body != "" {
			arranged = append(arranged, section{topic: wanted, heading: block.heading, body: body})
		}
	}
	return arranged
}
