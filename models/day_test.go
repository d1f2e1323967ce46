package models

import (
	_ "embed"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata"
)

// zoneNames are all zones of the IANA database.
//
//go:embed testdata/zones.txt
var zoneNames string

// The dates that are looked at in every zone.
var (
	firstDate = Date{2024, time.January, 1}
	lastDate  = Date{2030, time.December, 31}
)

// The instants between which clocks are looked at, some days more than the dates span.
var (
	firstLook = time.Date(2023, time.December, 30, 0, 0, 0, 0, time.UTC)
	lastLook  = time.Date(2031, time.January, 3, 0, 0, 0, 0, time.UTC)
)

// begins looks for the first instant of each date by looking at the clock every quarter of an hour, and where a new
// date has come up since, every minute, then every second. It gives each date that a zone had, and when it began.
func begins(zone *time.Location) (dates []Date, instants []time.Time) {
	latest := onClock(firstLook, zone)
	for at := firstLook; at.Before(lastLook); at = at.Add(15 * time.Minute) {
		if !latest.Before(onClock(at.Add(15*time.Minute), zone)) {
			continue
		}
		minute := firstAfter(at, time.Minute, latest, zone)
		second := firstAfter(minute.Add(-time.Minute), time.Second, latest, zone)
		latest = onClock(second, zone)
		dates, instants = append(dates, latest), append(instants, second)
	}
	return dates, instants
}

// firstAfter is the first of the instants that follow at in steps at which clocks show a later date.
func firstAfter(at time.Time, step time.Duration, date Date, zone *time.Location) time.Time {
	for !date.Before(onClock(at, zone)) {
		at = at.Add(step)
	}
	return at
}

// onClock is the date that clocks show.
func onClock(at time.Time, zone *time.Location) Date {
	year, month, day := at.In(zone).Date()
	return Date{year, month, day}
}

// allZones loads all zones. With the race detector it leaves out those whose clocks show the same as another's whenever
// they are looked at: most of them only bear another name.
func allZones(t *testing.T) (zones []*time.Location) {
	t.Helper()
	names := strings.Fields(zoneNames)
	if len(names) < 590 {
		t.Fatalf("only %d zones", len(names))
	}
	seen := map[string]bool{}
	for _, name := range names {
		zone := zoneOf(t, name)
		var shown strings.Builder
		for at := firstLook; raceDetector && at.Before(lastLook); at = at.Add(31 * time.Hour) {
			_, offset := at.In(zone).Zone()
			fmt.Fprintln(&shown, offset)
		}
		if !raceDetector || !seen[shown.String()] {
			seen[shown.String()] = true
			zones = append(zones, zone)
		}
	}
	return zones
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestTheDayOfEveryZoneBeginsWhenItsClocksFirstShowIt(t *testing.T) {
	zones := allZones(t)
	var next, checked atomic.Int64
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for at := next.Add(1) - 1; int(at) < len(zones); at = next.Add(1) - 1 {
				checked.Add(checkZone(t, zones[at]))
			}
		})
	}
	readers.Wait()
	t.Logf("%d days of %d zones", checked.Load(), len(zones))
}

func checkZone(t *testing.T, zone *time.Location) (checked int64) {
	dates, instants := begins(zone)
	for i, date := range dates {
		if i == 0 || date.Before(firstDate) || lastDate.Before(date) {
			continue
		}
		checked++
		begin, before := instants[i], dates[i-1]
		if got := StartOfDay(date, zone); !got.Equal(begin) {
			t.Errorf("%s %s begins at %s, the clock says %s", zone, date, got, begin)
		}
		if got := DayAt(begin, zone); got != date {
			t.Errorf("%s: the day at %s is %s, want %s", zone, begin, got, date)
		}
		if got := DayAt(begin.Add(-time.Nanosecond), zone); got != before {
			t.Errorf("%s: the day just before %s is %s, want %s", zone, begin, got, before)
		}
		for hours := range 3 { // clocks that are set back over midnight do not bring yesterday back
			if later := begin.Add(time.Duration(hours)*time.Hour + time.Hour - time.Nanosecond); DayAt(later, zone) != date {
				t.Errorf("%s: the day at %s is %s, want %s", zone, later, DayAt(later, zone), date)
			}
		}
		if got, at := NextDayAfter(before, zone); got != date || !at.Equal(begin) {
			t.Errorf("%s: behind %s comes %s at %s, want %s at %s", zone, before, got, at, date, begin)
		}
	}
	return checked
}

