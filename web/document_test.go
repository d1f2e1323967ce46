package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// receipt has something in every place, and what must not become markup in some.
func receipt() Document {
	return Document{
		Language: "en",
		Title:    "Receipt",
		Status:   &Status{Text: "Partly paid back", Tone: ToneNeutral},
		Text:     "A part of the price was paid back, and that share of the tokens was taken back.",
		Facts: []Fact{
			{Name: "Number", Value: "purchase_01jd9w2x5mf5e8zq7k3n6t0v4b", Code: true},
			{Name: "Team", Value: `<script>alert("Ada & Söhne")</script>` + strings.Repeat("Donaudampfschiff", 8)},
			{Name: "Date", Value: "24 November 2026, 15:04 (Europe/Madrid)"},
			{Name: "Bought by", Value: "Ada Lovelace"},
		},
		Item: []Fact{
			{Name: "Package", Value: "Studio of a rather long name, " + strings.Repeat("x", 40)},
			{Name: "Tokens", Value: "13,000", Figure: true},
			{Name: "Price, taxes included", Value: "€129.00", Figure: true},
		},
		Sums: []Fact{
			{Name: "Total", Value: "€129.00"},
			{Name: "Paid back", Value: "−€29.00"},
			{Name: "Paid in all", Value: "€100.00", Total: true},
		},
		Sections: []Section{{
			Title:      "How to pay",
			Paragraphs: []string{"Bank of Somewhere\nXX00 0000 0000 0000 0000", "Name the reference."},
			Facts:      []Fact{{Name: "Reference", Value: "purchase_01jd9w2x5mf5e8zq7k3n6t0v4b", Code: true}},
		}},
		Links: []Link{{Text: "Pay now", URL: "https://pay.example/session"}, {Text: "Trap", URL: "javascript:alert(1)"}},
	}
}

func TestADocumentIsForOneReaderAndMayDoNothing(t *testing.T) {
	answer := httptest.NewRecorder()
	NewDocuments().Write(answer, http.StatusOK, receipt())
	want := map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"Cache-Control":          "private, no-store",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "same-origin",
	}
	for name, value := range want {
		if got := answer.Header().Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	policy := answer.Header().Get("Content-Security-Policy")
	for _, directive := range []string{"default-src 'none'", "style-src 'sha256-", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, directive) {
			t.Errorf("the policy lacks %s: %s", directive, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") || strings.Contains(policy, "self") {
		t.Errorf("the policy allows too much: %s", policy)
	}
}

func TestWhatIsWrittenIntoADocumentIsNeverMarkup(t *testing.T) {
	answer := httptest.NewRecorder()
	NewDocuments().Write(answer, http.StatusOK, receipt())
	page := answer.Body.String()
	for _, markup := range []string{"<script", "javascript:"} {
		if strings.Contains(page, markup) {
			t.Errorf("the page has %s in it", markup)
		}
	}
	for _, text := range []string{"&lt;script&gt;", "Ada &amp; Söhne", `<html lang="en">`, "€100.00", "https://pay.example/session"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
}

func TestADocumentLeavesOutWhatThereIsNot(t *testing.T) {
	answer := httptest.NewRecorder()
	NewDocuments().Write(answer, http.StatusNotFound, Document{Language: "es", Title: "Aquí no hay nada", Text: "No existe tal compra."})
	page := answer.Body.String()
	if answer.Code != http.StatusNotFound || !strings.Contains(page, "No existe tal compra.") || !strings.Contains(page, `<html lang="es">`) {
		t.Errorf("got %d %s", answer.Code, page)
	}
	for _, tag := range []string{"<dl", "<table", "<section", `class="status"`, `class="links"`} {
		if strings.Contains(page, tag) {
			t.Errorf("the page has %s", tag)
		}
	}
}

func TestChromiumShowsADocumentOnScreensAndOnPaper(t *testing.T) {
	documents := NewDocuments()
	mux := http.NewServeMux()
	mux.HandleFunc("/purchases/1", func(w http.ResponseWriter, _ *http.Request) {
		documents.Write(w, http.StatusOK, receipt())
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	runInChromium(t, "e2e/document.mjs", server.URL, "/purchases/1", "Receipt", "€100.00", "", "")
}
