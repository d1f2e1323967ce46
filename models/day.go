package models

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Date is a calendar day without a zone, the unit in which use is counted.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the calendar day that t bears in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date of the form YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// String writes YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// AddDays is the date that many days later.
func (d Date) AddDays(days int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, time.UTC))
}

// Before says whether d is an earlier day than other.
func (d Date) Before(other Date) bool {
	if d.Year != other.Year {
		return d.Year < other.Year
	}
	if d.Month != other.Month {
		return d.Month < other.Month
	}
	return d.Day < other.Day
}

// Value writes the date for the database.
func (d Date) Value() (driver.Value, error) { return d.String(), nil }

// Scan reads a date column.
func (d *Date) Scan(src any) error {
	switch value := src.(type) {
	case time.Time:
		*d = DateOf(value)
		return nil
	case string:
		parsed, err := ParseDate(value)
		*d = parsed
		return err
	default:
		return fmt.Errorf("cannot read a date out of %T", src)
	}
}

// StartOfDay is the first instant at which clocks in the location show the date or, where the date is skipped there, a
// later one. Midnight itself may not exist on a day, or exist twice, so it is searched, not constructed.
func StartOfDay(date Date, location *time.Location) time.Time {
	// Offsets lie within ±26 h of UTC, so the instant is inside this window, and over it the date never falls back to
	// one before it has been reached for the first time by more than the hour or so that a clock is set back.
	early := time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, time.UTC).Add(-26 * time.Hour)
	late := early.Add(52 * time.Hour)
	for at := early; at.Before(late); {
		local := at.In(location)
		if !DateOf(local).Before(date) {
			return at
		}
		at = nextCandidate(local, date)
	}
	return late
}

// nextCandidate is the next instant after t at which the date could begin: the end of t's zone period, where the clock
// may jump, or the midnight that the present offset leads to, whichever comes first.
func nextCandidate(t time.Time, date Date) time.Time {
	_, offset := t.Zone()
	midnight := time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
	if _, end := t.ZoneBounds(); !end.IsZero() && end.Before(midnight) {
		return end
	}
	return midnight
}

// DayAt is the day that an instant counts for: the latest date that clocks in the location have shown by then. It
// never goes back, not even where a clock is set back over midnight.
func DayAt(t time.Time, location *time.Location) Date {
	date := DateOf(t.In(location))
	if next := date.AddDays(1); !StartOfDay(next, location).After(t) {
		return next
	}
	return date
}

// NextDayAfter is the first date after the given one that the location's calendar has, and the instant at which it
// begins. They differ by more than a day only where a zone skipped a date.
func NextDayAfter(date Date, location *time.Location) (Date, time.Time) {
	start := StartOfDay(date.AddDays(1), location)
	return DateOf(start.In(location)), start
}

// Midnight is the date as an instant at midnight in UTC: how a date travels to and from the database.
func (d Date) Midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
