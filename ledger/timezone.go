package ledger

import (
	"fmt"
	"time"
)

// changeInterval is how long a team keeps to the time zone it asked for last.
const changeInterval = 24 * time.Hour

// ZoneRefusal says that a team's time zone cannot be changed yet.
type ZoneRefusal struct {
	Until time.Time // when it can be
}

// Error says when another change is possible.
func (r *ZoneRefusal) Error() string {
	return fmt.Sprintf("the time zone can be changed again at %s", r.Until.Format(time.RFC3339))
}

// ChangeTimeZone asks for another time zone, whose IANA name and location are given. It takes effect at the new zone's
// first midnight that lies at least 20 h behind the old one's next midnight, and the day between is longer. Asking for
// the present zone before that midnight takes the change back; asking for the pending one again does nothing.
//
// It returns a *ZoneRefusal where another change is pending, or was asked for within the last 24 h.
func (a *Account) ChangeTimeZone(name string, zone *time.Location) error {
	pending := a.calendar.Next
	switch {
	case pending == nil && name == a.balance.TimeZone, pending != nil && name == *a.balance.PendingTimeZone:
		return nil
	case pending != nil && name == a.balance.TimeZone && a.balance.Day.Before(pending.LastDay):
		a.dropPendingZone()
		return nil
	}
	if until := a.zoneFixedUntil(); a.now.Before(until) {
		return &ZoneRefusal{Until: until}
	}
	a.touchSettings()
	change := a.calendar.ChangeAfter(a.balance.Day, zone)
	now := a.now
	a.calendar.Next = &change
	a.balance.PendingTimeZone, a.balance.PendingTimeZoneAt = &name, &change.At
	a.balance.PendingLastDay, a.balance.TimeZoneChangedAt = &change.LastDay, &now
	return nil
}

// zoneFixedUntil is when another change of time zone is possible.
func (a *Account) zoneFixedUntil() (until time.Time) {
	if asked := a.balance.TimeZoneChangedAt; asked != nil {
		until = asked.Add(changeInterval)
	}
	if pending := a.calendar.Next; pending != nil && pending.At.After(until) {
		until = pending.At
	}
	return until
}

// enterZone makes the pending time zone the account's. The end of the day stays: the calendar that had both zones knew it.
func (a *Account) enterZone(zone *time.Location) {
	a.balance.TimeZone = *a.balance.PendingTimeZone
	a.calendar.Zone = zone
	a.dropPendingZone()
}

func (a *Account) dropPendingZone() {
	a.touchSettings()
	a.calendar.Next = nil
	a.balance.PendingTimeZone, a.balance.PendingTimeZoneAt, a.balance.PendingLastDay = nil, nil, nil
}

// touchSettings marks the balance's limits, thresholds and time zone as changed.
func (a *Account) touchSettings() {
	a.posted.settings = true
	a.touchBalance()
}
