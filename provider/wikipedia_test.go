package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// wiki is a server that answers searches and summaries as Wikipedia does. Pages are named by their keys.
type wiki struct {
	*httptest.Server
	t        *testing.T
	pages    map[string]wikiPage
	requests []string
}

type wikiPage struct{ kind, title, description, extract string }

func newWiki(t *testing.T, pages map[string]wikiPage) *wiki {
	t.Helper()
	w := &wiki{t: t, pages: pages}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	t.Cleanup(w.Client().CloseIdleConnections)
	return w
}

func (w *wiki) provider() *Wikipedia {
	return NewWikipedia(WikipediaSettings{
		BaseURL: w.URL + "/{lang}", UserAgent: "productgenerator/test (admin@example.com)", Client: w.Client(),
	})
}

func (w *wiki) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.requests = append(w.requests, r.URL.RequestURI())
	if r.UserAgent() != "productgenerator/test (admin@example.com)" {
		w.t.Errorf("User-Agent = %q", r.UserAgent())
	}
	out.Header().Set("Content-Type", "application/json")
	if key, ok := strings.CutPrefix(r.URL.Path, "/en/api/rest_v1/page/summary/"); ok {
		w.summary(out, key)
		return
	}
	if key, ok := strings.CutPrefix(r.URL.Path, "/es/api/rest_v1/page/summary/"); ok {
		w.summary(out, key)
		return
	}
	if !strings.HasSuffix(r.URL.Path, "/w/rest.php/v1/search/page") {
		w.t.Errorf("path = %s", r.URL.Path)
	}
	found := []map[string]any{{
		"id": 1, "key": "Something_else", "title": "Something else", "excerpt": "", "matched_title": nil, "description": nil, "thumbnail": nil,
	}}
	for key, page := range w.pages {
		if strings.EqualFold(page.title, r.URL.Query().Get("q")) {
			found = append(found, map[string]any{"id": 2, "key": key, "title": page.title, "excerpt": "<span>", "matched_title": nil, "description": page.description})
		}
	}
	_ = json.NewEncoder(out).Encode(map[string]any{"pages": found})
}

func (w *wiki) summary(out http.ResponseWriter, key string) {
	page, ok := w.pages[key]
	if !ok {
		out.WriteHeader(http.StatusNotFound)
		_, _ = out.Write([]byte(`{"type":"https://mediawiki.org/wiki/HyperSwitch/errors/not_found","title":"Not found.","method":"get","detail":"Page or revision not found.","uri":"/en.wikipedia.org/v1/page/summary/X"}`))
		return
	}
	_ = json.NewEncoder(out).Encode(map[string]any{
		"type": page.kind, "title": page.title, "displaytitle": page.title, "description": page.description, "lang": "en",
		"extract":      page.extract,
		"content_urls": map[string]any{"desktop": map[string]string{"page": "https://en.wikipedia.org/wiki/" + key}},
	})
}

func TestAFactIsTheFirstSentenceOfThePageOnTheProductsKind(t *testing.T) {
	w := newWiki(t, map[string]wikiPage{
		"watering_can": {"standard", "Watering can", "portable container for watering plants", "A watering can (or watering pot) is a portable container, usually with a handle. It has been in use since at least A.D. 79."},
	})
	facts, err := w.provider().FindFacts(t.Context(), FactQuery{Product: Product{Name: "Yellow watering can"}})
	if err != nil || len(facts) != 1 {
		t.Fatalf("got %+v, %v", facts, err)
	}
	want := Fact{"A watering can is a portable container, usually with a handle.", "https://en.wikipedia.org/wiki/watering_can", "wikipedia"}
	if facts[0] != want {
		t.Errorf("got %+v", facts[0])
	}
}

func TestTheWikiOfTheLanguageIsAsked(t *testing.T) {
	w := newWiki(t, map[string]wikiPage{"regadera": {"standard", "Regadera", "recipiente", "Una regadera es un recipiente portátil."}})
	facts, err := w.provider().FindFacts(t.Context(), FactQuery{Language: "es-MX", Product: Product{Name: "Yellow watering can"}})
	if err != nil || facts[0].Statement != "Una regadera es un recipiente portátil." {
		t.Errorf("got %+v, %v", facts, err)
	}
	for _, request := range w.requests {
		if !strings.HasPrefix(request, "/es/") {
			t.Errorf("asked %s", request)
		}
	}
}

func TestPagesAboutSomethingElseGiveNoFact(t *testing.T) {
	cases := map[string]map[string]wikiPage{
		"a list of meanings":   {"top": {"disambiguation", "Top", "Topics referred to by the same term", "Top most commonly refers to:"}},
		"another title":        {"Blue_top": {"standard", "Blue spinning top", "toy", "A blue spinning top is a toy."}},
		"a song of that title": {"Summer_top": {"standard", "Summer top", "2011 song by Someone", "Summer top is a song."}, "top": {"standard", "Top", "album", "Top is an album."}},
		"no page":              {},
		"no text":              {"top": {"no-extract", "Top", "", ""}},
		"an endless sentence":  {"top": {"standard", "Top", "", strings.Repeat("A top is a top and ", 40) + "."}},
	}
	for name, pages := range cases {
		t.Run(name, func(t *testing.T) {
			facts, err := newWiki(t, pages).provider().FindFacts(t.Context(), FactQuery{Product: Product{Name: "Blue Summer Top"}})
			if KindOf(err) != NothingFound || len(facts) != 0 {
				t.Errorf("got %+v, %v", facts, err)
			}
		})
	}
}

func TestASingleWordThatIsNoKnownThingIsNotLookedUp(t *testing.T) {
	w := newWiki(t, nil)
	if _, err := w.provider().FindFacts(t.Context(), FactQuery{Product: Product{Name: "Trailblazer"}}); KindOf(err) != NothingFound {
		t.Errorf("err = %v", err)
	}
	if len(w.requests) != 0 {
		t.Errorf("asked %q", w.requests)
	}
}

func TestTheLanguageCannotChooseTheHost(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "es-419": "es", "evil.example/#": "en", "DE": "de", "x-private": "und"} {
		if got := baseLanguage(tag); got != want && !(want == "und" && got == "en") {
			t.Errorf("baseLanguage(%q) = %q; want %q", tag, got, want)
		}
	}
}

func TestAWikiThatIsDownIsDown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	p := NewWikipedia(WikipediaSettings{BaseURL: server.URL, Client: server.Client()})
	if _, err := p.FindFacts(t.Context(), FactQuery{Product: Product{Name: "Red Mug"}}); KindOf(err) != Down {
		t.Errorf("err = %v", err)
	}
}
