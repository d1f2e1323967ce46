package resolvers

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"productgenerator/models"
)

//go:embed messages/*.txt
var messageFiles embed.FS

// messages are the sentences for people, in each language.
type messages map[tongue]*sentences

// sentences are those of one language by their key.
type sentences struct {
	printer *message.Printer
	texts   map[string]string
}

// newMessages reads the sentences that the program carries. A file that cannot be read is a fault in the program.
func newMessages() messages {
	m := messages{}
	for _, t := range tongues() {
		texts, err := readSentences(messageFiles, "messages/"+string(t)+".txt")
		if err != nil {
			panic("resolvers: " + err.Error())
		}
		m[t] = &sentences{printer: message.NewPrinter(t.tag()), texts: texts}
	}
	return m
}

// readSentences reads a file of lines "key = sentence". Lines that begin with # are remarks.
func readSentences(files fs.FS, name string) (map[string]string, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	texts := map[string]string{}
	lines := bufio.NewScanner(file)
	for at := 1; lines.Scan(); at++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, text, ok := strings.Cut(line, "=")
		key, text = strings.TrimSpace(key), strings.TrimSpace(text)
		if _, twice := texts[key]; !ok || key == "" || text == "" || twice {
			return nil, fmt.Errorf("%s:%d: want one line \"key = sentence\" for each key", name, at)
		}
		texts[key] = text
	}
	return texts, lines.Err()
}

// figures are what a sentence's placeholders stand for, by name.
type figures map[string]any

// moment is an instant with the zone that it is told in.
type moment struct {
	at   time.Time
	zone string // IANA name
}

// dated is a moment that is told with its year.
type dated moment

// say writes the first of the keys' sentences that there is, with its figures: a sentence for one case comes before the
// one for all.
func (m messages) say(t tongue, f figures, keys ...string) string {
	s := m[t]
	for _, key := range keys {
		if text, ok := s.texts[key]; ok {
			return s.fill(text, f)
		}
	}
	return keys[len(keys)-1]
}

// placeholder is what a figure's name looks like in a sentence.
var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

func (s *sentences) fill(text string, f figures) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		return s.write(f[strings.Trim(name, "{}")])
	})
}

// write is a figure as the language writes it.
func (s *sentences) write(figure any) string {
	switch figure := figure.(type) {
	case models.Tokens:
		unit := "tokens"
		if figure == 1 {
			unit = "token"
		}
		return s.printer.Sprint(number.Decimal(int64(figure))) + " " + s.texts[unit]
	case int:
		return s.printer.Sprint(number.Decimal(figure))
	case models.Part:
		return s.texts["part."+string(figure)]
	case []models.Part:
		parts := make([]string, len(figure))
		for i, part := range figure {
			parts[i] = s.write(part)
		}
		return strings.Join(parts, ", ")
	case models.Operation:
		return s.texts["name."+string(figure)]
	case moment:
		return s.writeMoment(figure, "moment")
	case dated:
		return s.writeMoment(moment(figure), "dated")
	case time.Duration:
		return s.writeDuration(figure)
	case string:
		return figure
	default:
		return ""
	}
}

// writeDuration is a short time in whole seconds or, from a minute on, whole minutes; it is never none.
func (s *sentences) writeDuration(d time.Duration) string {
	count, unit := max(1, int(d/time.Second)), "second"
	if d >= time.Minute {
		count, unit = int(d/time.Minute), "minute"
	}
	if count > 1 {
		unit += "s"
	}
	return s.write(count) + " " + s.texts[unit]
}

func (s *sentences) writeMoment(m moment, key string) string {
	zone, err := time.LoadLocation(m.zone)
	if err != nil {
		zone = time.UTC
	}
	local := m.at.In(zone)
	return s.fill(s.texts[key], figures{
		"time":  local.Format("15:04"),
		"day":   strconv.Itoa(local.Day()),
		"month": s.texts["month."+strconv.Itoa(int(local.Month()))],
		"year":  strconv.Itoa(local.Year()),
		"zone":  zone.String(),
	})
}
