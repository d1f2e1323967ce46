package provider

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// braveBody is an answer of GET /res/v1/images/search.
const braveBody = `{"type":"images","query":{"original":"Enamel Kettle Acme","altered":null,"spellcheck_off":true,"show_strict_warning":false},
"results":[
{"type":"image_result","title":"Enamel kettle, 2 l","url":"https://shop.example.com/kettles/2l","source":"shop.example.com",
 "page_fetched":"2024-02-11T21:32:00Z","thumbnail":{"src":"https://imgs.search.brave.com/abc/rs:fit:500:0:0/g:ce/aHR0","width":500,"height":400},
 "properties":{"url":"https://cdn.example.com/kettle.jpg","placeholder":"https://imgs.search.brave.com/xyz","width":1200,"height":960},
 "meta_url":{"scheme":"https","netloc":"shop.example.com","hostname":"shop.example.com","favicon":"https://imgs.search.brave.com/f","path":"› kettles"},
 "confidence":"high"},
{"type":"image_result","title":"No picture","url":"https://shop.example.com/none","thumbnail":{"src":"https://imgs.search.brave.com/abc"}},
{"type":"image_result","title":"Bare","properties":{"url":"https://cdn.example.com/bare.jpg"}},
{"type":"image_result","title":"Unsafe","url":"https://a.example.com","properties":{"url":"javascript:alert(1)"}},
{"type":"image_result","title":"Half safe","url":"javascript:alert(1)","thumbnail":{"src":"http://10.0.0.1/a"},
 "properties":{"url":"https://cdn.example.com/half.jpg"}}],
"extra":{"might_be_offensive":false}}`

func TestBraveFindsImagesWithoutLicences(t *testing.T) {
	var asked url.Values
	server := serveSearch(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/res/v1/images/search" || r.Header.Get("X-Subscription-Token") != searchKey {
			t.Errorf("asked %s %s with %q", r.Method, r.URL, r.Header.Get("X-Subscription-Token"))
		}
		asked = r.URL.Query()
		answering(200, braveBody)(w, r)
	})
	images, err := NewBrave(server.URL, searchKey, testClient(t)).FindImages(t.Context(),
		ImageQuery{Product: Product{Name: "Enamel Kettle", Brand: "Acme"}, Limit: 6})
	if err != nil {
		t.Fatal(err)
	}
	want := []Image{
		{
			URL: "https://cdn.example.com/kettle.jpg", ThumbnailURL: "https://imgs.search.brave.com/abc/rs:fit:500:0:0/g:ce/aHR0",
			Title: "Enamel kettle, 2 l", SourceURL: "https://shop.example.com/kettles/2l", Width: 1200, Height: 960,
		},
		{URL: "https://cdn.example.com/bare.jpg", Title: "Bare"},
		{URL: "https://cdn.example.com/half.jpg", Title: "Half safe"},
	}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Error(diff)
	}
	wantAsked := url.Values{
		"q": {"Enamel Kettle Acme"}, "count": {"12"}, "country": {"ALL"}, "safesearch": {"strict"}, "spellcheck": {"false"},
	}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Error(diff)
	}
}
