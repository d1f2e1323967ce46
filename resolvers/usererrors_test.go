package resolvers

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/auth"
	"productgenerator/catalog"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/teams"
)

func TestARefusalTellsEveryBlockerWithItsFigures(t *testing.T) {
	r, _ := presenter()
	clears := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	refusal := &models.Refusal{Blockers: []models.Blocker{
		{Code: models.BlockerInDebt, Required: 65, Debt: 7, ClearableBy: models.RoleAdmin},
		{Code: models.BlockerInsufficientTokens, Required: 65, Available: 20, ClearableBy: models.RoleAdmin},
		{Code: models.BlockerDailyLimitReached, Required: 65, RemainingToday: 5, DailyLimit: 650, ClearsAt: &clears},
		{Code: models.BlockerProviderDown, Parts: []models.Part{models.PartImages}, ClearsAt: &clears},
	}}
	got, err := r.userErrors(t.Context(), "", fmt.Errorf("run: %w", refusal))
	if err != nil {
		t.Fatal(err)
	}
	admin := models.RoleAdmin
	want := []graph.UserError{
		&graph.DebtError{
			Code: "IN_DEBT", Path: []string{}, Debt: 7, ClearableBy: &admin,
			Message: "The team owes 7 tokens of a refunded purchase. The next tokens that an admin of the team gets pay that first.",
		},
		&graph.InsufficientTokensError{
			Code: "INSUFFICIENT_TOKENS", Path: []string{}, Required: 65, Available: 20, ShortBy: 45, ClearableBy: &admin, Missing: 52,
			Message: "This costs 65 tokens, and the team has 20 tokens: it is short by 45 tokens. An admin of the team can get more.",
		},
		&graph.DailyLimitReachedError{
			Code: "DAILY_LIMIT_REACHED", Path: []string{}, Required: 65, RemainingToday: 5, DailyLimit: 650, ResetsAt: clears,
			Message: "This costs 65 tokens, and 5 tokens are left of today's limit of 650 tokens. The next day begins at 05:06 on 4 March (UTC).",
		},
		&graph.ProviderDownError{
			Code: "PROVIDER_DOWN", Path: []string{}, Parts: []models.Part{models.PartImages}, RetryAt: &clears,
			Message: "No provider can serve this now: images. Nothing was spent. Try again after 05:06 on 4 March (UTC).",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALimitThatIsTooLowOnEveryDayPromisesNoOtherDay(t *testing.T) {
	r, _ := presenter()
	clears := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	const platform = "waiting does not help. Run less at once, or ask the platform for a higher limit."
	for source, want := range map[models.DailyLimitSource]string{
		models.LimitPlatformDefault: "This costs 65 tokens, more than the 64 tokens a day that the platform allows every team: " + platform,
		models.LimitPlatformCustom:  "This costs 65 tokens, more than the 64 tokens a day that the platform has set for this team: " + platform,
		models.LimitTeamOwn:         "This costs 65 tokens, more than the 64 tokens a day that the team has set itself: waiting does not help. Run less at once, or let an admin of the team raise the limit.",
	} {
		got, err := r.userErrors(t.Context(), "", &models.Refusal{Blockers: []models.Blocker{{
			Code: models.BlockerDailyLimitReached, Required: 65, RemainingToday: 64, DailyLimit: 64, ClearsAt: &clears, LimitSource: source,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if message := got[0].(*graph.DailyLimitReachedError).Message; message != want {
			t.Errorf("%s: %s", source, message)
		}
	}
}

func TestBadInputIsToldFieldByField(t *testing.T) {
	const placeholders = "Templates know {{.Name}}, {{.SKU}}, {{.Brand}}, {{.Category}}, {{.Description}}, " +
		"{{.Attributes.Material}} and conditions such as {{if .Brand}}."
	r, _ := presenter()
	for _, test := range []struct {
		err  error
		want []graph.UserError
	}{
		{
			models.FieldErrors{{Path: []string{"name"}, Code: models.FieldTooLong, Limit: 100}, {Path: []string{"timeZone"}, Code: models.FieldInvalid}},
			[]graph.UserError{
				&graph.ValidationError{Code: "TOO_LONG", Path: []string{"name"}, Message: "Use at most 100 characters."},
				&graph.ValidationError{Code: "INVALID", Path: []string{"timeZone"}, Message: "Choose a time zone by its IANA name, such as Europe/Madrid."},
			},
		},
		{
			&auth.FieldError{Field: "password", Code: models.FieldTooShort, Limit: 8},
			[]graph.UserError{&graph.ValidationError{Code: "TOO_SHORT", Path: []string{"password"}, Message: "Use at least 8 characters."}},
		},
		{
			models.FieldErrors{{Path: []string{"longDescription"}, Code: models.FieldInvalid, Place: "2:5", Token: "range"}},
			[]graph.UserError{&graph.ValidationError{Code: "INVALID", Path: []string{"longDescription"}, Message: "At 2:5: range cannot stand here. " + placeholders}},
		},
		{
			models.FieldErrors{{Path: []string{"shortDescription"}, Code: models.FieldInvalid, Place: "3:1"}},
			[]graph.UserError{&graph.ValidationError{
				Code: "INVALID", Path: []string{"shortDescription"},
				Message: "Near 3:1: a placeholder is not complete, or asks for something that templates cannot do. " + placeholders,
			}},
		},
		{
			auth.ErrWrongCredentials,
			[]graph.UserError{&graph.ValidationError{Code: "WRONG_CREDENTIALS", Path: []string{}, Message: "The e-mail or the password is wrong."}},
		},
		{
			fmt.Errorf("sign up: %w", teams.ErrEmailTaken),
			[]graph.UserError{&graph.ConflictError{Code: "TAKEN", Path: []string{"email"}, Message: "There is an account with this e-mail address already: sign in instead."}},
		},
		{
			aboutKey(fmt.Errorf("grant: %w", ledger.ErrKeyConflict), "k1"),
			[]graph.UserError{&graph.IdempotencyConflictError{
				Code: "IDEMPOTENCY_CONFLICT", Path: []string{"idempotencyKey"}, IdempotencyKey: "k1",
				Message: "This idempotency key was used for something else. Nothing was done: use a new key for a new request.",
			}},
		},
		{
			&catalog.StaleVersionError{Current: 4},
			[]graph.UserError{&graph.ConflictError{
				Code: "STALE_VERSION", Path: []string{"expectedVersion"},
				Message: "Somebody has changed the text meanwhile: it is at version 4 now. Read it again and then edit it.",
			}},
		},
	} {
		got, err := r.userErrors(t.Context(), "", test.err)
		if err != nil {
			t.Errorf("%v: %v", test.err, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.err, diff)
		}
	}
}

func TestWhatIsNoUsersFaultStaysAnError(t *testing.T) {
	r, _ := presenter()
	for _, err := range []error{errors.New("disk full"), models.ErrNotFound, models.ErrForbidden, errUnauthenticated, ledger.ErrBusy} {
		list, got := r.userErrors(t.Context(), "", err)
		if !errors.Is(got, err) || list != nil {
			t.Errorf("%v: got %v, %v", err, list, got)
		}
	}
}
