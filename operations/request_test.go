package operations

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/provider"
)

func TestARequestReservesItsWholeCostTogetherWithItsJob(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	product := tm.product()

	generation, balance, err := desk.Run(within(t), tm.request(product, models.OperationGenerateAll))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", generation.Status, models.GenerationQueued)
	want(t, "reserved", generation.Reserved(), 65)
	want(t, "parts", len(generation.Parts), 4)
	want(t, "reserved by the team", balance.Reserved, 65)
	tm.holds(35, 65)
	stored, err := desk.Generation(within(t), generation.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "product's name", stored.ProductName, generation.ProductName)
	want(t, "parts stored", len(stored.Parts), 4)
	want(t, "the first part", stored.Parts[0].Part, models.PartShortDescription)
	want(t, "jobs", one[int](p, `SELECT count(*) FROM river_job WHERE args ->> 'generation' = $1 AND state = 'available'`, generation.ID), 1)
}

func TestAKeyRepeatedGivesTheGenerationAsItIsNow(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	request := tm.request(tm.product(), models.OperationSearchImages)
	first, _, err := desk.Run(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := desk.Run(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the second answer", again.ID, first.ID)
	want(t, "its status", again.Status, models.GenerationQueued)
	works := p.process(&studio{}, 2)
	works.finished(first.ID)
	again, balance, err := desk.Run(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the third answer", again.ID, first.ID)
	want(t, "its status then", again.Status, models.GenerationSucceeded)
	want(t, "the balance then", balance.Available, models.LimitOf(90))

	other := request
	other.Key = keyOf(tm.owner, request.Key.Key, "something else")
	if _, _, err := desk.Run(within(t), other); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("the key with another input: got %v", err)
	}
	tm.holds(90, 0)
}

func TestTheSameKeyEightTimesAtOnceMakesOneGeneration(t *testing.T) {
	p := newPlatform(t)
	tm := p.team(1000)
	desks := []*process{p.process(&studio{}, 0), p.process(&studio{}, 0)}
	request := tm.request(tm.product(), models.OperationGenerateAll)
	ids := make([]models.GenerationID, 8)
	atOnce(8, func(i int) {
		generation, _, err := desks[i%2].Run(within(t), request)
		if err != nil {
			t.Errorf("run: %v", err)
		}
		ids[i] = generation.ID
	})
	slices.Sort(ids)
	want(t, "generations", len(slices.Compact(ids)), 1)
	tm.holds(935, 65)
}

func TestARefusedKeyStaysRefused(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(10), p.process(&studio{}, 0)
	request := tm.request(tm.product(), models.OperationGenerateAll)
	for range 2 {
		_, _, err := desk.Run(within(t), request)
		want(t, "refused", codes(err), "INSUFFICIENT_TOKENS")
		tm.issue(100)
	}
	request.Key = freshKey(tm.owner)
	if _, _, err := desk.Run(within(t), request); err != nil {
		t.Errorf("a new key: %v", err)
	}
}

func TestOfManyRequestsForOneProductOneIsAccepted(t *testing.T) {
	p := newPlatform(t)
	tm := p.team(10_000)
	desks := []*process{p.process(&studio{}, 0), p.process(&studio{}, 0)}
	product := tm.product()
	accepted := make([]models.GenerationID, 64)
	named := make([]models.GenerationID, 64)
	atOnce(64, func(i int) {
		generation, _, err := desks[i%2].Run(within(t), tm.request(product, models.OperationGenerateAll))
		var refusal *models.Refusal
		switch {
		case err == nil:
			accepted[i] = generation.ID
		case errors.As(err, &refusal) && len(refusal.Blockers) == 1 && refusal.Blockers[0].Code == models.BlockerAlreadyRunning:
			named[i] = refusal.Blockers[0].GenerationID
			want(t, "path", strings.Join(refusal.Blockers[0].Path, "."), "productId")
		default:
			t.Errorf("run: %v", err)
		}
	})
	got := slices.Compact(slices.Sorted(slices.Values(accepted)))
	if len(got) != 2 || got[0] != "" { // "" stands for the 63
		t.Fatalf("accepted: %v", got)
	}
	refused := slices.DeleteFunc(named, func(id models.GenerationID) bool { return id == "" })
	want(t, "refused", len(refused), 63)
	for _, id := range refused {
		want(t, "named", id, got[1])
	}
	tm.holds(10_000-65, 65)
}

func TestOperationsOnOtherPartsOfAProductRunBesideEachOther(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1000), p.process(&studio{}, 0)
	product := tm.product()
	images := tm.run(desk, product, models.OperationSearchImages)
	prices := tm.run(desk, product, models.OperationSearchPrices)
	tm.run(desk, product, models.OperationGenerateTexts)
	_, _, err := desk.Run(within(t), tm.request(product, models.OperationSearchPrices))
	var refusal *models.Refusal
	if !errors.As(err, &refusal) || refusal.Blockers[0].GenerationID != prices.ID || !slices.Equal(refusal.Blockers[0].Parts, []models.Part{models.PartPrices}) {
		t.Errorf("prices again: %v", err)
	}
	_, _, err = desk.Run(within(t), tm.request(product, models.OperationGenerateAll))
	want(t, "all of it", codes(err), "ALREADY_RUNNING ALREADY_RUNNING ALREADY_RUNNING") // each generation once
	_ = images
}

func TestRequestsForMoreThanThereIsAreAcceptedExactlyAsFarAsTokensReach(t *testing.T) {
	p := newPlatform(t)
	const affordable = 23
	tm := p.team(affordable*65 + 64)
	desks := []*process{p.process(&studio{}, 0), p.process(&studio{}, 0)}
	products := tm.products(64)
	results := make([]string, 64)
	atOnce(64, func(i int) {
		_, _, err := desks[i%2].Run(within(t), tm.request(products[i], models.OperationGenerateAll))
		results[i] = codes(err)
	})
	slices.Sort(results)
	want(t, "accepted", count(results, ""), affordable)
	want(t, "refused", count(results, "INSUFFICIENT_TOKENS"), 64-affordable)
	tm.holds(64, affordable*65)
}

func TestOnlyMembersSpend(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1000), p.process(&studio{}, 0)
	for role, wanted := range map[models.TeamRole]error{
		models.RoleViewer: models.ErrForbidden, models.RoleMember: nil, models.RoleAdmin: nil, models.RoleOwner: nil,
		"": models.ErrNotFound,
	} {
		user := p.user()
		if role != "" {
			tm.seat(user, role)
		}
		request := tm.request(tm.product(), models.OperationSearchImages)
		request.Actor, request.Key = user, freshKey(user)
		if _, _, err := desk.Run(within(t), request); !errors.Is(err, wanted) {
			t.Errorf("%q runs: got %v, want %v", role, err, wanted)
		}
		many := RequestMany{Actor: user, Team: tm.id, Products: tm.products(2), Operation: models.OperationSearchImages, Key: freshKey(user)}
		if _, _, err := desk.RunMany(within(t), many); !errors.Is(err, wanted) {
			t.Errorf("%q runs many: got %v, want %v", role, err, wanted)
		}
	}
}

