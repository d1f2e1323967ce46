package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// BraveBaseURL is where the Brave Search API is.
const BraveBaseURL = "https://api.search.brave.com"

// Brave finds images on the web. It knows no licences, so Image.License stays empty. It is safe for concurrent use.
type Brave struct {
	api searchAPI
	key string
}

// NewBrave makes the provider; an empty baseURL means BraveBaseURL. key is the subscription token.
func NewBrave(baseURL, key string, client *http.Client) *Brave {
	return &Brave{
		api: searchAPI{
			name: "brave", baseURL: orElse(baseURL, BraveBaseURL), client: client, clean: newCleaner(),
			secrets: []string{key}, codes: []string{"error.code"},
		},
		key: key,
	}
}

// Name is "brave".
func (*Brave) Name() string { return "brave" }

// braveImage is one image as Brave describes it.
type braveImage struct {
	Title string `json:"title"`

	// URL is the page that the image stands on.
	URL string `json:"url"`

	Thumbnail struct {
		Source string `json:"src"`
	} `json:"thumbnail"`

	Properties struct {
		URL    string `json:"url"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	} `json:"properties"`
}

// FindImages searches by name and brand, in all countries, with strict filtering of adult content and without
// correcting the words.
func (b *Brave) FindImages(ctx context.Context, query ImageQuery) ([]Image, error) {
	words, err := b.api.query(query.Product)
	if err != nil {
		return nil, err
	}
	request, err := b.api.request(ctx, http.MethodGet, "/res/v1/images/search", url.Values{
		"q":          {words},
		"count":      {strconv.Itoa(resultsToAsk(query.Limit, maxResults))},
		"country":    {"ALL"},
		"safesearch": {"strict"},
		"spellcheck": {"false"},
	}, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Subscription-Token", b.key)
	var answer struct {
		Results []json.RawMessage `json:"results"`
	}
	if err := b.api.send(request, &answer); err != nil {
		return nil, err
	}
	results, err := decodeEach[braveImage](&b.api, answer.Results)
	if err != nil {
		return nil, err
	}
	images := make([]Image, len(results))
	for i, result := range results {
		images[i] = Image{
			URL: result.Properties.URL, ThumbnailURL: result.Thumbnail.Source, SourceURL: result.URL,
			Title: result.Title, Width: result.Properties.Width, Height: result.Properties.Height,
		}
	}
	return b.api.bestImages(images, query.Limit)
}
