package provider

import (
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
func (w *LocalWriter) readOutline(template string, p *profile) outline {
	var o outline
	for line := range strings.Lines(w.reader.clean.text(template, MaxLongRunes)) {
		missing := false
		line = w.placeholder.ReplaceAllStringFunc(strings.TrimSpace(line), func(field string) string {
			value := p.field(w.placeholder.FindStringSubmatch(field)[1], w.reader.lexicon)
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
		return p.fullName
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

// arrange puts the sections in the outline's order. A heading takes the section that it asks for; the first heading, if it
// asks for nothing known, takes the overview; a heading with nothing to say is left out. An outline that has neither
// lines of its own nor a place for the overview gets it as an introduction.
func (o outline) arrange(sections []section, in tongue) []section {
	bodies := map[sectionTopic]string{}
	for _, s := range sections {
		bodies[s.topic] = s.body
	}
	var arranged []section
	overviewNeeded := true
	for i, block := range o.blocks {
		wanted := in.topic(block.heading)
		if wanted == "" && i == 0 && len(block.lines) == 0 {
			wanted = topicOverview
		}
		overviewNeeded = overviewNeeded && len(block.lines) == 0 && wanted != topicOverview
		body := strings.TrimSpace(strings.Join(block.lines, "\n") + "\n\n" + bodies[wanted])
		delete(bodies, wanted)
		if body != "" {
			arranged = append(arranged, section{topic: wanted, heading: block.heading, body: body})
		}
	}
	if overviewNeeded {
		arranged = slices.Insert(arranged, 0, section{topic: topicOverview, body: bodies[topicOverview]})
	}
	return arranged
}
