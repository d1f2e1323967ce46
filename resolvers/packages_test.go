package resolvers

import (
	"testing"
	"time"

	"productgenerator/models"
)

const setTokenPackage = `mutation($i: TokenPackageInput!) { setTokenPackage(input: $i) {
	tokenPackage { id name tokens priceMinor currency active expiresAfterDays } userErrors { code message path } } }`

func TestPackagesAreShownToEverybodyAndSetByAdministrators(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator()
	const list = `{ tokenPackages { name tokens priceMinor } }`
	wantJSON(t, w.anonymous().must(list, nil), `{"tokenPackages": [
		{"name": "Starter", "tokens": 650, "priceMinor": 900}, {"name": "Team", "tokens": 3250, "priceMinor": 3900},
		{"name": "Studio", "tokens": 13000, "priceMinor": 12900}
	]}`)
	input := object{"name": "Taste", "tokens": 65, "priceMinor": 100, "currency": "eur", "active": true, "expiresAfterDays": 90}
	added := admin.must(setTokenPackage, object{"i": input})["setTokenPackage"]
	id := text(added, "tokenPackage", "id")
	wantJSON(t, added, `{"tokenPackage": {
		"id": "`+id+`", "name": "Taste", "tokens": 65, "priceMinor": 100, "currency": "EUR", "active": true, "expiresAfterDays": 90
	}, "userErrors": []}`)
	input = object{"id": id, "name": "Taste", "tokens": 70, "priceMinor": 100, "currency": "EUR", "active": false}
	changed := admin.must(setTokenPackage, object{"i": input})["setTokenPackage"]
	wantJSON(t, at(changed, "tokenPackage", "expiresAfterDays"), `null`)
	if sold := at(w.anonymous().must(list, nil), "tokenPackages").([]any); len(sold) != 3 {
		t.Errorf("%v", sold)
	}
	wantJSON(t, at(admin.must(`{ administration { packages { name active } } }`, nil), "administration", "packages", 0),
		`{"name": "Taste", "active": false}`)

	w.anonymous().refused(codeUnauthenticated, setTokenPackage, object{"i": input})
	w.signUp("ann").refused(codeForbidden, setTokenPackage, object{"i": input})
	for _, missing := range []any{models.NewTokenPackageID(time.Now()), models.NewTeamID(time.Now())} {
		input["id"] = missing
		admin.refused(codeNotFound, setTokenPackage, object{"i": input})
	}
}

func TestWhatIsWrongWithAPackageIsSaidInSentences(t *testing.T) {
	w := newWorld(t)
	refused := w.administrator().must(setTokenPackage, object{"i": object{
		"name": "", "tokens": 0, "priceMinor": 0, "currency": "EURO", "active": true, "expiresAfterDays": 3651,
	}})
	wantJSON(t, refused["setTokenPackage"], `{"tokenPackage": null, "userErrors": [
		{"code": "REQUIRED", "path": ["name"], "message": "Fill this in."},
		{"code": "OUT_OF_RANGE", "path": ["tokens"], "message": "Give a whole number of tokens that is allowed here: at least 1 to give, 0 or more as a limit, -1 for no limit."},
		{"code": "OUT_OF_RANGE", "path": ["priceMinor"], "message": "Give a price of 1 to 99,999,999 in the currency's minor unit, such as cents."},
		{"code": "INVALID", "path": ["currency"], "message": "Give the code of a currency, such as EUR."},
		{"code": "OUT_OF_RANGE", "path": ["expiresAfterDays"], "message": "Give 1 to 3,650 days, or null so that its tokens never lapse."}
	]}`)
}

func TestARefusalNamesThePackagesThatWouldDo(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	w.exec(`UPDATE balances SET custom_daily_unlimited = true`)
	w.exec(`UPDATE token_packages SET tokens = 130 WHERE name = 'Starter'`)
	bought := ann.purchases("k") // with the welcome gift 325 tokens
	lamp := ann.product("Lamp")
	spend := func(key string) any {
		return ann.must(`mutation($i: GenerateInput!) { generateAll(input: $i) { userErrors {
			code ... on InsufficientTokensError { shortBy packages { name } } ... on DebtError { debt packages { name } }
		} } }`, object{"i": object{"productId": lamp, "idempotencyKey": key}})["generateAll"]
	}
	for range 5 {
		ann.spend(lamp, models.OperationGenerateAll)
	}
	wantJSON(t, spend("short"), `{"userErrors": [
		{"code": "INSUFFICIENT_TOKENS", "shortBy": 65, "packages": [{"name": "Starter"}, {"name": "Team"}, {"name": "Studio"}]}
	]}`)
	w.administrator().must(refundPurchase, object{"i": object{
		"purchaseId": text(bought, "purchase", "id"), "note": "by mistake", "idempotencyKey": "r",
	}})
	wantJSON(t, spend("in debt"), `{"userErrors": [
		{"code": "IN_DEBT", "debt": 130, "packages": [{"name": "Team"}, {"name": "Studio"}]},
		{"code": "INSUFFICIENT_TOKENS", "shortBy": 65, "packages": [{"name": "Team"}, {"name": "Studio"}]}
	]}`)
}
