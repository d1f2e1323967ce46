package reports

import (
	"time"

	"productgenerator/models"
)

// Period is days of a team, both ends included. From is never behind To once it is checked.
type Period struct {
	From models.Date
	To   models.Date
}

// check notes at the field period what is wrong with it: it ends before it begins, or has more days than allowed.
func (p Period) check(mostDays int, faults *models.FieldErrors) {
	switch {
	case p.To.Before(p.From):
		faults.Add(models.FieldInvalid, 0, "period")
	case p.days() > mostDays:
		faults.Add(models.FieldTooLong, mostDays, "period")
	}
}

// days is how many days the period has.
func (p Period) days() int { return dayNumber(p.To) - dayNumber(p.From) + 1 }

// dayNumber counts days from some day on, so that numbers differ by the days between their dates.
func dayNumber(date models.Date) int {
	return int(date.Midnight().Unix() / int64(24*time.Hour/time.Second))
}

// buckets cuts the period into days, ISO weeks or calendar months, in order and without a gap. The first and the last
// are cut off at the period's ends.
func (p Period) buckets(granularity models.Granularity) []Period {
	var buckets []Period
	for first := p.From; !p.To.Before(first); {
		last := lastOf(granularity, first)
		if p.To.Before(last) {
			last = p.To
		}
		buckets = append(buckets, Period{first, last})
		first = last.AddDays(1)
	}
	return buckets
}

// lastOf is the last day of the bucket that the date lies in.
func lastOf(granularity models.Granularity, date models.Date) models.Date {
	switch granularity {
	case models.GranularityWeek:
		daysToSunday := (7 - int(date.Midnight().Weekday())) % 7
		return date.AddDays(daysToSunday)
	case models.GranularityMonth:
		return models.Date{Year: date.Year, Month: date.Month + 1, Day: 0}.AddDays(0)
	default:
		return date
	}
}

// bucketOf says for each day of the period, counted from its first, in which of the buckets it lies.
func bucketOf(buckets []Period) []int {
	var places []int
	for place, bucket := range buckets {
		for range bucket.days() {
			places = append(places, place)
		}
	}
	return places
}

// monthCuts writes the period as whole calendar months and what these have too much or too few: sums of days to be
// added to the months' or taken from them, whichever are fewer days.
type monthCuts struct {
	first, last models.Date // the first days of the months that count as a whole; last before first: none does
	cuts        []monthCut
}

// monthCut is days of a month, to be added (sign 1) or taken away (sign -1).
type monthCut struct {
	month models.Date
	sign  int
	days  Period
}

func (p Period) monthCuts() monthCuts {
	months := p.buckets(models.GranularityMonth)
	c := monthCuts{first: firstOfMonth(p.From), last: firstOfMonth(p.To)}
	if len(months) == 1 {
		whole := Period{c.first, lastOf(models.GranularityMonth, p.To)}
		if p.days()*2 < whole.days() {
			c.cuts = append(c.cuts, monthCut{c.first, 1, p})
			c.last = firstOfMonth(c.first.AddDays(-1))
			return c
		}
		c.takeAway(Period{whole.From, p.From.AddDays(-1)})
		c.takeAway(Period{p.To.AddDays(1), whole.To})
		return c
	}
	head, tail := months[0], months[len(months)-1]
	if missing := (Period{firstOfMonth(head.From), head.From.AddDays(-1)}); head.days() < missing.days() {
		c.cuts = append(c.cuts, monthCut{c.first, 1, head})
		c.first = head.To.AddDays(1)
	} else {
		c.takeAway(missing)
	}
	if missing := (Period{tail.To.AddDays(1), lastOf(models.GranularityMonth, tail.To)}); tail.days() < missing.days() {
		c.cuts = append(c.cuts, monthCut{c.last, 1, tail})
		c.last = firstOfMonth(tail.From.AddDays(-1))
	} else {
		c.takeAway(missing)
	}
	return c
}

// takeAway leaves days out of a month that counts as a whole.
func (c *monthCuts) takeAway(days Period) {
	if days.days() > 0 {
		c.cuts = append(c.cuts, monthCut{firstOfMonth(days.From), -1, days})
	}
}

func firstOfMonth(date models.Date) models.Date {
	return models.Date{Year: date.Year, Month: date.Month, Day: 1}
}
