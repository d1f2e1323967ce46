package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// SerpAPIBaseURL is where SerpApi is.
const SerpAPIBaseURL = "https://serpapi.com"

// SerpAPI finds offers by Google Shopping, through SerpApi. It is safe for concurrent use.
type SerpAPI struct {
	api searchAPI
	key string
}

// NewSerpAPI makes the provider; an empty baseURL means SerpAPIBaseURL. SerpApi takes the key in the URL.
func NewSerpAPI(baseURL, key string, client *http.Client) *SerpAPI {
	return &SerpAPI{
		api: searchAPI{
			name: "serpapi", baseURL: orElse(baseURL, SerpAPIBaseURL), client: client, clean: newCleaner(),
			secrets: []string{key, url.QueryEscape(key)},
		},
		key: key,
	}
}

// Name is "serpapi".
func (*SerpAPI) Name() string { return "serpapi" }

// serpAPIAnswer is what a search answers with status 200.
type serpAPIAnswer struct {
	Metadata struct {
		// Status is "Success", also for a search that found nothing; else "Processing", "Queued" or "Error".
		Status string `json:"status"`
	} `json:"search_metadata"`

	// Error is a sentence; it is set for a search that failed and for one that found nothing.
	Error string `json:"error"`

	Results []json.RawMessage `json:"shopping_results"`
}

// serpAPIOffer is one offer as SerpApi describes it.
type serpAPIOffer struct {
	Title  string `json:"title"`
	Source string `json:"source"`

	// Link leads to the seller; where Google gives none there is only ProductLink, to its own page of the product.
	Link        string `json:"link"`
	ProductLink string `json:"product_link"`

	// Price is as shown ("$1,299.00"), ExtractedPrice the number in it.
	Price          string      `json:"price"`
	ExtractedPrice json.Number `json:"extracted_price"`

	// SecondHand is "used" or "refurbished", and empty for what is new.
	SecondHand string `json:"second_hand_condition"`

	// Installment is there when Price is only the first of several payments.
	Installment json.RawMessage `json:"installment"`
}

// FindPrices searches the query's market for what is new and paid at once.
func (s *SerpAPI) FindPrices(ctx context.Context, query PriceQuery) ([]Offer, error) {
	words, err := s.api.query(query.Product)
	if err != nil {
		return nil, err
	}
	market := marketOf(query)
	request, err := s.api.request(ctx, http.MethodGet, "/search.json", url.Values{
		"engine":      {"google_shopping"},
		"q":           {words},
		"gl":          {googleCountry(market.country)},
		"hl":          {"en"},
		"direct_link": {"true"},
		"api_key":     {s.key},
	}, nil)
	if err != nil {
		return nil, err
	}
	var answer serpAPIAnswer
	if err := s.api.send(request, &answer); err != nil {
		return nil, err
	}
	if len(answer.Results) == 0 {
		return nil, s.emptyFailure(answer)
	}
	results, err := decodeEach[serpAPIOffer](&s.api, answer.Results)
	if err != nil {
		return nil, err
	}
	offers := make([]Offer, 0, len(results))
	for _, result := range results {
		if offer, ok := result.offer(market); ok {
			offers = append(offers, offer)
		}
	}
	return s.api.bestOffers(offers, query.Limit)
}

// emptyFailure says why there are no results. SerpApi has no codes, so its sentence for "none" counts besides the status.
func (s *SerpAPI) emptyFailure(answer serpAPIAnswer) *Error {
	switch {
	case answer.Metadata.Status == "Success", strings.Contains(answer.Error, "hasn't returned any results"):
		return &Error{Provider: s.Name(), Kind: NothingFound}
	case answer.Metadata.Status != "", answer.Error != "":
		return s.api.failure(Down, "the search did not succeed")
	}
	return s.api.failure(Malformed, "answer holds no list of results")
}

// offer is the seam's view of the result, its texts not yet safe; it says false for what is used, paid in installments
// or has no exact price.
func (o serpAPIOffer) offer(market market) (Offer, bool) {
	if o.SecondHand != "" || len(o.Installment) > 0 && string(o.Installment) != "null" {
		return Offer{}, false
	}
	code := market.currency
	if o.Price != "" {
		code = currencyOfPrice(o.Price, market.currency)
	}
	amount, ok := minorUnits(o.ExtractedPrice, code)
	if code == "" || !ok {
		return Offer{}, false
	}
	return Offer{
		Seller: o.Source, AmountMinor: amount, Currency: code, URL: orElse(o.Link, o.ProductLink), Title: o.Title,
	}, true
}

// googleCountry is Google's code of a country: ISO 3166-1 in lower case, but for the United Kingdom.
func googleCountry(country string) string {
	if country == "GB" {
		return "uk"
	}
	return strings.ToLower(country)
}
