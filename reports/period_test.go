package reports

import (
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"productgenerator/models"
)

// dates are any days from 1600 to 2400: all kinds of leap years and ends of ISO years are among them.
func dates() *rapid.Generator[models.Date] {
	return rapid.Map(rapid.IntRange(0, 800*365), func(days int) models.Date {
		return models.Date{Year: 1600, Month: 1, Day: 1}.AddDays(days)
	})
}

func periods() *rapid.Generator[Period] {
	return rapid.Custom(func(t *rapid.T) Period {
		from := dates().Draw(t, "from")
		return Period{from, from.AddDays(rapid.IntRange(0, MaxDays-1).Draw(t, "days"))}
	})
}

func date(t testing.TB, text string) models.Date {
	t.Helper()
	d, err := models.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func period(t testing.TB, from, to string) Period {
	t.Helper()
	return Period{date(t, from), date(t, to)}
}

func TestBucketsCoverThePeriodAndEndWithTheirDayWeekOrMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := periods().Draw(t, "period")
		granularity := rapid.SampledFrom([]models.Granularity{models.GranularityDay, models.GranularityWeek, models.GranularityMonth}).Draw(t, "granularity")
		buckets := p.buckets(granularity)
		places := bucketOf(buckets)
		if len(places) != p.days() {
			t.Fatalf("%d days have a bucket, the period has %d", len(places), p.days())
		}
		for i, place := range places {
			day := p.From.AddDays(i)
			if bucket := buckets[place]; day.Before(bucket.From) || bucket.To.Before(day) {
				t.Fatalf("%s lies in the bucket %s", day, bucket)
			}
			if i == 0 {
				continue
			}
			together := bucketName(granularity, day.AddDays(-1)) == bucketName(granularity, day)
			if together != (places[i-1] == place) {
				t.Fatalf("%s and the day before are one %s: %v, but of the buckets %d and %d", day, granularity, together, places[i-1], place)
			}
		}
	})
}

func TestWholeMonthsAndTheirCutsMakeThePeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := periods().Draw(t, "period")
		c := p.monthCuts()
		for day := p.From.AddDays(-40); day.Before(p.To.AddDays(40)); day = day.AddDays(1) {
			month, times := firstOfMonth(day), 0
			if !month.Before(c.first) && !c.last.Before(month) {
				times++
			}
			for _, cut := range c.cuts {
				if cut.month == month && !day.Before(cut.days.From) && !cut.days.To.Before(day) {
					times += cut.sign
				}
			}
			want := 0
			if !day.Before(p.From) && !p.To.Before(day) {
				want = 1
			}
			if times != want {
				t.Fatalf("%s counts %d times, want %d: %+v", day, times, want, c)
			}
		}
		for _, cut := range c.cuts {
			if cut.days.days() > 16 || firstOfMonth(cut.days.To) != cut.month {
				t.Fatalf("the cut %+v is longer than half a month", cut)
			}
		}
	})
}

func TestBucketsAtTheEndsOfYears(t *testing.T) {
	cases := []struct {
		name        string
		period      Period
		granularity models.Granularity
		want        []Period
	}{
		{
			"a single day is its week", period(t, "2026-11-23", "2026-11-23"), models.GranularityWeek,
			[]Period{period(t, "2026-11-23", "2026-11-23")},
		},
		{
			"a week goes over the end of the year", period(t, "2026-12-24", "2027-01-06"), models.GranularityWeek,
			[]Period{period(t, "2026-12-24", "2026-12-27"), period(t, "2026-12-28", "2027-01-03"), period(t, "2027-01-04", "2027-01-06")},
		},
		{
			"Sunday ends its week", period(t, "2026-11-22", "2026-11-23"), models.GranularityWeek,
			[]Period{period(t, "2026-11-22", "2026-11-22"), period(t, "2026-11-23", "2026-11-23")},
		},
		{
			"February of a leap year has 29 days", period(t, "2028-01-31", "2028-03-01"), models.GranularityMonth,
			[]Period{period(t, "2028-01-31", "2028-01-31"), period(t, "2028-02-01", "2028-02-29"), period(t, "2028-03-01", "2028-03-01")},
		},
		{
			"the last days there are", period(t, "9999-12-31", "9999-12-31"), models.GranularityMonth,
			[]Period{period(t, "9999-12-31", "9999-12-31")},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := gocmp.Diff(c.want, c.period.buckets(c.granularity)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAQueryThatCannotBeAnsweredSaysWhy(t *testing.T) {
	good := Query{Period: period(t, "2026-01-01", "2026-12-31")}
	cases := []struct {
		name   string
		change func(q *Query)
		want   models.FieldErrors
	}{
		{"a year", func(*Query) {}, nil},
		{"the longest period", func(q *Query) { q.Period.To = q.Period.From.AddDays(1_099) }, nil},
		{
			"a day too many", func(q *Query) { q.Period.To = q.Period.From.AddDays(1_100) },
			models.FieldErrors{{Path: []string{"period"}, Code: models.FieldTooLong, Limit: 1_100}},
		},
		{
			"all time", func(q *Query) { q.Period = period(t, "0000-01-01", "9999-12-31") },
			models.FieldErrors{{Path: []string{"period"}, Code: models.FieldTooLong, Limit: 1_100}},
		},
		{
			"the end before the beginning", func(q *Query) { q.Period.To = q.Period.From.AddDays(-1) },
			models.FieldErrors{{Path: []string{"period"}, Code: models.FieldInvalid}},
		},
		{
			"lists that are too long", func(q *Query) {
				q.Operations = make([]models.Operation, 5)
				q.Members = make([]models.UserID, 101)
			},
			models.FieldErrors{
				{Path: []string{"operations"}, Code: models.FieldTooMany, Limit: 4},
				{Path: []string{"memberIds"}, Code: models.FieldTooMany, Limit: 100},
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := good
			c.change(&q)
			got, _ := errors.AsType[models.FieldErrors](q.check())
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
