package models

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// farZones are zones whose days begin far apart, or oddly.
var farZones = []string{
	"UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/Santiago", "America/Havana", "Atlantic/Azores", "Pacific/Apia",
	"Africa/Casablanca", "Australia/Lord_Howe", "Asia/Beirut", "Europe/Berlin", "America/New_York", "Asia/Kathmandu",
	"Africa/Cairo", "America/Scoresbysund", "Asia/Tokyo", "Antarctica/Troll", "America/St_Johns",
}

// oddInstants are near where clocks are set in one of them, over midnight or by a day's oddest lengths.
var oddInstants = []string{
	"2024-03-31T00:30:00Z", "2024-10-27T00:30:00Z", "2025-09-07T03:59:59Z", "2025-09-07T04:00:00Z", "2026-03-28T21:59:59Z",
	"2026-04-05T03:30:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2026-11-01T04:30:00Z", "2027-02-07T12:00:00Z",
	"2028-02-29T23:59:59Z", "2029-10-06T15:29:59Z", "2029-12-31T10:00:00Z",
}

// days is dates with the instants at which they begin.
type days struct {
	dates  []Date
	begins []time.Time
}

// after is the place of the first day that begins at that instant or later.
func (d days) after(at time.Time) int {
	low, high := 0, len(d.begins)
	for low < high {
		middle := (low + high) / 2
		if d.begins[middle].Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// around is some days around the place.
func (d days) around(place, before, behind int) days {
	return days{d.dates[place-before : place+behind], d.begins[place-before : place+behind]}
}

func TestAChangeOfZoneHappensAtTheNewZonesFirstMidnightTwentyHoursBehindTheOldOnesNext(t *testing.T) {
	seen := map[string]days{}
	for _, name := range farZones {
		dates, instants := begins(zoneOf(t, name))
		seen[name] = days{dates, instants}
	}
	random := rand.New(rand.NewPCG(1, 1))
	checked := 0
	for _, from := range farZones {
		for _, to := range farZones {
			instants := make([]time.Time, 0, len(oddInstants)+randomInstants)
			for _, odd := range oddInstants {
				at, err := time.Parse(time.RFC3339, odd)
				if err != nil {
					t.Fatal(err)
				}
				instants = append(instants, at)
			}
			for range randomInstants {
				instants = append(instants, firstLook.AddDate(0, 0, 10).Add(time.Duration(random.Int64N(int64(6*365*24*time.Hour)))))
			}
			for _, now := range instants {
				checked++
				if fault := changeFault(zoneOf(t, from), zoneOf(t, to), seen[from], seen[to], now); fault != "" {
					t.Fatalf("from %s to %s, asked for at %s: %s", from, to, now, fault)
				}
			}
		}
	}
	t.Logf("%d changes", checked)
}

// changeFault asks for a change at an instant and compares the calendar with what the clocks of both zones show.
func changeFault(from, to *time.Location, old, other days, now time.Time) string {
	calendar := Calendar{Zone: from}
	change := calendar.ChangeAfter(calendar.DayAt(now), to)
	calendar.Next = &change

	last := old.after(now.Add(time.Nanosecond))
	at := other.after(old.begins[last].Add(20 * time.Hour))
	if change.LastDay != old.dates[last] || !change.At.Equal(other.begins[at]) {
		return fmt.Sprintf("it is %+v, but should have %s as its last day, and happen at %s", change, old.dates[last], other.begins[at])
	}
	expected := old.around(last, 3, 1)
	for place := at; place < at+4; place++ {
		if old.dates[last].Before(other.dates[place]) {
			expected.dates = append(expected.dates[:len(expected.dates):len(expected.dates)], other.dates[place])
			expected.begins = append(expected.begins[:len(expected.begins):len(expected.begins)], other.begins[place])
		}
	}
	if fault := calendarFault(calendar, expected); fault != "" {
		return fault
	}
	return lookFault(calendar, expected.begins[0], expected.begins[len(expected.begins)-1])
}

// calendarFault compares each of some consecutive days.
func calendarFault(calendar Calendar, expected days) string {
	for i, begin := range expected.begins[1:] {
		before, date := expected.dates[i], expected.dates[i+1]
		if length := begin.Sub(expected.begins[i]); length < 20*time.Hour || !before.Before(date) {
			return fmt.Sprintf("%s lasts %s, and is followed by %s", before, length, date)
		}
		if got := calendar.DayAt(begin); got != date {
			return fmt.Sprintf("the day at %s is %s, want %s", begin, got, date)
		}
		if got := calendar.DayAt(begin.Add(-time.Nanosecond)); got != before {
			return fmt.Sprintf("the day just before %s is %s, want %s", begin, got, before)
		}
		if got := calendar.EndOf(before); !got.Equal(begin) {
			return fmt.Sprintf("%s ends at %s, want %s", before, got, begin)
		}
	}
	return ""
}

// lookFault looks at the day again and again: it never goes back, and ends later.
func lookFault(calendar Calendar, from, until time.Time) string {
	day := calendar.DayAt(from)
	for at := from; at.Before(until); at = at.Add(lookEvery) {
		now := calendar.DayAt(at)
		if now.Before(day) {
			return fmt.Sprintf("it was %s, and at %s it is %s", day, at, now)
		}
		day = now
		if end := calendar.EndOf(day); !end.After(at) {
			return fmt.Sprintf("%s ended at %s, and at %s it goes on", day, end, at)
		}
	}
	return ""
}

func TestADateNeverGoesBackHoweverFarApartTwoZonesAre(t *testing.T) {
	ahead, behind := time.FixedZone("ahead", 23*3600), time.FixedZone("behind", -23*3600)
	now := time.Date(2026, time.March, 10, 0, 30, 0, 0, time.UTC)
	for _, zones := range [][2]*time.Location{{ahead, behind}, {behind, ahead}} {
		calendar := Calendar{Zone: zones[0]}
		change := calendar.ChangeAfter(calendar.DayAt(now), zones[1])
		calendar.Next = &change
		if fault := lookFault(calendar, now.Add(-72*time.Hour), now.Add(144*time.Hour)); fault != "" {
			t.Errorf("from %s to %s: %s", zones[0], zones[1], fault)
		}
	}
}

func TestWithoutAChangeACalendarIsItsZones(t *testing.T) {
	zone := zoneOf(t, "America/Santiago")
	calendar := Calendar{Zone: zone}
	at := time.Date(2026, time.September, 6, 3, 59, 59, 0, time.UTC)
	if got := calendar.DayAt(at); got != (Date{2026, time.September, 5}) {
		t.Errorf("it is %s", got)
	}
	if got := calendar.EndOf(Date{2026, time.September, 5}); !got.Equal(at.Add(time.Second)) {
		t.Errorf("the day ends at %s", got)
	}
}
