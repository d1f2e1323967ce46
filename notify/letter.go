package notify

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"productgenerator/models"
)

// longestName is how much of a team's name a subject shows, in characters.
const longestName = 60

// recipient is who gets an e-mail.
type recipient struct {
	id      models.UserID
	address string
	locale  string
	member  bool // the warning is about the recipient alone
}

// letter is an e-mail before it is encoded. An attempt that is repeated writes the same one.
type letter struct {
	warning  models.LimitWarningID
	to       string // an e-mail address
	key      string // unique to warning and recipient
	subject  string
	sentence string // the warning's
	text     string
	html     string
	date     time.Time
}

// writer writes e-mails.
type writer struct {
	link string
	page *template.Template
}

const pageText = `<!doctype html>
<html lang="{{.Words.Language}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0 auto;max-width:36rem;padding:1.5rem;font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a">
<h1 style="font-size:1.25rem">{{.Subject}}</h1>
<p>{{.Sentence}}</p>
<p><a href="{{.Link}}">{{.Words.Open}}</a></p>
<p style="font-size:.875rem;color:#595959">{{.Words.Why}}<br>{{.Words.Warning}} {{.ID}}</p>
</body>
</html>
`

// newWriter makes a writer of e-mails that link to the given address.
func newWriter(link string) (*writer, error) {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, err
	}
	return &writer{link: link, page: page}, nil
}

// write writes the e-mail about a warning, whose sentence is given.
func (wr *writer) write(w warning, to recipient, sentence string) (letter, error) {
	words := wordsIn(to.locale)
	why := words.asLead
	if to.member {
		why = words.asMember
	}
	l := letter{
		warning: w.ID, to: to.address, key: string(w.ID) + "." + string(to.id), date: w.RaisedAt, sentence: sentence,
		subject: oneLine(w.teamName, longestName) + ": " + words.kinds[w.Kind],
	}
	l.text = fmt.Sprintf("%s\n\n%s: %s\n\n--\n%s\n%s %s\n", sentence, words.open, wr.link, why, words.warning, w.ID)
	var page strings.Builder
	err := wr.page.Execute(&page, map[string]any{
		"Subject": l.subject, "Sentence": sentence, "Link": wr.link, "ID": w.ID,
		"Words": map[string]string{
			"Language": words.language, "Open": words.open, "Why": why, "Warning": words.warning,
		},
	})
	l.html = page.String()
	return l, err
}

// oneLine is a text of people as a header can hold it: without line breaks and other controls, and at most so many
// characters long.
func oneLine(text string, limit int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r)
	}), " ")
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
