package provider

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openverseBody is an answer of GET /v1/images/ with all of its fields.
const openverseBody = `{"result_count":240,"page_count":20,"page_size":10,"page":1,"results":[
{"id":"36537842-b067-4ca0-ad67-e00ff2e06b2d","title":"Enamel kettle","indexed_on":"2021-02-04T17:47:22.281210Z",
 "foreign_landing_url":"https://www.flickr.com/photos/18090920@N07/2954567018","url":"https://live.staticflickr.com/3010/2954567018_b.jpg",
 "creator":"Jane Doe","creator_url":"https://www.flickr.com/photos/18090920@N07","license":"by-sa","license_version":"2.0",
 "license_url":"https://creativecommons.org/licenses/by-sa/2.0/","provider":"flickr","source":"flickr","category":null,"filesize":null,
 "filetype":"jpg","tags":[{"name":"kettle","accuracy":null,"unstable__provider":"flickr"}],"attribution":"\"Enamel kettle\" by Jane Doe.",
 "fields_matched":["title"],"mature":false,"height":683,"width":1024,
 "thumbnail":"https://api.openverse.org/v1/images/36537842-b067-4ca0-ad67-e00ff2e06b2d/thumb/",
 "detail_url":"https://api.openverse.org/v1/images/36537842/","related_url":"https://api.openverse.org/v1/images/36537842/related/",
 "unstable__sensitivity":[]},
{"id":"2","title":null,"foreign_landing_url":null,"url":"https://upload.wikimedia.org/a.png","creator":null,"license":"cc0",
 "license_version":"1.0","mature":false,"height":null,"width":null,"thumbnail":null,"filetype":"png"},
{"id":"3","title":"The same again","url":"https://live.staticflickr.com/3010/2954567018_b.jpg","license":"by","license_version":"4.0"},
{"id":"4","title":"Not for everybody","url":"https://example.com/mature.jpg","license":"by","mature":true},
{"id":"5","title":"Reported","url":"https://example.com/reported.jpg","license":"by","unstable__sensitivity":["user_reported_sensitivity"]},
{"id":"6","title":"Odd","url":7},
{"id":"7","title":"Public","url":"https://example.com/pdm.jpg","license":"pdm","license_version":"1.0","creator":"<b>An Archive</b>","width":9,"height":-4},
{"id":"8","title":"Beyond the limit","url":"https://example.com/beyond.jpg","license":"by"}]}`

func TestOpenverseFindsImagesWithTheirLicences(t *testing.T) {
	var asked url.Values
	server := serveSearch(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v1/images/" || r.Header.Get("User-Agent") == "" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		asked = r.URL.Query()
		answering(200, openverseBody)(w, r)
	})
	images, err := NewOpenverse(server.URL+"/", testClient(t)).FindImages(t.Context(),
		ImageQuery{TeamID: "team_1", ProductID: "prod_1", Product: Product{Name: "Kettle", Brand: "Acme"}, Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := []Image{
		{
			URL:          "https://live.staticflickr.com/3010/2954567018_b.jpg",
			ThumbnailURL: "https://api.openverse.org/v1/images/36537842-b067-4ca0-ad67-e00ff2e06b2d/thumb/",
			Title:        "Enamel kettle", SourceURL: "https://www.flickr.com/photos/18090920@N07/2954567018",
			License: "CC BY-SA 2.0 — Jane Doe", Width: 1024, Height: 683,
		},
		{URL: "https://upload.wikimedia.org/a.png", License: "CC0 1.0"},
		{URL: "https://example.com/pdm.jpg", Title: "Public", License: "Public Domain Mark 1.0 — An Archive"},
	}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Error(diff)
	}
	wantAsked := url.Values{"q": {"Kettle Acme"}, "page_size": {"10"}, "license_type": {"commercial"}, "mature": {"false"}}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Error(diff)
	}
}

func TestOpenverseAsksForNoMoreThanItMay(t *testing.T) {
	server := serveSearch(t, func(w http.ResponseWriter, r *http.Request) {
		if size := r.URL.Query().Get("page_size"); size != "20" {
			t.Errorf("page_size = %s", size)
		}
		answering(200, openverseBody)(w, r)
	})
	_, err := NewOpenverse(server.URL, testClient(t)).FindImages(t.Context(), ImageQuery{Product: Product{Name: "Kettle"}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenverseDropsWhatIsNotSafe(t *testing.T) {
	body := `{"results":[
		{"title":"a","url":"javascript:alert(1)"},{"title":"b","url":"data:image/png;base64,AAAA"},{"title":"c","url":""},{"title":"d"},
		{"title":"e","url":"http://169.254.169.254/latest"},{"title":"f","url":"http://localhost/f.png"},{"title":"g","url":"https://u:p@example.com/"},
		{"title":"h","url":"https://example.com/` + "\xff" + `.png"},{"title":"i","url":"https://example.com/\u0000.png"},
		{"title":` + hostileTitle + `,"url":"https://example.com/ok.png?q=\"><script>","thumbnail":"javascript:alert(4)",
		 "foreign_landing_url":"data:text/html,x","creator":` + hostileTitle + `,"license":"by<script>","license_version":` + hostileTitle + `,
		 "width":1000000000,"height":1}]}`
	server := serveSearch(t, answering(200, body))
	images, err := NewOpenverse(server.URL, testClient(t)).FindImages(t.Context(), ImageQuery{Product: Product{Name: "Kettle"}, Limit: 50})
	if err != nil || len(images) != 1 {
		t.Fatalf("%+v, %v; want the one safe image", images, err)
	}
	image := images[0]
	noHarmIn(t, image.Title, maxTitleRunes)
	noHarmIn(t, image.License, maxTitleRunes)
	if !strings.Contains(image.Title, "Kettle") || image.ThumbnailURL != "" || image.SourceURL != "" || image.Width != 0 {
		t.Errorf("%+v", image)
	}
	if image.URL != "https://example.com/ok.png?q=%22%3E%3Cscript%3E" {
		t.Errorf("URL = %s", image.URL)
	}
}

func TestAnOverlongTitleIsCut(t *testing.T) {
	server := serveSearch(t, answering(200, `{"results":[{"title":"`+strings.Repeat("Kettle ", 10_000)+`","url":"https://example.com/a.png"}]}`))
	images, err := NewOpenverse(server.URL, testClient(t)).FindImages(t.Context(), ImageQuery{Product: Product{Name: "Kettle"}, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	noHarmIn(t, images[0].Title, maxTitleRunes)
}