func TestARemovedMembersKeysTellNothingMore(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	user := tm.seat(p.user(), models.RoleMember)
	accepted, refused := tm.request(tm.product(), models.OperationGenerateAll), tm.request(tm.product(), models.OperationGenerateAll)
	accepted.Actor, accepted.Key, refused.Actor, refused.Key = user, freshKey(user), user, freshKey(user)
	conflicting := accepted
	conflicting.Key = keyOf(user, accepted.Key.Key, "another input")
	many := tm.many(tm.products(2), models.OperationSearchImages)
	many.Actor, many.Key = user, freshKey(user)
	answers := func() string {
		var list []string
		for _, request := range []Request{accepted, refused, conflicting} {
			_, _, err := desk.Run(within(t), request)
			list = append(list, codes(err))
		}
		_, _, err := desk.RunMany(within(t), many)
		return strings.Join(append(list, codes(err)), "; ")
	}
	first := "; INSUFFICIENT_TOKENS; " + ledger.ErrKeyConflict.Error() + "; "
	want(t, "at first", answers(), first)
	want(t, "again", answers(), first)
	p.exec(`DELETE FROM memberships WHERE user_id = $1`, user)
	want(t, "removed", answers(), "not found; not found; not found; not found")
	// The books, which are checked now, name the members of then.
	p.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, 'VIEWER', now() - interval '1 hour')`,
		models.NewMembershipID(time.Now()), tm.id, user)
}

func TestRightsAreThoseOfTheMomentUnderTheLock(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1000), p.process(&studio{}, 0)
	user := tm.seat(p.user(), models.RoleMember)
	request := tm.request(tm.product(), models.OperationSearchImages)
	request.Actor, request.Key = user, freshKey(user)

	held, err := p.db.Pool.Begin(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(within(t), `SELECT FROM balances WHERE team_id = $1 FOR UPDATE`, tm.id); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, _, err := desk.Run(within(t), request)
		answered <- err
	}()
	p.awaitSQL(`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())`)
	if _, err := held.Exec(within(t), `DELETE FROM memberships WHERE user_id = $1`, user); err != nil {
		t.Fatal(err)
	}
	if err := held.Commit(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the removed member's request: got %v", err)
	}
	tm.holds(1000, 0)
}

func TestAForeignOrMissingProductAnswersAlike(t *testing.T) {
	p := newPlatform(t)
	tm, other, desk := p.team(1000), p.team(1000), p.process(&studio{}, 0)
	foreign, missing, deleted := other.product(), models.NewProductID(time.Now()), tm.product()
	p.exec(`UPDATE products SET deleted_at = now() WHERE id = $1`, deleted)
	for what, product := range map[string]models.ProductID{"foreign": foreign, "missing": missing, "deleted": deleted} {
		for _, template := range []models.TemplateID{"", "template_unknown"} {
			request := tm.request(product, models.OperationGenerateAll)
			request.Style.Template = template
			if _, _, err := desk.Run(within(t), request); err != models.ErrNotFound { //nolint:errorlint // byte for byte
				t.Errorf("%s product, template %q: got %v", what, template, err)
			}
		}
	}
	other.holds(1000, 0)
}

func TestBadInputIsNamedAndStoresNothing(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1000), p.process(&studio{}, 0)
	for what, spoil := range map[string]func(*Request){
		"idempotencyKey: REQUIRED": func(r *Request) { r.Key.Key = "" },
		"idempotencyKey: TOO_LONG": func(r *Request) { r.Key.Key = strings.Repeat("k", ledger.MaxKey+1) },
		"tone: TOO_LONG":           func(r *Request) { r.Style.Tone = strings.Repeat("t", MaxTone+1) },
		"instructions: TOO_LONG":   func(r *Request) { r.Style.Instructions = strings.Repeat("i", MaxInstructions+1) },
		"language: INVALID":        func(r *Request) { r.Style.Language = "e" },
		"language: TOO_LONG":       func(r *Request) { r.Style.Language = strings.Repeat("e", MaxLanguage+1) },
		"templateId: INVALID":      func(r *Request) { r.Style.Template = "template_unknown" },
	} {
		request := tm.request(tm.product(), models.OperationGenerateAll)
		spoil(&request)
		_, _, err := desk.Run(within(t), request)
		var faults models.FieldErrors
		if !errors.As(err, &faults) || !strings.HasSuffix(faults.Error(), what) {
			t.Errorf("want %s: got %v", what, err)
		}
	}
	tm.holds(1000, 0)
	want(t, "keys", one[int](p, `SELECT count(*) FROM idempotency_keys`), 0)
}

func TestTheOutlineIsTheTemplatesTexts(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1000), p.process(&studio{}, 0)
	p.exec(`
