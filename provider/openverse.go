package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// OpenverseBaseURL is where Openverse is.
const OpenverseBaseURL = "https://api.openverse.org"

// Openverse finds images with licences that allow commercial use. It needs no key and answers at most 20 images. It is
// safe for concurrent use.
type Openverse struct {
	api searchAPI
}

// NewOpenverse makes the provider; an empty baseURL means OpenverseBaseURL.
func NewOpenverse(baseURL string, client *http.Client) *Openverse {
	return &Openverse{api: searchAPI{
		name: "openverse", baseURL: orElse(baseURL, OpenverseBaseURL), client: client, clean: newCleaner(),
	}}
}

// Name is "openverse".
func (*Openverse) Name() string { return "openverse" }

// openverseImage is one image as Openverse describes it.
type openverseImage struct {
	Title             string            `json:"title"`
	URL               string            `json:"url"`
	Thumbnail         string            `json:"thumbnail"`
	ForeignLandingURL string            `json:"foreign_landing_url"`
	Creator           string            `json:"creator"`
	License           string            `json:"license"`
	LicenseVersion    string            `json:"license_version"`
	Width             int               `json:"width"`
	Height            int               `json:"height"`
	Mature            bool              `json:"mature"`
	Sensitivity       []json.RawMessage `json:"unstable__sensitivity"`
}

// FindImages searches by name and brand, and leaves out what is marked as mature.
func (o *Openverse) FindImages(ctx context.Context, query ImageQuery) ([]Image, error) {
	words, err := o.api.query(query.Product)
	if err != nil {
		return nil, err
	}
	const most = 20 // of one page, without a key
	request, err := o.api.request(ctx, http.MethodGet, "/v1/images/", url.Values{
		"q":            {words},
		"page_size":    {strconv.Itoa(resultsToAsk(query.Limit, most))},
		"license_type": {"commercial"},
		"mature":       {"false"},
	}, nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []json.RawMessage `json:"results"`
	}
	if err := o.api.send(request, &answer); err != nil {
		return nil, err
	}
	results, err := decodeEach[openverseImage](&o.api, answer.Results)
	if err != nil {
		return nil, err
	}
	images := make([]Image, 0, len(results))
	for _, result := range results {
		if !result.Mature && len(result.Sensitivity) == 0 {
			images = append(images, result.image(o.api.clean))
		}
	}
	return o.api.bestImages(images, query.Limit)
}

// image is the seam's view of the result, not yet safe.
func (i openverseImage) image(c *cleaner) Image {
	license := licenseName(i.License, i.LicenseVersion)
	if creator := c.line(i.Creator, maxSellerRunes); license != "" && creator != "" {
		license += " — " + creator
	}
	return Image{
		URL: i.URL, ThumbnailURL: i.Thumbnail, SourceURL: i.ForeignLandingURL,
		Title: i.Title, License: license, Width: i.Width, Height: i.Height,
	}
}

// licenseName is the usual name for Openverse's code and version: "CC BY-SA 4.0" for by-sa and 4.0.
func licenseName(code, version string) string {
	code = strings.ToLower(strings.TrimSpace(code))
	name := "CC " + strings.ToUpper(code)
	switch code {
	case "":
		return ""
	case "cc0":
		name = "CC0"
	case "pdm":
		name = "Public Domain Mark"
	case "sampling+", "nc-sampling+":
		name = "CC " + code
	}
	return strings.TrimSpace(name + " " + version)
}
