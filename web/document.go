package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed document.html document.css
var documentFiles embed.FS

// Document is one thing on a page that can be printed, such as a receipt, in the language of who reads it. What is empty
// is left out.
type Document struct {
	Language string // BCP 47
	Title    string
	Status   *Status
	Text     string // below the title
	Facts    []Fact
	Item     []Fact // what was bought: the cells of one row
	Sums     []Fact
	Sections []Section
	Links    []Link // shown on the screen only
}

// Status is how the thing stands.
type Status struct {
	Text string
	Tone Tone
}

// Tone is what a status means to the reader.
type Tone string

// The tones.
const (
	ToneGood    Tone = "good"
	ToneWaiting Tone = "waiting"
	ToneBad     Tone = "bad"
	ToneNeutral Tone = "neutral"
)

// Fact is a name with what it is.
type Fact struct {
	Name, Value string
	Code        bool // the value is copied letter by letter
	Figure      bool // the value is a figure of a row
	Total       bool // the value is the one of several sums that counts
}

// Section is a part of a document under a heading of its own. Paragraphs keep their line breaks.
type Section struct {
	Title      string
	Paragraphs []string
	Facts      []Fact
}

// Link leads elsewhere.
type Link struct{ Text, URL string }

// documentIcon is the pages' icon as an address, so that a document needs no other file.
const documentIcon = `data:image/svg+xml,` +
	`%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%234f46e5'/%3E` +
	`%3Ccircle cx='16' cy='16' r='8.5' fill='none' stroke='%23fff' stroke-width='2.5'/%3E` +
	`%3Cpath d='M16 11.2v9.6M11.2 16h9.6' stroke='%23fff' stroke-width='2.5' stroke-linecap='round'/%3E%3C/svg%3E`

// Documents writes documents as pages that stand alone: without scripts, and with nothing from anywhere else.
type Documents struct {
	page   *template.Template
	policy string // Content-Security-Policy
}

// NewDocuments reads what pages look like. It panics if the binary was built without that, which no test run survives.
func NewDocuments() *Documents {
	style, err := documentFiles.ReadFile("document.css")
	if err != nil {
		panic(fmt.Sprintf("web: %v", err))
	}
	page := template.New("document.html").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) },        //nolint:gosec // our own file
		"icon":  func() template.URL { return template.URL(documentIcon) }, //nolint:gosec // a constant
	})
	sum := sha256.Sum256(style)
	return &Documents{
		page: template.Must(page.ParseFS(documentFiles, "document.html")),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}

// Write answers with the document. It is for one reader only: nobody on the way keeps it, nor does the browser.
func (d *Documents) Write(w http.ResponseWriter, status int, document Document) {
	header := w.Header()
	keepToItself(header, d.policy)
	header.Set("Cache-Control", "private, no-store")
	var page bytes.Buffer
	if err := d.page.Execute(&page, document); err != nil {
		http.Error(w, "500 internal server error", http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // fails only with the client's connection
}
