package operations

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/catalog"
	"productgenerator/ledger"
	"productgenerator/models"
)

// warned are the kinds of warnings of a quote, with how many products each concerns.
func (s *situation) warned(operation models.Operation, products ...models.ProductID) string {
	s.t.Helper()
	quote, err := s.desk.Quote(within(s.t), QuoteRequest{Actor: s.owner, Team: s.id, Operation: operation, Products: products})
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, warning := range quote.Warnings {
		kind := string(warning.Kind)
		if warning.Own {
			kind += " own"
		}
		if warning.Limit > 0 {
			kind += fmt.Sprintf(" %d of %d", warning.Remaining, warning.Limit)
		}
		list = append(list, fmt.Sprintf("%s %d", kind, len(warning.Products)))
	}
	return strings.Join(list, ", ")
}

func TestAQuoteWarns(t *testing.T) {
	p := newPlatform(t)
	works := p.process(&studio{}, 2)
	s := &situation{team: p.team(1000), desk: works}
	shelf := catalog.New(p.db.Gorm, works.now)
	fresh, done, edited := s.product(), s.product(), s.product()
	want(t, "nothing to say", s.warned(models.OperationGenerateAll), "")

	for _, product := range []models.ProductID{done, edited} {
		works.finished(s.run(works, product, models.OperationGenerateAll).ID)
	}
	for _, part := range []models.Part{models.PartShortDescription, models.PartLongDescription} {
		if _, err := shelf.EditContent(within(t), s.id, edited, part, "By hand.", nil, s.owner); err != nil {
			t.Fatal(err)
		}
	}
	texts := models.OperationGenerateTexts
	want(t, "a fresh product", s.warned(texts, fresh), "")
	want(t, "a generated text", s.warned(texts, done), "REGENERATES_UNREVIEWED_CONTENT 1, PART_ALREADY_PRESENT 1")
	want(t, "a text by hand", s.warned(texts, edited), "PART_ALREADY_PRESENT 1")
	want(t, "images again", s.warned(models.OperationSearchImages, done, fresh, edited), "PART_ALREADY_PRESENT 2")

	for _, part := range []models.Part{models.PartShortDescription, models.PartLongDescription} {
		if _, err := shelf.MarkReviewed(within(t), s.id, done, part, 1, s.owner); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "a reviewed text", s.warned(texts, done), "PART_ALREADY_PRESENT 1")

	p.exec(`
INSERT INTO templates (id, team_id, name, short_description, long_description, language, created_at, updated_at)
VALUES ('template_1', $1, 'T', 'short', 'long', 'en', now(), now())`, s.id)
	want(t, "templates", s.warned(texts, fresh, done), "TEMPLATE_WOULD_DO 1, PART_ALREADY_PRESENT 1")
	want(t, "templates and a search", s.warned(models.OperationSearchImages, fresh), "")

	available := 1000 - models.Tokens(2*65)
	s.exec(`UPDATE balances SET low_balance_threshold = $2 WHERE team_id = $1`, s.id, available-45)
	want(t, "at the threshold", s.warned(texts, edited), "LOW_BALANCE_AFTER 0, PART_ALREADY_PRESENT 1")
	s.exec(`UPDATE balances SET low_balance_threshold = $2 WHERE team_id = $1`, s.id, available-46)
	want(t, "above the threshold", s.warned(texts, edited), "PART_ALREADY_PRESENT 1")

	s.exec(`UPDATE balances SET own_daily_limit = $2 WHERE team_id = $1`, s.id, 200) // 175 of 200 then
	want(t, "near the limit", s.warned(texts, edited), "NEAR_LIMIT 25 of 200 0, PART_ALREADY_PRESENT 1")
	s.exec(`UPDATE balances SET own_daily_limit = $2 WHERE team_id = $1`, s.id, 219) // 79.9 % then
	want(t, "not yet near", s.warned(texts, edited), "PART_ALREADY_PRESENT 1")

	s.exec(`UPDATE memberships SET daily_limit = 200 WHERE user_id = $1`, s.owner) // 175 of 200 then
	want(t, "near the member's own limit", s.warned(texts, edited), "NEAR_LIMIT own 25 of 200 0, PART_ALREADY_PRESENT 1")
	s.exec(`UPDATE balances SET own_daily_limit = 180 WHERE team_id = $1`, s.id)
	want(t, "near both", s.warned(texts, edited), "NEAR_LIMIT 5 of 180 0, NEAR_LIMIT own 25 of 200 0, PART_ALREADY_PRESENT 1")
	s.exec(`UPDATE balances SET own_daily_limit = 170, low_balance_threshold = 900 WHERE team_id = $1`, s.id)
	want(t, "blocked: its blockers say what is short", s.warned(texts, edited), "PART_ALREADY_PRESENT 1")
	want(t, "what is not blocked", s.warned(models.OperationSearchImages, fresh),
		"NEAR_LIMIT 30 of 170 0, LOW_BALANCE_AFTER 0")
}

