package reports

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"productgenerator/models"
)

// balanceOf is a team's balance on 1 June 2027 in Berlin, with tokens that expire days later at an hour of UTC.
func balanceOf(available models.Tokens, expiries ...models.GrantExpiry) *models.Balance {
	return &models.Balance{
		Available: models.LimitOf(available), Day: models.Date{Year: 2027, Month: 6, Day: 1}, TimeZone: "Europe/Berlin", Expiries: expiries,
	}
}

func lapsing(tokens models.Tokens, at string) models.GrantExpiry {
	instant, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	return models.GrantExpiry{Tokens: tokens, At: instant}
}

func TestTheForecastSpendsInBurnDownOrderAndLetsTokensLapse(t *testing.T) {
	long := date(t, "2027-01-01")
	fifty := Pace{tokens: 50 * paceDays, days: 14, firstUse: &long}
	unlimited := balanceOf(0)
	unlimited.Available, unlimited.Unlimited = models.NoLimit(), true
	since := func(day string) Pace {
		first := date(t, day)
		return Pace{tokens: 700, days: 3, firstUse: &first}
	}
	moving := balanceOf(100, lapsing(100, "2027-06-02T09:00:00Z"))
	moving.PendingTimeZone, moving.PendingTimeZoneAt = new(string), new(time.Time)
	*moving.PendingTimeZone, *moving.PendingTimeZoneAt = "Pacific/Kiritimati", time.Date(2027, 6, 2, 0, 0, 0, 0, time.UTC)

	cases := []struct {
		name    string
		pace    Pace
		balance *models.Balance
		want    string // empty: not in sight
	}{
		{"two days' worth lasts until the end of the second", fifty, balanceOf(100), "2027-06-03"},
		{"a token more is spent on the third", fifty, balanceOf(101), "2027-06-04"},
		{"a token less still needs the second", fifty, balanceOf(99), "2027-06-03"},
		{"half a token a day is not rounded", Pace{tokens: 7, days: 7, firstUse: &long}, balanceOf(3), "2027-06-07"},
		{"nothing is left today", fifty, balanceOf(0), "2027-06-01"},
		{"all lapses today", fifty, balanceOf(500, lapsing(500, "2027-06-01T20:00:00Z")), "2027-06-01"},
		{"what lapses at midnight is of the day before", fifty, balanceOf(500, lapsing(500, "2027-06-02T22:00:00Z")), "2027-06-02"},
		{"what lapses after midnight is of that day", fifty, balanceOf(500, lapsing(500, "2027-06-02T22:00:01Z")), "2027-06-03"},
		{"what lapses soonest is spent first", fifty, balanceOf(200, lapsing(100, "2027-06-03T12:00:00Z")), "2027-06-05"},
		{"what is not spent lapses", fifty, balanceOf(1100, lapsing(1000, "2027-06-02T12:00:00Z")), "2027-06-04"},
		{
			"one lapse after the other", fifty,
			balanceOf(1300, lapsing(60, "2027-06-02T12:00:00Z"), lapsing(1140, "2027-06-04T12:00:00Z")), "2027-06-06",
		},
		{"the day is that of the coming time zone", fifty, moving, "2027-06-02"},
		{"a year ahead is in sight", fifty, balanceOf(365 * 50), "2028-05-31"},
		{"a year and a day is not", fifty, balanceOf(365*50 + 1), ""},
		{"an unlimited team never runs out", fifty, unlimited, ""},
		{"no use ever", Pace{}, balanceOf(100), ""},
		{"the first use a week ago", since("2027-05-25"), balanceOf(100), "2027-06-03"},
		{"the first use less than a week ago", since("2027-05-26"), balanceOf(100), ""},
		{"use on two days only", Pace{tokens: 700, days: 2, firstUse: &long}, balanceOf(100), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.pace.RunsOutOn(c.balance)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil && c.want != "" || got != nil && got.String() != c.want {
				t.Errorf("got %v, want %q", got, c.want)
			}
		})
	}
}

func TestMoreTokensNeverRunOutEarlier(t *testing.T) {
	long := date(t, "2027-01-01")
	rapid.Check(t, func(t *rapid.T) {
		pace := Pace{tokens: models.Tokens(rapid.IntRange(1, 5_000).Draw(t, "pace")), days: 14, firstUse: &long}
		var expiries []models.GrantExpiry
		var available models.Tokens
		at := time.Date(2027, 6, 1, 10, 0, 0, 0, time.UTC)
		for range rapid.IntRange(0, 5).Draw(t, "expiries") {
			at = at.Add(time.Duration(rapid.IntRange(1, 2_000).Draw(t, "hours")) * time.Hour)
			tokens := models.Tokens(rapid.IntRange(1, 5_000).Draw(t, "tokens"))
			expiries = append(expiries, models.GrantExpiry{Tokens: tokens, At: at})
			available += tokens
		}
		available += models.Tokens(rapid.IntRange(0, 5_000).Draw(t, "for ever"))
		few, err := pace.RunsOutOn(balanceOf(available, expiries...))
		if err != nil {
			t.Fatal(err)
		}
		more := available + models.Tokens(rapid.IntRange(1, 5_000).Draw(t, "more"))
		many, err := pace.RunsOutOn(balanceOf(more, expiries...))
		if err != nil {
			t.Fatal(err)
		}
		if many != nil && (few == nil || many.Before(*few)) {
			t.Fatalf("%d tokens run out on %v, %d on %v", available, few, more, many)
		}
	})
}

func TestThePaceCountsUseOfTheLastCompleteDaysOnly(t *testing.T) {
	p := newPast(t, time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	tm, other := p.addTeam("Europe/Berlin", 1, 1), p.addTeam("Europe/Berlin", 1, 1)
	spend := func(operation models.Operation, parts ...models.Part) {
		tm.settle(tm.reserve(tm.members[0], tm.products[0], operation), true, parts...)
	}
	spend(models.OperationSearchImages, models.PartImages) // 15 days before the end: too old
	p.pass(24 * time.Hour)
	spend(models.OperationSearchImages, models.PartImages)
	late := tm.reserve(tm.members[0], tm.products[0], models.OperationGenerateTexts)
	p.pass(13 * 24 * time.Hour)
	tm.settle(late, true, models.PartLongDescription) // counts for the day of its reservation
	tm.settle(late, false, models.PartShortDescription)
	spend(models.OperationSearchPrices, models.PartPrices)
	p.pass(24 * time.Hour)
	spend(models.OperationSearchPrices, models.PartPrices) // today

	today := tm.day()
	paces, err := p.reports.Paces(t.Context(), []Today{{tm.id, today}, {tm.id, today.AddDays(1)}, {other.id, today}})
	if err != nil {
		t.Fatal(err)
	}
	pace := paces[Today{tm.id, today}]
	if pace.tokens != 10+30+10 || pace.days != 2 || pace.firstUse == nil || pace.firstUse.String() != "2027-03-01" {
		t.Errorf("got %+v, first used on %v", pace, pace.firstUse)
	}
	if next := paces[Today{tm.id, today.AddDays(1)}]; next.tokens != 10+10 {
		t.Errorf("a day later: %+v", next)
	}
	if none := paces[Today{other.id, today}]; none != (Pace{}) {
		t.Errorf("a team that used nothing: %+v", none)
	}
}
