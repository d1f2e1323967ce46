package e2e_test

import (
	"strings"
	"testing"

	"productgenerator/postgres/pgtest"
)

func TestAPartThatNobodyDeliversGivesItsTokensBack(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	// Nobody listens where the images should come from.
	p := start(t, append(delivering(), database, "IMAGE_PROVIDERS=brave", "BRAVE_API_KEY=key", "BRAVE_BASE_URL=http://"+freeAddress(t))...)
	ada := p.signUp("Ada", "")
	run := ada.generate(ada.createProduct("Tent"), "in part")
	if run.Generation == nil {
		t.Fatalf("refused: %+v", run.UserErrors)
	}
	finished := ada.followToItsEnd(run.Generation.ID)
	if finished.Status != "PARTIALLY_SUCCEEDED" || finished.Captured != 55 || finished.Released != 10 {
		t.Errorf("it ended as %+v", finished)
	}
	for _, part := range finished.Parts {
		if failed := part.Status == "FAILED"; failed != (part.Part == "IMAGES") {
			t.Errorf("%s ended as %+v", part.Part, part)
		}
	}
	if left := ada.readBalance(ada.team); left.Available != 195-55 || left.ConsumedToday != 55 {
		t.Errorf("55 tokens were captured, the balance is %+v", left)
	}
	checkBooks(t, database)
}

func TestACancelledGenerationCostsNothingThatIsNotDelivered(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	p := start(t, database, "LOCAL_PACE=5s", "WORKERS=4")
	ada := p.signUp("Ada", "")
	run := ada.generateTexts(ada.createProduct("Tent"), "regretted")
	progress := ada.watchGeneration(run.ID)
	until(progress, func(e generationEvent) bool {
		return strings.Contains(e.GenerationProgress.Parts[0].Text+e.GenerationProgress.Parts[1].Text, " ")
	})
	cancelled := ask[struct{ CancelGeneration generated }](ada.client,
		"mutation($input: CancelGenerationInput!) { cancelGeneration(input: $input) { generation { "+generationFields+
			" } balance { "+balanceFields+" } userErrors { "+errorFields+" } } }", input(vars{"id": run.ID})).CancelGeneration
	if cancelled.Generation == nil || cancelled.Generation.Status != "CANCELLED" {
		t.Fatalf("cancelled: %+v", cancelled)
	}
	// The short text may have been there by then.
	paid := cancelled.Generation.Captured
	if paid == 45 || paid+cancelled.Generation.Released != 45 || cancelled.Balance.Available != 195-paid || cancelled.Balance.ConsumedToday != paid {
		t.Errorf("cancelled: %+v, %+v", cancelled.Generation, cancelled.Balance)
	}
	if ended := progress.end(); !ended.completed {
		t.Errorf("the stream ended with %+v", ended)
	}
	again := ada.generate(ada.products(ada.team)[0], "after all")
	if again.Generation == nil {
		t.Errorf("another run on the product: %+v", again.UserErrors)
	}
	checkBooks(t, database)
}

// generateTexts runs only the texts of a product.
func (u *user) generateTexts(product, key string) generation {
	u.t.Helper()
	query := "mutation($input: GenerateInput!) { run: generateTexts(input: $input)" + generatedSelection
	run := ask[struct{ Run generated }](u.client, query, input(vars{"productId": product, "idempotencyKey": key})).Run
	if run.Generation == nil {
		u.t.Fatalf("refused: %+v", run.UserErrors)
	}
	return *run.Generation
}

func TestTheDayIsLimitedUntilAnAdministratorRaisesTheLimit(t *testing.T) {
	t.Parallel()
	p := start(t, append(append(delivering(), administration()...), "DATABASE_URL="+pgtest.NewDurableURL(t))...)
	root := p.administrator()
	set := ask[struct {
		SetDefaultDailyLimit struct {
			Administration struct{ DefaultDailyLimit int64 }
		}
	}](root.client, `mutation { setDefaultDailyLimit(input: {tokens: 100}) { administration { defaultDailyLimit } userErrors { code } } }`, nil)
	if set.SetDefaultDailyLimit.Administration.DefaultDailyLimit != 100 {
		t.Errorf("setDefaultDailyLimit: %+v", set)
	}
	ada := p.signUp("Ada", "")
	products := ada.createProducts(3)
	ada.awaitFinished(ada.generate(products[0], "the first").Generation.ID)
	if low := ada.readBalance(ada.team); low.Spendable != 35 || low.RemainingToday != 35 || low.DailyLimit != 100 || low.Status != "LOW" {
		t.Errorf("with 65 of 100 used: %+v", low)
	}
	refused := ada.generate(products[1], "too much today")
	if len(refused.UserErrors) != 1 || refused.UserErrors[0].Type != "DailyLimitReachedError" || refused.Generation != nil {
		t.Errorf("beyond the limit: %+v", refused)
	}
	if quoted := ada.quote("GENERATE_ALL", products[1]); quoted.Allowed || len(quoted.Blockers) != 1 || strings.Join(quoted.Affordable, " ") != "SEARCH_IMAGES SEARCH_PRICES" {
		t.Errorf("quote: %+v", quoted)
	}
	root.allow(ada.team, -1)
	if raised := ada.generate(products[1], "allowed by now"); raised.Generation == nil || raised.Balance.RemainingToday != -1 {
		t.Errorf("without a limit: %+v", raised)
	}
}