func TestAQuoteTellsWhatAColleagueStartedAMomentAgo(t *testing.T) {
	p := newPlatform(t)
	desk := p.process(&studio{}, 0)
	s := &situation{team: p.team(10_000), desk: desk}
	ann, bob := s.seat(p.user(), models.RoleMember), s.seat(p.user(), models.RoleMember)
	products := s.team.products(3)
	by := func(user models.UserID, product models.ProductID, operation models.Operation) models.Generation {
		t.Helper()
		generation, _, err := desk.Run(within(t), Request{Actor: user, Product: product, Operation: operation, Key: freshKey(user)})
		if err != nil {
			t.Fatal(err)
		}
		return generation
	}
	told := func(operation models.Operation, products ...models.ProductID) string {
		t.Helper()
		quote, err := desk.Quote(within(t), QuoteRequest{Actor: s.owner, Team: s.id, Operation: operation, Products: products})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, w := range quote.Warnings {
			if w.Kind != WarnStartedByColleague {
				continue
			}
			if w.Ago < 0 || w.Ago >= recently {
				t.Errorf("%s ago", w.Ago)
			}
			name := map[models.UserID]string{ann: "ann", bob: "bob", s.owner: "oneself"}[w.Colleague]
			list = append(list, fmt.Sprintf("%s %s on %d", name, w.Operation, len(w.Products)))
		}
		return strings.Join(list, ", ")
	}
	prices, images := models.OperationSearchPrices, models.OperationSearchImages
	want(t, "nobody", told(prices, products[0]), "")
	by(s.owner, products[0], images)
	want(t, "oneself", told(prices, products[0]), "")
	first := by(ann, products[0], prices)
	want(t, "a colleague, on another part", told(models.OperationGenerateTexts, products[0]), "ann SEARCH_PRICES on 1")
	want(t, "a colleague, on the same part", told(prices, products[0]), "ann SEARCH_PRICES on 1")
	want(t, "on another product", told(prices, products[1]), "")
	want(t, "the product is not named", told(prices), "")

	by(ann, products[1], prices)
	by(bob, products[2], images)
	want(t, "several", told(models.OperationGenerateTexts, products...), "ann SEARCH_PRICES on 2, bob SEARCH_IMAGES on 1")
	regretted := by(bob, products[0], models.OperationGenerateTexts)
	want(t, "the newest on a product", told(prices, products[0]), "bob GENERATE_TEXTS on 1")
	if _, _, err := desk.Cancel(within(t), bob, regretted); err != nil {
		t.Fatal(err)
	}
	want(t, "what was cancelled", told(prices, products[0]), "ann SEARCH_PRICES on 1")

	works := p.process(&studio{}, 2)
	works.finished(first.ID)
	want(t, "what is just finished", told(models.OperationGenerateAll, products[1]), "ann SEARCH_PRICES on 1")
	s.exec(`UPDATE generations SET created_at = now() - interval '121 seconds' WHERE actor_id = $1`, bob)
	want(t, "what is longer ago", told(prices, products[2]), "")
}

func TestARunningGenerationIsNamedOnceWithAllOfItsPartsThatAreInTheWay(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1_000), p.process(&studio{}, 0)
	product := tm.product()
	texts := tm.run(desk, product, models.OperationGenerateTexts)
	images := tm.run(desk, product, models.OperationSearchImages)
	quote, err := desk.Quote(within(t), QuoteRequest{
		Actor: tm.owner, Team: tm.id, Operation: models.OperationGenerateAll, Products: []models.ProductID{product},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := []string{"productId"}
	if diff := cmp.Diff([]models.Blocker{
		{
			Code: models.BlockerAlreadyRunning, Path: path, GenerationID: texts.ID,
			Parts: []models.Part{models.PartShortDescription, models.PartLongDescription},
		},
		{Code: models.BlockerAlreadyRunning, Path: path, GenerationID: images.ID, Parts: []models.Part{models.PartImages}},
	}, quote.Blockers); diff != "" {
		t.Errorf("blockers (-want +got):\n%s", diff)
	}
}

func TestABlockedQuoteSaysWhoseLimitItIsWhenItClearsAndWhoCanClearIt(t *testing.T) {
	p := newPlatform(t)
	desk := p.process(&studio{}, 0)
	for name, test := range map[string]struct {
		arrange func(tm *team)
		source  models.DailyLimitSource
		by      models.TeamRole
		own     bool
	}{
		"the platform's default": {
			func(tm *team) {
				tm.change(func(tx *ledger.Tx) error { tx.SetPlatformLimits(false, false, models.NoLimit()); return nil })
				tm.exec(`UPDATE settings SET default_daily_limit = 40`)
			},
			models.LimitPlatformDefault, "", false,
		},
		"a limit that the platform has set for the team": {
			func(tm *team) {
				tm.change(func(tx *ledger.Tx) error { tx.SetPlatformLimits(false, true, models.LimitOf(40)); return nil })
			},
			models.LimitPlatformCustom, "", false,
		},
		"the team's own": {
			func(tm *team) {
				tm.change(func(tx *ledger.Tx) error { tx.SetOwnLimit(models.LimitOf(40)); return nil })
			},
			models.LimitTeamOwn, models.RoleAdmin, false,
		},
		"the member's own": {
			func(tm *team) { tm.exec(`UPDATE memberships SET daily_limit = 40 WHERE user_id = $1`, tm.owner) },
			"", models.RoleAdmin, true,
		},
	} {
		tm := p.team(1_000)
		tm.run(desk, tm.product(), models.OperationSearchImages)
		test.arrange(tm)
		quote, err := desk.Quote(within(t), QuoteRequest{Actor: tm.owner, Team: tm.id, Operation: models.OperationGenerateTexts})
		if err != nil {
			t.Fatal(err)
		}
		resets := tm.balance().ResetsAt
		expected := models.Blocker{
			Code: models.BlockerDailyLimitReached, Required: 45, RemainingToday: 30, DailyLimit: 40, ClearsAt: &resets,
			LimitSource: test.source, ClearableBy: test.by,
		}
		if test.own {
			expected.MemberID = tm.owner
		}
		if diff := cmp.Diff([]models.Blocker{expected}, quote.Blockers); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		want(t, name+": what is still affordable", fmt.Sprint(quote.Affordable), "[SEARCH_IMAGES SEARCH_PRICES]")
	}
}
