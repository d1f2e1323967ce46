package rehearsal

import (
	"slices"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// meanWeight is how much of a working day's work an average day sees: five working days and two quiet ones a week.
const meanWeight = (5*1.0 + 2*quietWeight) / 7

// quietWeight is how much of a working day's work a Saturday or a Sunday sees.
const quietWeight = 0.3

// settleTime is more than what any generation takes: nothing begins later than that before the end.
const settleTime = 2 * time.Minute

// day is a calendar day of the team's, or what of it lies within the history.
type day struct {
	begin, end time.Time
	weight     float64 // of the work that is done on it
}

// days cuts the history into the calendar days of the team's zone. Every day is busier or quieter than others.
func (s *story) days() (days []day) {
	last := s.End.Add(-settleTime)
	for at := s.Begin; at.Before(last); {
		_, next := models.NextDayAfter(models.DayAt(at, s.zone), s.zone)
		end := next
		if last.Before(end) {
			end = last
		}
		weight := 1.0
		if weekday := at.In(s.zone).Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			weight = quietWeight
		}
		weight *= 0.7 + 0.6*s.random.Float64()
		days = append(days, day{begin: at, end: end, weight: weight * end.Sub(at).Hours() / 24})
		at = next
	}
	return days
}

func weightOf(days []day) (sum float64) {
	for _, d := range days {
		sum += d.weight
	}
	return sum
}

// arrivals are the instants of a day's requests, in order: the day's share of the lines that are still to come, most of
// them in office hours.
func (s *story) arrivals(d day, weightToCome float64) []time.Time {
	missing := float64(s.Lines-s.rehearsal.Lines()) / linesPerRequest
	count := int(missing*d.weight/weightToCome + s.random.Float64())
	length := d.end.Sub(d.begin)
	arrivals := make([]time.Time, 0, max(0, count))
	for range count {
		share := s.random.Float64()
		if s.random.IntN(10) > 0 {
			share = (8 + 11*share) / 24
		}
		arrivals = append(arrivals, d.begin.Add(time.Duration(share*float64(length))).Truncate(time.Microsecond))
	}
	slices.SortFunc(arrivals, time.Time.Compare)
	return arrivals
}

// giveTokens lets tokens come in that nobody bought: a gift on each first of a month, a reward for inviting another team
// now and then, and on Fridays an event's, of which most lapse the same evening.
func (s *story) giveTokens(at time.Time) error {
	if err := s.settleUntil(at); err != nil {
		return err
	}
	local := at.In(s.zone)
	var grants []models.Grant
	give := func(source models.GrantSource, tokens models.Tokens, lasts time.Duration, note string) {
		grant := models.Grant{ID: models.NewGrantID(at), Source: source, Tokens: max(1, tokens), Note: &note}
		if lasts > 0 {
			expiresAt := at.Add(lasts)
			grant.ExpiresAt = &expiresAt
		}
		grants = append(grants, grant)
	}
	if local.Day() == 1 {
		give(models.SourceGift, s.dayCost/2, 30*24*time.Hour, "Thank you for another month")
	}
	if local.Weekday() == time.Friday {
		give(models.SourceEvent, s.dayCost, 13*time.Hour, "Open Friday")
	}
	if s.random.IntN(40) == 0 {
		give(models.SourceReferral, s.dayCost/10, 0, "A team that you invited has joined")
	}
	if len(grants) == 0 {
		return nil
	}
	return s.rehearsal.At(at, func(a *ledger.Account) error {
		for _, grant := range grants {
			a.Issue(grant, nil)
		}
		return nil
	})
}

// buy lets the OWNER buy half a day's tokens.
func (s *story) buy(a *ledger.Account) error {
	a.Issue(models.Grant{
		ID: models.NewGrantID(a.Now()), Source: models.SourcePurchase, Tokens: s.dayCost/2 + costPerRequest,
	}, &s.Cast.Members[0])
	return nil
}