INSERT INTO templates (id, team_id, name, short_description, long_description, language, created_at, updated_at)
VALUES ('template_1', $1, 'T', 'short', 'long', 'en', now(), now())`, tm.id)
	request := tm.request(tm.product(), models.OperationGenerateTexts)
	request.Style = Style{Language: "es-MX", Tone: "warm", Instructions: "No jokes.", Template: "template_1"}
	generation, _, err := desk.Run(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := desk.Generation(within(t), generation.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "outline", stored.Outline, "short\n\nlong")
	want(t, "style", stored.Language+stored.Tone+stored.Instructions, "es-MXwarmNo jokes.")
}

func TestWhatIsKnownToFailIsRefusedBeforeItIsReserved(t *testing.T) {
	p := newPlatform(t)
	tm := p.team(1000)
	limits := quickLimits()
	limits.Failures = 1
	works := p.processWith(failing(provider.Down, models.PartImages).providers(limits), 1)
	works.finished(tm.run(works, tm.product(), models.OperationSearchImages).ID)

	_, _, err := works.Run(within(t), tm.request(tm.product(), models.OperationGenerateAll))
	var refusal *models.Refusal
	if !errors.As(err, &refusal) || len(refusal.Blockers) != 1 {
		t.Fatalf("run: %v", err)
	}
	down := refusal.Blockers[0]
	want(t, "code", down.Code, models.BlockerProviderDown)
	want(t, "parts", fmt.Sprint(down.Parts), "[IMAGES]")
	if down.ClearsAt == nil {
		t.Error("it does not say when it clears")
	}
	tm.holds(1000, 0)
	tm.run(works, tm.product(), models.OperationSearchPrices)
}

func TestAnOperationThatNobodyServesNeverClears(t *testing.T) {
	p := newPlatform(t)
	tm := p.team(1000)
	providers := (&studio{}).providers(quickLimits())
	providers.Images = provider.NewImages(quickLimits(), p.log)
	_, _, err := p.processWith(providers, 0).Run(within(t), tm.request(tm.product(), models.OperationGenerateAll))
	var refusal *models.Refusal
	if !errors.As(err, &refusal) || refusal.Blockers[0].ClearsAt != nil {
		t.Errorf("run: %v", err)
	}
}

// awaitSQL waits until the query says true.
func (p *platform) awaitSQL(sql string, args ...any) {
	p.t.Helper()
	ctx := within(p.t)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !one[bool](p, sql, args...) {
		select {
		case <-again.C:
		case <-ctx.Done():
			p.t.Fatalf("never came true: %s", sql)
		}
	}
}

// atOnce runs do for 0 to n-1, all at once.
func atOnce(n int, do func(i int)) {
	start := make(chan struct{})
	var goes sync.WaitGroup
	for i := range n {
		goes.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	goes.Wait()
}

// codes are the blockers of a refusal in their order, or the error's text; empty: accepted.
func codes(err error) string {
	var refusal *models.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		list := make([]string, len(refusal.Blockers))
		for i, blocker := range refusal.Blockers {
			list[i] = string(blocker.Code)
		}
		return strings.Join(list, " ")
	default:
		return err.Error()
	}
}

func count[T comparable](list []T, wanted T) (n int) {
	for _, item := range list {
		if item == wanted {
			n++
		}
	}
	return n
}
