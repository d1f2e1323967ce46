package provider

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// serpAPIBody is an answer of GET /search.json with engine google_shopping.
const serpAPIBody = `{"search_metadata":{"id":"65a1","status":"Success","json_endpoint":"https://serpapi.com/searches/65a1.json","total_time_taken":1.94},
"search_parameters":{"engine":"google_shopping","q":"Enamel Kettle Acme","google_domain":"google.com","hl":"en","gl":"us","device":"desktop"},
"search_information":{"shopping_results_state":"Results for exact spelling"},
"filters":[],
"shopping_results":[
{"position":1,"title":"Acme Enamel Kettle","link":"https://www.shop.example.com/p/1?utm=x","product_link":"https://www.google.com/shopping/product/1?gl=us",
 "product_id":"1","serpapi_product_api":"https://serpapi.com/search.json?engine=google_product","source":"Example Shop","price":"$1,299.00",
 "extracted_price":1299.0,"rating":4.6,"reviews":211,"thumbnail":"https://encrypted-tbn0.gstatic.com/shopping?q=tbn:1","delivery":"Free delivery"},
{"position":2,"title":"Acme Kettle","product_link":"https://www.google.com/shopping/product/2?gl=us","source":"Other","price":"$4.35","extracted_price":4.35},
{"position":3,"title":"Used","link":"https://used.example.com","source":"U","price":"$4.00 used","extracted_price":4.0,"second_hand_condition":"used"},
{"position":4,"title":"By the month","link":"https://month.example.com","source":"M","price":"$20.00","extracted_price":20.0,
 "installment":{"down_payment":"$0.00","months":"24"}},
{"position":5,"title":"Without a price","link":"https://none.example.com","source":"N"},
{"position":6,"title":"The first again","link":"https://www.shop.example.com/p/1?utm=x","source":"Example Shop","price":"$1,300.00","extracted_price":1300},
{"position":7,"title":"Unsafe","link":"javascript:alert(1)","source":"X","price":"$1.00","extracted_price":1},
{"position":8,"title":"Odd","link":"https://odd.example.com","price":"$1.00","extracted_price":"one"},
{"position":9,"title":"Abroad","link":"https://abroad.example.com","source":"","price":"CHF 12.50","extracted_price":12.5},
{"position":10,"title":"Unknown money","link":"https://unknown.example.com","price":"¤ 12.50","extracted_price":12.5},
{"position":11,"title":"Finer than a cent","link":"https://fine.example.com","price":"$0.005","extracted_price":0.005},
{"position":12,"title":` + hostileTitle + `,"link":"https://hostile.example.com","source":` + hostileTitle + `,"price":"$12.00","extracted_price":12}],
"serpapi_pagination":{"current":1}}`

func TestSerpAPIFindsOffersToTheCent(t *testing.T) {
	var asked url.Values
	server := serveSearch(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/search.json" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		asked = r.URL.Query()
		answering(200, serpAPIBody)(w, r)
	})
	offers, err := NewSerpAPI(server.URL, searchKey, testClient(t)).FindPrices(t.Context(),
		PriceQuery{Product: Product{Name: "Enamel Kettle", Brand: "Acme"}, Limit: 10, Country: "GB"})
	if err != nil {
		t.Fatal(err)
	}
	if len(offers) != 4 {
		t.Fatalf("%d offers: %+v", len(offers), offers)
	}
	want := []Offer{
		{Seller: "Example Shop", AmountMinor: 129900, Currency: "USD", URL: "https://www.shop.example.com/p/1?utm=x", Title: "Acme Enamel Kettle"},
		{Seller: "Other", AmountMinor: 435, Currency: "USD", URL: "https://www.google.com/shopping/product/2?gl=us", Title: "Acme Kettle"},
		{Seller: "abroad.example.com", AmountMinor: 1250, Currency: "CHF", URL: "https://abroad.example.com", Title: "Abroad"},
	}
	if diff := cmp.Diff(want, offers[:3]); diff != "" {
		t.Error(diff)
	}
	noHarmIn(t, offers[3].Title, maxTitleRunes)
	noHarmIn(t, offers[3].Seller, maxSellerRunes)
	wantAsked := url.Values{
		"engine": {"google_shopping"}, "q": {"Enamel Kettle Acme"}, "gl": {"uk"}, "hl": {"en"}, "direct_link": {"true"}, "api_key": {searchKey},
	}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Error(diff)
	}
}

func TestSerpAPICountsInTheMarketsCurrency(t *testing.T) {
	for _, test := range []struct {
		country, currency, price, extracted string
		want                                Money
	}{
		{"JP", "", "￥12,800", "12800", Money{12800, "JPY"}},
		{"", "JPY", "￥12,800", "12800.0", Money{12800, "JPY"}},
		{"KW", "", "KWD 12.345", "12.345", Money{12345, "KWD"}},
		{"DE", "", "1.299,00 €", "1299.0", Money{129900, "EUR"}},
		{"CA", "", "$12.99", "12.99", Money{1299, "CAD"}},
		{"SE", "", "129 kr", "129", Money{12900, "SEK"}},
		{"IN", "", "", "129999.5", Money{12999950, "INR"}},
	} {
		server := serveSearch(t, answering(200, `{"shopping_results":[{"title":"Kettle","link":"https://shop.example.com/","price":"`+test.price+
			`","extracted_price":`+test.extracted+`}]}`))
		offers, err := NewSerpAPI(server.URL, searchKey, testClient(t)).FindPrices(t.Context(),
			PriceQuery{Product: Product{Name: "Kettle"}, Limit: 1, Country: test.country, Currency: test.currency})
		if err != nil {
			t.Errorf("%s: %v", test.price, err)
			continue
		}
		if got := (Money{offers[0].AmountMinor, offers[0].Currency}); got != test.want {
			t.Errorf("%s: %+v; want %+v", test.price, got, test.want)
		}
	}
}

func TestSerpAPITellsNothingFoundFromASearchThatFailed(t *testing.T) {
	for body, want := range map[string]Kind{
		`{"search_metadata":{"status":"Success"},"error":"Google hasn't returned any results for this query."}`: NothingFound,
		`{"error":"Google hasn't returned any results for this query."}`:                                        NothingFound,
		`{"search_metadata":{"status":"Success"},"shopping_results":[]}`:                                        NothingFound,
		`{"search_metadata":{"status":"Error"},"error":"We couldn't get valid results for this search."}`:       Down,
		`{"search_metadata":{"status":"Processing"}}`:                                                           Down,
		`{"error":"Something else, with api_key=` + searchKey + `"}`:                                            Down,
		`{}`: Malformed,
	} {
		server := serveSearch(t, answering(200, body))
		_, err := NewSerpAPI(server.URL, searchKey, testClient(t)).FindPrices(t.Context(), PriceQuery{Product: Product{Name: "Kettle"}, Limit: 1})
		if KindOf(err) != want {
			t.Errorf("%s: err = %v; want %s", body, err, want)
		}
		noKeyIn(t, err)
	}
}
