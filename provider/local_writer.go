package provider

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// LocalWriter is the text provider "local": it composes descriptions from the product's own fields and the facts handed
// in, in English and Spanish, without any model or network. It claims nothing that the data doesn't say, writes the same
// text for the same product each time, and different ones for different products.
//
// It follows a language, a tone and an outline. Free instructions are for models: it leaves them aside.
type LocalWriter struct {
	reader      *reader
	english     english
	spanish     spanish
	placeholder *regexp.Regexp

	// pace is the pause between emitted sentences; zero: none.
	pace time.Duration
}

// NewLocalWriter makes the provider. pace is how long it pauses after each sentence, so that people can watch a
// demonstration; zero writes at once.
func NewLocalWriter(pace time.Duration) *LocalWriter {
	reader := newReader()
	return &LocalWriter{
		reader:      reader,
		english:     newEnglish(reader.lexicon),
		spanish:     spanish{reader.lexicon},
		placeholder: regexp.MustCompile(`\{\{\s*\.?([\p{L}\p{N}_ ]+?)\s*\}\}`),
		pace:        pace,
	}
}

// Name is "local".
func (*LocalWriter) Name() string { return "local" }

// WriteText composes the text and emits it sentence by sentence. It refuses a language other than English and Spanish.
func (w *LocalWriter) WriteText(ctx context.Context, request TextRequest, emit func(soFar string)) (Text, error) {
	in, ok := w.tongue(request.Language)
	if !ok {
		return Text{}, w.failure(Refused, errors.New("it writes en and es, not the language asked for"))
	}
	p := w.reader.read(request.Product)
	v := voice{
		tone:  toneOf(request.Tone),
		seed:  seedOf(request.Product.Name),
		facts: w.facts(request.Facts, baseLanguage(request.Language)),
	}
	outline := w.readOutline(request.Outline, p)

	text := ""
	if request.Kind == LongDescription {
		text = long(in.sections(p, v), outline, in)
	} else {
		text = short(in.sentences(p, v), outline)
	}
	text = cutText(w.reader.tidy.stops(text), runesOf(request.Kind))
	if err := w.emitSlowly(ctx, text, emit); err != nil {
		return Text{}, w.failure(KindOf(err), err)
	}
	return Text{Text: text, Provider: w.Name()}, nil
}

// tongue is a language to write in.
type tongue interface {
	// sentences are those of a short description, the most important first.
	sentences(p *profile, v voice) []string

	// sections are those of a long description, none of them empty.
	sections(p *profile, v voice) []section

	// topic says which of the sections a heading of an outline asks for; empty when it is none that is known.
	topic(heading string) sectionTopic
}

// tongue is the one for a BCP 47 tag; English for none.
func (w *LocalWriter) tongue(tag string) (tongue, bool) {
	switch base := strings.ToLower(strings.TrimSpace(tag)); {
	case base == "", base == "en", strings.HasPrefix(base, "en-"):
		return w.english, true
	case base == "es", strings.HasPrefix(base, "es-"):
		return w.spanish, true
	}
	return nil, false
}

func (w *LocalWriter) failure(kind Kind, err error) *Error {
	return &Error{Provider: w.Name(), Kind: kind, Err: err}
}

// facts are those handed in that are clean sentences in the language.
func (w *LocalWriter) facts(facts []Fact, lang string) []Fact {
	var kept []Fact
	for _, fact := range facts[:min(len(facts), maxFacts)] {
		fact.Statement = closed(w.reader.clean.line(fact.Statement, maxFactRunes))
		if spokenIn := languageOf(fact.Statement); fact.Statement != "" && (spokenIn == lang || spokenIn == "") {
			kept = append(kept, fact)
		}
	}
	return kept
}

// emitSlowly emits the text up to the end of each of its sentences and lines, with a pause after each.
func (w *LocalWriter) emitSlowly(ctx context.Context, text string, emit func(soFar string)) error {
	for i := range text {
		ends := text[i] == '\n' || (strings.IndexByte(".!?", text[i]) >= 0 && i+1 < len(text) && text[i+1] == ' ')
		if !ends {
			continue
		}
		emit(strings.TrimRight(text[:i+1], "\n"))
		if err := w.rest(ctx); err != nil {
			return err
		}
	}
	emit(text)
	return ctx.Err()
}

// rest pauses for the pace, unless ctx ends before.
func (w *LocalWriter) rest(ctx context.Context) error {
	if w.pace <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(w.pace)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tone is how the local writer speaks.
type tone int

const (
	neutral tone = iota
	professional
	friendly
	playful
)

// toneOf understands the usual words for tones, in English and Spanish; others mean neutral.
func toneOf(wish string) tone {
	wish = strings.ToLower(wish)
	for words, meant := range map[string]tone{
		"profession formal business serious profesional serio":             professional,
		"friend warm casual conversational cercano amable amistos cálido":  friendly,
		"play fun humor humour witty energetic divertid juguet desenfadad": playful,
	} {
		for word := range strings.FieldsSeq(words) {
			if strings.Contains(wish, word) {
				return meant
			}
		}
	}
	return neutral
}

// voice is how one product is written about.
type voice struct {
	tone  tone
	seed  uint64
	facts []Fact
}

// isWarm says whether the voice speaks to the reader.
func (v voice) isWarm() bool { return v.tone == friendly || v.tone == playful }

// seedOf makes different products read differently and the same one always alike.
func seedOf(name string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name)) // a hash never fails
	return hash.Sum64()
}

// pick chooses one of the variants by the seed; turn tells apart the choices within one text.
func (v voice) pick(turn uint64, variants ...string) string {
	return variants[(v.seed>>(8*(turn%8)))%uint64(len(variants))]
}

// sectionTopic says what a section is about.
type sectionTopic string

const (
	topicOverview sectionTopic = "overview"
	topicFeatures sectionTopic = "features"
	topicData     sectionTopic = "data"
	topicCare     sectionTopic = "care"
	topicMore     sectionTopic = "more"
)

// section is a part of a long description.
type section struct {
	topic   sectionTopic
	heading string
	body    string
}

// short joins as many whole sentences as fit, after those of the outline. The first is always kept.
func short(sentences []string, o outline) string {
	text := ""
	for _, sentence := range append(o.sentences(), sentences...) {
		if text != "" && utf8.RuneCountInString(text)+1+utf8.RuneCountInString(sentence) > MaxShortRunes {
			continue
		}
		text = strings.TrimSpace(text + " " + sentence)
	}
	return text
}

// long writes the sections under their headings: in the outline's order under its headings if there is one.
func long(sections []section, o outline, in tongue) string {
	if len(o.blocks) > 0 {
		sections = o.arrange(sections, in)
	}
	var written []string
	for _, s := range sections {
		if s.heading == "" {
			written = append(written, s.body)
			continue
		}
		written = append(written, fmt.Sprintf("## %s\n\n%s", s.heading, s.body))
	}
	return strings.Join(written, "\n\n")
}
