package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAPurchaseInTheDemonstrationHasAReceiptToPrint(t *testing.T) {
	t.Parallel()
	p := start(t, embedded(t)...)
	demo := p.signIn(demoEmail, password)
	before := demo.readBalance(demo.team).Available
	bought := ask[struct {
		PurchaseTokens struct {
			Purchase   struct{ ID, Status, ReceiptURL string }
			Balance    struct{ Available int64 }
			UserErrors []userError
		}
	}](demo.client, `mutation($input: PurchaseTokensInput!) { purchaseTokens(input: $input) {
		purchase { id status receiptUrl } balance { available } userErrors { `+errorFields+` }
	} }`, input(vars{
		"teamId": demo.team, "packageId": "package_00000000000000000000000002", "idempotencyKey": "receipt",
	})).PurchaseTokens
	if len(bought.UserErrors) > 0 || bought.Purchase.Status != "PAID" || bought.Balance.Available != before+3_250 {
		t.Fatalf("bought: %+v", bought)
	}
	receipt, err := url.Parse(bought.Purchase.ReceiptURL)
	if err != nil || receipt.Path != "/purchases/"+bought.Purchase.ID {
		t.Fatalf("the receipt is at %s, %v", bought.Purchase.ReceiptURL, err)
	}
	if status, body := p.get(receipt.Path); status != http.StatusUnauthorized || strings.Contains(body, "39.00") {
		t.Errorf("nobody in particular gets %d %s", status, body)
	}
	runInChromium(t, "e2e/document.mjs", p.url(), receipt.Path, "Receipt", "€39.00", demoEmail, password)
	p.terminate()
}
