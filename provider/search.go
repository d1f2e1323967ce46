package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	// maxTitleRunes and maxSellerRunes bound what a search says of a result, in characters.
	maxTitleRunes  = 300
	maxSellerRunes = 120

	// maxResults bounds the results that are looked at: nobody is asked for more.
	maxResults = 200

	// maxPixels bounds an image's width and height; more is taken for unknown.
	maxPixels = 100_000
)

// searchAPI is a search over HTTP: where it is, and how its failures are told.
type searchAPI struct {
	name    string
	baseURL string
	client  *http.Client
	clean   *cleaner

	// secrets never stand in an error.
	secrets []string

	// codes are the paths, in the JSON that comes with a refusal, of the code that names it.
	codes []string
}

// query is what to search for to find a product; NothingFound if it has no name in words.
func (s *searchAPI) query(product Product) (string, error) {
	query := queryOf(s.clean, product)
	if query == "" {
		return "", s.failure(NothingFound, "the product has no name to search for")
	}
	return query, nil
}

// request makes a request for JSON. Its URL may hold a key; one that cannot be parsed isn't quoted.
func (s *searchAPI) request(
	ctx context.Context, method, path string, query url.Values, body io.Reader,
) (*http.Request, error) {
	target := strings.TrimRight(s.baseURL, "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, s.failure(Refused, "the base URL is not usable")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "ProductGenerator/1.0")
	return request, nil
}

// send sends request and decodes the JSON answer into out. Every error is an *Error, as those of getJSON; of a refusal
// it also tells the provider's own code, and when its rate limit ends.
func (s *searchAPI) send(request *http.Request, out any) error {
	var refused refusal
	err := getJSON(request.Context(), refused.heardBy(s.client), s.name, request, out)
	var failure *Error
	if !errors.As(err, &failure) {
		return err
	}
	if code := refused.code(s.codes); code != "" {
		failure.Err = fmt.Errorf("%w (%s)", failure.Err, code)
	}
	if failure.RetryAfter == 0 && failure.Kind == Down {
		failure.RetryAfter = refused.limitedFor()
	}
	return s.withoutSecrets(failure)
}

// withoutSecrets drops the cause of a failure if it quotes a secret, such as a redirect that repeats the URL.
func (s *searchAPI) withoutSecrets(failure *Error) *Error {
	if failure.Err == nil {
		return failure
	}
	for _, secret := range s.secrets {
		if secret != "" && strings.Contains(failure.Err.Error(), secret) {
			failure.Err = errors.New("the cause is withheld: it quotes a key")
		}
	}
	return failure
}

func (s *searchAPI) failure(kind Kind, because string) *Error {
	return &Error{Provider: s.name, Kind: kind, Err: errors.New(because)}
}

// decodeEach decodes the first maxResults results of a search one by one, so that an odd one doesn't spoil the rest: it
// is left out. A list that is missing, or holds odd ones only, is Malformed.
func decodeEach[T any](s *searchAPI, results []json.RawMessage) ([]T, error) {
	considered := results[:min(len(results), maxResults)]
	decoded := make([]T, 0, len(considered))
	for _, raw := range considered {
		var result T
		if err := json.Unmarshal(raw, &result); err == nil {
			decoded = append(decoded, result)
		}
	}
	if results == nil || len(decoded) == 0 && len(results) > 0 {
		return nil, s.failure(Malformed, "answer holds no list of results")
	}
	return decoded, nil
}

// resultsToAsk is how many results to ask for to be left with limit: twice as many, as some are dropped.
func resultsToAsk(limit, most int) int { return min(max(2*limit, 10), most) }

// bestImages cleans what a search found and keeps the first limit images, each once; NothingFound if none is left. An
// image without a safe URL is dropped, of other fields what is not safe or not plausible.
func (s *searchAPI) bestImages(found []Image, limit int) ([]Image, error) {
	var images []Image
	for _, image := range found {
		address, err := SafeURL(image.URL)
		if err != nil {
			continue
		}
		safe := Image{
			URL:          address,
			ThumbnailURL: safeURLOrNone(image.ThumbnailURL),
			Title:        s.clean.line(image.Title, maxTitleRunes),
			SourceURL:    safeURLOrNone(image.SourceURL),
			License:      s.clean.line(image.License, maxTitleRunes),
		}
		if image.Width > 0 && image.Width <= maxPixels && image.Height > 0 && image.Height <= maxPixels {
			safe.Width, safe.Height = image.Width, image.Height
		}
		images = append(images, safe)
	}
	return firstDistinct(s, images, limit, func(image Image) string { return image.URL })
}

// bestOffers is to offers what bestImages is to images. A seller without a name goes by the host of the offer.
func (s *searchAPI) bestOffers(found []Offer, limit int) ([]Offer, error) {
	var offers []Offer
	for _, offer := range found {
		address, err := SafeURL(offer.URL)
		if err != nil {
			continue
		}
		offer.URL = address
		offer.Title = s.clean.line(offer.Title, maxTitleRunes)
		offer.Seller = orElse(s.clean.line(offer.Seller, maxSellerRunes), hostOf(address))
		offers = append(offers, offer)
	}
	return firstDistinct(s, offers, limit, func(offer Offer) string { return offer.URL })
}

// firstDistinct keeps the first limit of found, without those whose URL came before; nothing left is NothingFound.
func firstDistinct[T any](s *searchAPI, found []T, limit int, urlOf func(T) string) ([]T, error) {
	seen := make(map[string]bool, len(found))
	kept := make([]T, 0, len(found))
	for _, one := range found {
		if len(kept) == max(limit, 1) {
			break
		}
		if !seen[urlOf(one)] {
			seen[urlOf(one)] = true
			kept = append(kept, one)
		}
	}
	if len(kept) == 0 {
		return nil, &Error{Provider: s.name, Kind: NothingFound}
	}
	return kept, nil
}
