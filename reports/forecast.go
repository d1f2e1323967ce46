package reports

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const (
	// paceDays is how many complete days the pace is taken from.
	paceDays = 14
	// leastAge is how many days back the first use has to lie, and leastDays how many of the pace's days need some use,
	// for the pace to say anything.
	leastAge  = 7
	leastDays = 3
	// horizon is how many days ahead a forecast looks.
	horizon = 365
)

// Today is a team with the day that it is there.
type Today struct {
	Team models.TeamID
	Day  models.Date
}

// Pace is how quickly a team has consumed tokens in the last 14 complete days. Only use counts, so tokens that came in
// meanwhile do not distort it.
type Pace struct {
	tokens   models.Tokens // captured in all of these days together
	days     int           // how many of them have any use
	firstUse *models.Date  // ever; nil: none yet
}

const pacesSQL = `
SELECT asked.team_id, asked.day, coalesce(sum(c.tokens), 0)::bigint, count(c.day),
	(SELECT min(day) FROM consumption_days WHERE team_id = asked.team_id)
FROM unnest($1::text[], $2::date[]) AS asked (team_id, day)
LEFT JOIN LATERAL (
	SELECT day, sum(tokens) AS tokens
	FROM consumption_days
	WHERE team_id = asked.team_id AND day BETWEEN asked.day - $3::integer AND asked.day - 1
	GROUP BY day
) AS c ON true
GROUP BY asked.team_id, asked.day`

// Paces reads the paces of teams.
func (r *Reports) Paces(ctx context.Context, list []Today) (map[Today]Pace, error) {
	teams, days := make([]string, len(list)), make([]time.Time, len(list))
	for i, today := range list {
		teams[i], days[i] = string(today.Team), today.Day.Midnight()
	}
	rows, err := r.pool.Query(ctx, pacesSQL, teams, days, paceDays)
	if err != nil {
		return nil, fmt.Errorf("read paces: %w", err)
	}
	type paceOf struct {
		Today
		Pace
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p paceOf, err error) {
		err = row.Scan(&p.Team, &p.Day, &p.tokens, &p.days, &p.firstUse)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read paces: %w", err)
	}
	paces := make(map[Today]Pace, len(list))
	for _, p := range found {
		paces[p.Today] = p.Pace
	}
	return paces, nil
}

// thin says whether there is too little use to go by on that day.
func (p Pace) thin(today models.Date) bool {
	return p.firstUse == nil || today.Before(p.firstUse.AddDays(leastAge)) || p.days < leastDays
}

// RunsOutOn is the first day, today or later, at whose end the team has no token left if it goes on at its pace from
// tomorrow on; nil: not within 365 days, an unlimited team, or too little use to go by.
//
// Tokens are spent in burn-down order. Those that expire lapse at the end of the last day on which they could be spent;
// what comes in and what is spent today from now on is not foretold.
func (p Pace) RunsOutOn(balance *models.Balance) (*models.Date, error) {
	available, limited := balance.Available.Tokens()
	if !limited || p.thin(balance.Day) {
		return nil, nil
	}
	lots, err := lotsOf(balance, available)
	if err != nil {
		return nil, err
	}
	for day, ahead := balance.Day, 0; ahead <= horizon; day, ahead = day.AddDays(1), ahead+1 {
		if ahead > 0 {
			lots = spend(lots, p.tokens)
		}
		for len(lots) > 0 && lots[0].lastDay != nil && !day.Before(*lots[0].lastDay) {
			lots = lots[1:]
		}
		if len(lots) == 0 {
			return &day, nil
		}
	}
	return nil, nil
}

// lot is tokens that can be spent up to the same day, in fourteenths, which keep the pace whole.
type lot struct {
	fourteenths models.Tokens
	lastDay     *models.Date // nil: for ever
}

// lotsOf is what a team can spend, in burn-down order. None is empty.
func lotsOf(balance *models.Balance, available models.Tokens) ([]lot, error) {
	var lots []lot
	for _, expiry := range balance.Expiries {
		day, err := lastDayBefore(expiry.At, balance)
		if err != nil {
			return nil, err
		}
		lots = append(lots, lot{expiry.Tokens * paceDays, &day})
		available -= expiry.Tokens
	}
	if available > 0 {
		lots = append(lots, lot{available * paceDays, nil})
	}
	return lots, nil
}

// lastDayBefore is the team's day that the last moment before an instant counts for, and never one before today.
func lastDayBefore(at time.Time, balance *models.Balance) (models.Date, error) {
	name := balance.TimeZone
	if balance.PendingTimeZoneAt != nil && balance.PendingTimeZone != nil && at.After(*balance.PendingTimeZoneAt) {
		name = *balance.PendingTimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return models.Date{}, fmt.Errorf("time zone of %s: %w", balance.TeamID, err)
	}
	day := models.DayAt(at.Add(-1), zone)
	if day.Before(balance.Day) {
		return balance.Day, nil
	}
	return day, nil
}

// spend takes tokens out of the first lots.
func spend(lots []lot, fourteenths models.Tokens) []lot {
	for len(lots) > 0 && lots[0].fourteenths <= fourteenths {
		fourteenths -= lots[0].fourteenths
		lots = lots[1:]
	}
	if len(lots) > 0 {
		lots[0].fourteenths -= fourteenths
	}
	return lots
}