func TestADateThatAZoneSkippedBeginsWithTheNextOne(t *testing.T) {
	for _, c := range []struct{ zone, skipped, next, begin string }{
		{"Pacific/Apia", "2011-12-30", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"Pacific/Kwajalein", "1993-08-21", "1993-08-22", "1993-08-21T12:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		skipped, _ := ParseDate(c.skipped)
		begin, _ := time.Parse(time.RFC3339, c.begin)
		if got := StartOfDay(skipped, zone); !got.Equal(begin) {
			t.Errorf("%s %s begins at %s, want %s", c.zone, c.skipped, got, begin)
		}
		next, at := NextDayAfter(skipped.AddDays(-1), zone)
		if next.String() != c.next || !at.Equal(begin) {
			t.Errorf("%s: the next day is %s at %s, want %s at %s", c.zone, next, at, c.next, begin)
		}
		if got := DayAt(begin.Add(-time.Second), zone); got != skipped.AddDays(-1) {
			t.Errorf("%s: the day before is %s", c.zone, got)
		}
	}
}

func TestAClockThatIsSetBackOverMidnightDoesNotBringYesterdayBack(t *testing.T) {
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2010, time.November, 7, 2, 30, 0, 0, time.UTC)
	day := Date{2010, time.November, 7}
	if got := onClock(midnight.Add(30*time.Minute), zone); got != day.AddDays(-1) {
		t.Fatalf("at one minute past midnight clocks there were set back, but half an hour later they show %s", got)
	}
	for _, minutes := range []time.Duration{0, 1, 30, 60, 61} {
		if got := DayAt(midnight.Add(minutes*time.Minute), zone); got != day {
			t.Errorf("%d minutes on the day is %s", minutes, got)
		}
	}
	if next, at := NextDayAfter(day, zone); next != day.AddDays(1) || at.Sub(midnight) != 25*time.Hour {
		t.Errorf("the next day is %s, %s later", next, at.Sub(midnight))
	}
}

func TestTheDayIsNotMidnightByTheCalendarOnOddDays(t *testing.T) {
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	date := Date{2026, time.September, 6}
	naive := time.Date(2026, time.September, 6, 0, 0, 0, 0, zone)
	if StartOfDay(date, zone).Equal(naive) {
		t.Error("the clocks of Santiago show no midnight on that day")
	}
	if got := StartOfDay(date, zone).Format(time.RFC3339); got != time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC).Format(time.RFC3339) {
		t.Errorf("it begins at %s", got)
	}
}

func TestADateIsReadWrittenAndCounted(t *testing.T) {
	date, err := ParseDate("2028-02-28")
	if err != nil {
		t.Fatal(err)
	}
	if got := date.AddDays(2).String(); got != "2028-03-01" {
		t.Errorf("two days on it is %s", got)
	}
	if got := date.AddDays(-59).String(); got != "2027-12-31" {
		t.Errorf("59 days before it was %s", got)
	}
	ordered := []Date{{2027, 12, 31}, {2028, 1, 1}, {2028, 1, 2}, {2028, 2, 1}}
	for i, earlier := range ordered {
		for j, later := range ordered {
			if earlier.Before(later) != (i < j) {
				t.Errorf("%s before %s: %t", earlier, later, earlier.Before(later))
			}
		}
	}
	for _, wrong := range []string{"", "2028-2-1", "2028-02-30", "28-02-01", "2028-02-01T00:00:00Z"} {
		if _, err := ParseDate(wrong); err == nil {
			t.Errorf("%q was read as a date", wrong)
		}
	}
}

func TestADateTravelsToTheDatabaseAndBack(t *testing.T) {
	date := Date{2026, time.March, 9}
	value, err := date.Value()
	if err != nil || value != "2026-03-09" {
		t.Errorf("it is written as %v, %v", value, err)
	}
	for _, src := range []any{"2026-03-09", date.Midnight()} {
		var got Date
		if err := got.Scan(src); err != nil || got != date {
			t.Errorf("%v is read as %s, %v", src, got, err)
		}
	}
	for _, src := range []any{nil, 7, "yesterday"} {
		var got Date
		if err := got.Scan(src); err == nil {
			t.Errorf("%v was read as %s", src, got)
		}
	}
}
