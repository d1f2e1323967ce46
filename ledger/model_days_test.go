package ledger

import (
	"fmt"
	"slices"
	"time"

	"productgenerator/models"
)

// modelDays is which day a model's team has: a list of dates with the instants at which they begin. A change of time
// zone puts the list of the new zone behind that of the old one.
type modelDays struct {
	calendar *calendar
	zone     string
	zones    func(name string) *calendar
	move     *modelMove
	asked    time.Time // when a change was last asked for; zero: never
}

// modelMove is a change of time zone that is coming.
type modelMove struct {
	zone     string
	before   *calendar // what holds if it is taken back
	midnight time.Time // the last one of the old zone
	at       time.Time
}

func (d *modelDays) enterZone(now time.Time) {
	if d.move != nil && !now.Before(d.move.at) {
		d.zone, d.move = d.move.zone, nil
	}
}

// moveTo asks for another zone, and returns until when that is refused; zero: it is not.
func (d *modelDays) moveTo(zone string, now time.Time) (until time.Time) {
	coming := d.zone
	if d.move != nil {
		coming = d.move.zone
	}
	if zone == coming {
		return time.Time{}
	}
	if d.move != nil && zone == d.zone && now.Before(d.move.midnight) {
		d.calendar, d.move = d.move.before, nil
		return time.Time{}
	}
	for _, end := range []time.Time{d.asked.Add(24 * time.Hour), d.moveAt()} {
		if end.After(now) && end.After(until) {
			until = end
		}
	}
	if !until.IsZero() {
		return until
	}
	midnight := d.calendar.endOf(now)
	spliced, at := d.calendar.spliced(midnight, d.zones(zone))
	d.move = &modelMove{zone: zone, before: d.calendar, midnight: midnight, at: at}
	d.calendar, d.asked = spliced, now
	return time.Time{}
}

// zoneFault compares what a team sees of its time zone with the model.
func (d *modelDays) zoneFault(balance models.Balance) string {
	var pending string
	if balance.PendingTimeZone != nil {
		pending = *balance.PendingTimeZone
	}
	switch {
	case balance.TimeZone != d.zone:
		return fmt.Sprintf("the zone is %s, in the model %s", balance.TimeZone, d.zone)
	case d.move == nil && pending != "", d.move != nil && pending != d.move.zone:
		return fmt.Sprintf("the pending zone is %q, the model has %+v", pending, d.move)
	case d.move != nil && !balance.PendingTimeZoneAt.Equal(d.move.at):
		return fmt.Sprintf("the zone changes at %s, in the model at %s", balance.PendingTimeZoneAt, d.move.at)
	}
	return ""
}

func (d *modelDays) moveAt() time.Time {
	if d.move == nil {
		return time.Time{}
	}
	return d.move.at
}

// spliced is the calendar up to its last midnight, and another one from its first midnight 20 hours later on.
func (c *calendar) spliced(last time.Time, other *calendar) (spliced *calendar, at time.Time) {
	spliced = &calendar{}
	for i, begin := range c.begins {
		if !begin.After(last) {
			spliced.dates, spliced.begins = append(spliced.dates, c.dates[i]), append(spliced.begins, begin)
		}
	}
	lastDate := spliced.dates[len(spliced.dates)-1]
	for i, begin := range other.begins {
		if begin.Sub(last) < 20*time.Hour {
			continue
		}
		if at.IsZero() {
			at = begin
		}
		if lastDate.Before(other.dates[i]) {
			spliced.dates, spliced.begins = append(spliced.dates, other.dates[i]), append(spliced.begins, begin)
		}
	}
	return spliced, at
}

// calendar knows when each date of a zone begins by having looked at every minute.
type calendar struct {
	zone   *time.Location
	dates  []models.Date
	begins []time.Time
}

// newCalendar looks at the minutes from one instant to another. Zones of this century change on whole minutes.
func newCalendar(zone *time.Location, from, to time.Time) *calendar {
	c := &calendar{zone: zone}
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		year, month, day := at.In(zone).Date()
		date := models.Date{Year: year, Month: month, Day: day}
		if n := len(c.dates); n == 0 || c.dates[n-1].Before(date) {
			c.dates, c.begins = append(c.dates, date), append(c.begins, at)
		}
	}
	return c
}

// dayAt is the latest date that has begun.
func (c *calendar) dayAt(at time.Time) models.Date {
	after, _ := slices.BinarySearchFunc(c.begins, at, func(begin, at time.Time) int {
		if begin.After(at) {
			return 1
		}
		return -1
	})
	return c.dates[after-1]
}

// endOf is when the day that holds an instant ends.
func (c *calendar) endOf(at time.Time) time.Time {
	for _, begin := range c.begins {
		if begin.After(at) {
			return begin
		}
	}
	return time.Time{}
}
