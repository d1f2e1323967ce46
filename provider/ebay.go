package provider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// EBayBaseURL is where eBay's APIs are.
const EBayBaseURL = "https://api.ebay.com"

// EBay finds offers by eBay's Browse API. It is safe for concurrent use.
type EBay struct {
	api   searchAPI
	token *ebayToken
}

// NewEBay makes the provider; an empty baseURL means EBayBaseURL. clientID and clientSecret are those of the application.
func NewEBay(baseURL, clientID, clientSecret string, client *http.Client) *EBay {
	api := searchAPI{
		name: "ebay", baseURL: orElse(baseURL, EBayBaseURL), client: client, clean: newCleaner(),
		secrets: []string{clientSecret}, codes: []string{"errors.0.errorId", "error"},
	}
	return &EBay{api: api, token: newEBayToken(api, clientID, clientSecret)}
}

// Name is "ebay".
func (*EBay) Name() string { return "ebay" }

// ebayAnswer is what a search answers with status 200. Without a hit the list is missing and Total is zero.
type ebayAnswer struct {
	Total *int              `json:"total"`
	Items []json.RawMessage `json:"itemSummaries"`
}

// ebayItem is one item as eBay describes it.
type ebayItem struct {
	Title      string `json:"title"`
	ItemWebURL string `json:"itemWebUrl"`
	AdultOnly  bool   `json:"adultOnly"`

	// Price is a decimal number in a string, and an ISO 4217 code.
	Price struct {
		Value    json.Number `json:"value"`
		Currency string      `json:"currency"`
	} `json:"price"`

	Seller struct {
		Username string `json:"username"`
	} `json:"seller"`
}

// FindPrices searches the marketplace of the query's country for new items at a fixed price. It is NothingFound where
// eBay has no marketplace.
func (e *EBay) FindPrices(ctx context.Context, query PriceQuery) ([]Offer, error) {
	words, err := e.api.query(query.Product)
	if err != nil {
		return nil, err
	}
	marketplace := ebayMarketplace(marketOf(query).country)
	if marketplace == "" {
		return nil, e.api.failure(NothingFound, "there is no marketplace in the country")
	}
	answer, err := e.search(ctx, marketplace, url.Values{
		"q":      {words},
		"limit":  {strconv.Itoa(resultsToAsk(query.Limit, maxResults))},
		"filter": {"buyingOptions:{FIXED_PRICE},conditions:{NEW}"},
	})
	if err != nil {
		return nil, err
	}
	if answer.Items == nil && answer.Total != nil && *answer.Total == 0 {
		return nil, &Error{Provider: e.Name(), Kind: NothingFound}
	}
	items, err := decodeEach[ebayItem](&e.api, answer.Items)
	if err != nil {
		return nil, err
	}
	offers := make([]Offer, 0, len(items))
	for _, item := range items {
		if offer, ok := item.offer(); ok {
			offers = append(offers, offer)
		}
	}
	return e.api.bestOffers(offers, query.Limit)
}

// search asks with the token at hand, and once more with a new one if eBay no longer takes it.
func (e *EBay) search(ctx context.Context, marketplace string, query url.Values) (ebayAnswer, error) {
	token, err := e.token.get(ctx, "")
	if err != nil {
		return ebayAnswer{}, err
	}
	answer, err := e.searchWith(ctx, token, marketplace, query)
	var status statusError
	if !errors.As(err, &status) || status != http.StatusUnauthorized {
		return answer, err
	}
	if token, err = e.token.get(ctx, token); err != nil {
		return ebayAnswer{}, err
	}
	return e.searchWith(ctx, token, marketplace, query)
}

func (e *EBay) searchWith(ctx context.Context, token, marketplace string, query url.Values) (ebayAnswer, error) {
	request, err := e.api.request(ctx, http.MethodGet, "/buy/browse/v1/item_summary/search", query, nil)
	if err != nil {
		return ebayAnswer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("X-EBAY-C-MARKETPLACE-ID", marketplace)
	var answer ebayAnswer
	err = e.api.send(request, &answer)
	return answer, err
}

// offer is the seam's view of the item, its texts not yet safe; it says false for what is for adults only or has no exact
// price.
func (i ebayItem) offer() (Offer, bool) {
	amount, ok := minorUnits(i.Price.Value, i.Price.Currency)
	if !ok || i.AdultOnly || !isCurrency(i.Price.Currency) {
		return Offer{}, false
	}
	return Offer{
		Seller: i.Seller.Username, AmountMinor: amount, Currency: i.Price.Currency, URL: i.ItemWebURL, Title: i.Title,
	}, true
}

// ebayMarketplace is the marketplace of a country that the Browse API serves, else empty.
func ebayMarketplace(country string) string {
	switch country {
	case "AT", "AU", "BE", "CA", "CH", "DE", "ES", "FR", "GB", "HK", "IE", "IT", "NL", "PL", "SG", "US":
		return "EBAY_" + country
	}
	return ""
}
