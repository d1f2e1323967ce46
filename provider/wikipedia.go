package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/language"
)

const (
	// maxFactRunes bounds one statement.
	maxFactRunes = 300

	// maxTopics bounds how many titles are looked up for one product.
	maxTopics = 3
)

// WikipediaSettings say where Wikipedia is and who asks.
type WikipediaSettings struct {
	// BaseURL is the wiki's root; "{lang}" in it becomes the language's code: "https://{lang}.wikipedia.org".
	BaseURL string

	// UserAgent names the program and where its operator can be reached, as Wikimedia's policy asks.
	UserAgent string

	// Client makes the calls.
	Client *http.Client
}

// Wikipedia knows, by the REST API of the wiki in the query's language, what kind of thing a product is. It is safe for
// concurrent use.
type Wikipedia struct {
	settings WikipediaSettings
	lexicon  *lexicon
	clean    *cleaner
}

// NewWikipedia makes the provider.
func NewWikipedia(settings WikipediaSettings) *Wikipedia {
	return &Wikipedia{settings: settings, lexicon: newLexicon(), clean: newCleaner()}
}

// Name is "wikipedia".
func (*Wikipedia) Name() string { return "wikipedia" }

// FindFacts returns the first sentence of one page whose title is the product's name, the end of it, its category or
// its kind. A page that only resembles it is worse than none, so the title must be the same.
func (w *Wikipedia) FindFacts(ctx context.Context, query FactQuery) ([]Fact, error) {
	wiki := baseLanguage(query.Language)
	for _, topic := range w.topics(query.Product, wiki) {
		title, err := w.pageTitled(ctx, wiki, topic)
		if err != nil {
			return nil, err
		}
		if title == "" {
			continue
		}
		fact, err := w.summary(ctx, wiki, title)
		if KindOf(err) == NothingFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		return []Fact{fact}, nil
	}
	return nil, &Error{Provider: w.Name(), Kind: NothingFound}
}

// topic is a title to look up.
type topic struct {
	title string

	// known titles are unambiguous names of things; others must be searched for.
	known bool
}

// topics are the titles worth looking up, the most particular first. A single word counts only if the lexicon knows it
// as a thing that is sold: "Light" is a page about radiation.
func (w *Wikipedia) topics(product Product, wiki string) []topic {
	var topics []topic
	words := strings.Fields(w.clean.line(product.Name, maxFactRunes))
	if wiki == "en" && len(words) >= 2 && len(words) <= 4 {
		for from := range min(len(words)-1, maxTopics-1) {
			topics = append(topics, topic{title: strings.Join(words[from:], " ")})
		}
	}
	if kind := w.lexicon.kindOf(product); kind != nil {
		topics = append(topics, topic{title: kind.in(wiki), known: true})
	}
	return topics[:min(len(topics), maxTopics)]
}

// pageTitled is the key of the page that bears the topic as its own title; empty when there is none.
func (w *Wikipedia) pageTitled(ctx context.Context, wiki string, topic topic) (string, error) {
	if topic.known {
		return topic.title, nil
	}
	var answer struct {
		Pages []struct {
			Key         string `json:"key"`
			Title       string `json:"title"`
			Description string `json:"description"`
		} `json:"pages"`
	}
	search := url.Values{"q": {topic.title}, "limit": {"3"}}
	if err := w.get(ctx, wiki, "/w/rest.php/v1/search/page?"+search.Encode(), &answer); err != nil {
		return "", err
	}
	for _, page := range answer.Pages {
		if sameTitle(page.Title, topic.title) && !isWork(page.Description) {
			return page.Key, nil
		}
	}
	return "", nil
}

// summary is the first sentence of a page that is about one thing.
func (w *Wikipedia) summary(ctx context.Context, wiki, title string) (Fact, error) {
	var page struct {
		Type        string `json:"type"`
		Description string `json:"description"`
		Extract     string `json:"extract"`
		ContentURLs struct {
			Desktop struct {
				Page string `json:"page"`
			} `json:"desktop"`
		} `json:"content_urls"`
	}
	key := url.PathEscape(strings.ReplaceAll(title, " ", "_"))
	err := w.get(ctx, wiki, "/api/rest_v1/page/summary/"+key, &page)
	var status statusError
	if errors.As(err, &status) && status == http.StatusNotFound {
		return Fact{}, &Error{Provider: w.Name(), Kind: NothingFound, Err: err}
	}
	if err != nil {
		return Fact{}, err
	}
	sentences := splitSentences(w.clean.line(page.Extract, 10*maxFactRunes))
	if page.Type != "standard" || isWork(page.Description) || len(sentences) == 0 {
		return Fact{}, &Error{Provider: w.Name(), Kind: NothingFound}
	}
	statement := withoutBrackets(sentences[0])
	if len([]rune(statement)) > maxFactRunes {
		return Fact{}, &Error{Provider: w.Name(), Kind: NothingFound}
	}
	return Fact{Statement: statement, SourceURL: httpsOnly(page.ContentURLs.Desktop.Page), Provider: w.Name()}, nil
}

// get asks the wiki of a language for JSON.
func (w *Wikipedia) get(ctx context.Context, wiki, pathAndQuery string, out any) error {
	base := strings.TrimSuffix(strings.ReplaceAll(w.settings.BaseURL, "{lang}", wiki), "/")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+pathAndQuery, nil)
	if err != nil {
		return &Error{Provider: w.Name(), Kind: Refused, Err: errors.New("the base URL is not usable")}
	}
	request.Header.Set("User-Agent", w.settings.UserAgent)
	request.Header.Set("Accept", "application/json")
	return getJSON(ctx, w.settings.Client, w.Name(), request, out)
}

// baseLanguage is the two- or three-letter code of a BCP 47 tag; "en" for none and for nonsense.
func baseLanguage(tag string) string {
	parsed, err := language.Parse(tag)
	if tag == "" || err != nil {
		return "en"
	}
	base, _ := parsed.Base()
	return base.String()
}

// sameTitle compares titles without regard to case and to a plural's last letter.
func sameTitle(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a == b || a+"s" == b || a == b+"s"
}

// isWork says whether a page's description names something that shares its title with things that are sold: a work, a
// person, a place, a company, or a list of meanings.
func isWork(description string) bool {
	for _, word := range strings.Fields(strings.ToLower(description)) {
		switch strings.Trim(word, ",.;()") {
		case "film", "album", "song", "single", "band", "novel", "book", "game", "episode", "series", "surname", "name",
			"company", "village", "town", "city", "river", "species", "disambiguation", "wikimedia",
			"película", "álbum", "canción", "banda", "novela", "libro", "videojuego", "apellido", "empresa", "localidad",
			"municipio", "especie", "desambiguación":
			return true
		}
	}
	return false
}

// withoutBrackets drops what stands in round brackets: in an encyclopedia's first sentence pronunciations and
// translations.
func withoutBrackets(sentence string) string {
	var kept strings.Builder
	depth := 0
	for _, r := range sentence {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			kept.WriteRune(r)
		}
	}
	joined := strings.Join(strings.Fields(kept.String()), " ")
	return strings.NewReplacer(" ,", ",", " .", ".", " ;", ";").Replace(joined)
}

// httpsOnly is raw if it is an absolute https URL with a host, else empty.
func httpsOnly(raw string) string {
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
		return ""
	}
	return parsed.String()
}
