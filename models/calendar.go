package models

import "time"

// minimumDay is the least time between the last midnight of a team's old time zone and the first of its new one.
const minimumDay = 20 * time.Hour

// Calendar says which day of a team an instant counts for: the dates of its time zone and, where a change of zone has
// been asked for, how the days go over from the old zone to the new one.
type Calendar struct {
	Zone *time.Location
	Next *ZoneChange // nil: no change is coming
}

// ZoneChange is a change of time zone that is yet to come. The day between the zones is longer than others.
type ZoneChange struct {
	Zone    *time.Location
	At      time.Time // the first instant of a date of the new zone, at least 20 h behind the old zone's last midnight
	LastDay Date      // the last day that begins at a midnight of the old zone
}

// ChangeAfter is the change to another zone that follows a day of the calendar: the old zone's next midnight is its
// last, and the new zone holds from its first midnight at least 20 h behind that.
func (c Calendar) ChangeAfter(day Date, zone *time.Location) ZoneChange {
	lastDay, midnight := NextDayAfter(day, c.Zone)
	earliest := midnight.Add(minimumDay)
	date := DateOf(earliest.In(zone))
	at := StartOfDay(date, zone)
	for at.Before(earliest) {
		date = date.AddDays(1)
		at = StartOfDay(date, zone)
	}
	return ZoneChange{Zone: zone, At: at, LastDay: lastDay}
}

// DayAt is the day that an instant counts for. It never goes back along time.
func (c Calendar) DayAt(t time.Time) Date {
	if c.Next == nil {
		return DayAt(t, c.Zone)
	}
	if t.Before(c.Next.At) {
		return earlier(DayAt(t, c.Zone), c.Next.LastDay)
	}
	return later(DayAt(t, c.Next.Zone), c.Next.LastDay)
}

// EndOf is the first instant that counts for a later day than the given one.
func (c Calendar) EndOf(day Date) time.Time {
	if c.Next == nil || day.Before(c.Next.LastDay) {
		_, end := NextDayAfter(day, c.Zone)
		return end
	}
	_, end := NextDayAfter(day, c.Next.Zone)
	if end.Before(c.Next.At) {
		return c.Next.At
	}
	return end
}

func earlier(a, b Date) Date {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b Date) Date {
	if a.Before(b) {
		return b
	}
	return a
}
