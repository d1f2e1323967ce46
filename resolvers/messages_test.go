package resolvers

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/catalog/feed"
	"productgenerator/graph"
	"productgenerator/models"
)

func TestEverySentenceExistsInEveryLanguageWithTheSameFigures(t *testing.T) {
	m := newMessages()
	for _, other := range tongues()[1:] {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(m[english].texts)), slices.Sorted(maps.Keys(m[other].texts))); diff != "" {
			t.Errorf("keys (-en +%s):\n%s", other, diff)
		}
		for key, text := range m[english].texts {
			if diff := cmp.Diff(figuresIn(text), figuresIn(m[other].texts[key])); diff != "" {
				t.Errorf("figures of %s (-en +%s):\n%s", key, other, diff)
			}
		}
	}
}

func figuresIn(text string) []string {
	names := placeholder.FindAllString(text, -1)
	slices.Sort(names)
	return names
}

func TestEverythingThatIsToldToPeopleHasASentence(t *testing.T) {
	var keys []string
	for _, code := range graph.AllUserErrorCode {
		keys = append(keys, string(code))
	}
	for _, reason := range []models.StatusReason{
		models.ReasonDebt, models.ReasonTokensEmpty, models.ReasonLimitReached, models.ReasonTokensLow,
		models.ReasonLimitNear, models.ReasonSufficient, models.ReasonUnlimitedTeam,
	} {
		keys = append(keys, "status."+string(reason))
	}
	for _, failure := range []models.PartFailure{
		models.FailureNothingFound, models.FailureProviderDown, models.FailureTimedOut, models.FailureRefused,
		models.FailureCancelled, models.FailureInterrupted,
	} {
		keys = append(keys, "failure."+string(failure))
	}
	for _, kind := range []models.LimitWarningKind{
		models.WarningDailyLimitNear, models.WarningDailyLimitReached, models.WarningBalanceLow,
		models.WarningBalanceEmpty, models.WarningGrantExpiring, models.WarningMemberLimitNear,
		models.WarningMemberLimitReached, models.WarningTopUpPaused,
	} {
		keys = append(keys, "limitWarning."+string(kind))
	}
	for _, pause := range []models.TopUpPause{
		models.PausedDeclined, models.PausedMoneyBack, models.PausedNoBuyer, models.PausedPackageInactive, models.PausedRefused,
		models.PausedNoSavedMethod, models.PausedMonthlyCap, "provider",
	} {
		keys = append(keys, "topUp."+string(pause))
	}
	for _, status := range []models.PurchaseStatus{
		models.PurchasePending, models.PurchasePaid, models.PurchaseFailed, models.PurchaseCancelled, models.PurchaseExpired,
		models.PurchasePartiallyRefunded, models.PurchaseRefunded, models.PurchaseDisputed,
	} {
		keys = append(keys, "document.status."+string(status), "document.lead."+string(status))
	}
	for _, kind := range graph.AllQuoteWarningKind {
		keys = append(keys, "warning."+string(kind))
	}
	for _, source := range []models.DailyLimitSource{models.LimitPlatformDefault, models.LimitPlatformCustom, models.LimitTeamOwn, "member"} {
		key := "DAILY_LIMIT_REACHED." + string(source)
		keys = append(keys, key, key+".never")
	}
	for _, operation := range models.Operations() {
		keys = append(keys, "operation."+string(operation), "name."+string(operation))
	}
	for _, part := range models.OperationGenerateAll.Parts() {
		keys = append(keys, "part."+string(part))
	}
	for _, reason := range []feed.Reason{
		feed.ReasonEncoding, feed.ReasonOpenQuote, feed.ReasonAfterQuote, feed.ReasonNoHeader, feed.ReasonNoRows,
		feed.ReasonNoColumn, feed.ReasonTwoColumns, feed.ReasonNameless, feed.ReasonControl, feed.ReasonNotANumber,
		feed.ReasonNegative, feed.ReasonDecimals, feed.ReasonTooLarge, feed.ReasonCurrency, feed.ReasonURL,
		feed.ReasonOtherName, feed.ReasonInFile, feed.ReasonInCatalogue,
	} {
		keys = append(keys, "import."+string(reason))
	}
	texts := newMessages()[english].texts
	for _, key := range keys {
		if texts[key] == "" {
			t.Errorf("nothing is said for %s", key)
		}
	}
}

func TestFiguresAreWrittenAsTheLanguageWritesThem(t *testing.T) {
	m := newMessages()
	midnight := time.Date(2026, 3, 4, 23, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		tongue tongue
		figure any
		want   string
	}{
		{english, models.Tokens(1), "1 token"},
		{english, models.Tokens(0), "0 tokens"},
		{english, models.Tokens(1_234_567), "1,234,567 tokens"},
		{spanish, models.Tokens(1_234_567), "1.234.567 tokens"},
		{english, 20_000, "20,000"},
		{english, moment{midnight, "Europe/Madrid"}, "00:00 on 5 March (Europe/Madrid)"},
		{spanish, moment{midnight, "Europe/Madrid"}, "las 00:00 del 5 de marzo (Europe/Madrid)"},
		{english, moment{midnight, "America/New_York"}, "18:00 on 4 March (America/New_York)"},
		{english, moment{midnight, "Nowhere"}, "23:00 on 4 March (UTC)"},
		{spanish, []models.Part{models.PartImages, models.PartPrices}, "imágenes, precios"},
		{spanish, models.OperationGenerateTexts, "Generar textos"},
		{english, -time.Millisecond, "1 second"},
		{english, 59*time.Second + 999*time.Millisecond, "59 seconds"},
		{english, 60 * time.Second, "1 minute"},
		{spanish, 119 * time.Second, "1 minuto"},
		{spanish, 2 * time.Second, "2 segundos"},
		{english, "as it is {limit}", "as it is {limit}"},
	} {
		if got := m[test.tongue].write(test.figure); got != test.want {
			t.Errorf("%s: got %q, want %q", test.tongue, got, test.want)
		}
	}
}

func TestASentenceForTheCaseComesBeforeTheOneForAll(t *testing.T) {
	m := newMessages()
	zone := m.say(english, nil, "INVALID.timeZone", "INVALID")
	other := m.say(english, nil, "INVALID.colour", "INVALID")
	if zone == other || other != m[english].texts["INVALID"] {
		t.Errorf("zone: %s\nother: %s", zone, other)
	}
}

func TestABrokenFileOfSentencesIsRefused(t *testing.T) {
	for _, text := range []string{"no sentence", "key =", "= text", "a = b\na = c"} {
		files := fstest.MapFS{"en.txt": {Data: []byte("# remark\n\n" + text)}}
		if texts, err := readSentences(files, "en.txt"); err == nil {
			t.Errorf("%q was read: %v", text, texts)
		}
	}
}
