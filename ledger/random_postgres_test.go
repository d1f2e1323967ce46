package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
)

// What goes through PostgreSQL: teams at work at the same time, each with commandsAMove between two moves of the clock.
const (
	workingTeams = 16
	clockMoves   = 80
)

// storedTrial holds a team's stored account against the model.
type storedTrial struct {
	*trial
	team    *team
	changes []int // how many warnings there were in the model behind each change
}

// warned ends a change of the model.
func (tr *storedTrial) warned() {
	tr.model.warn()
	tr.changes = append(tr.changes, len(tr.model.raised))
}

func (tr *storedTrial) step(now time.Time) string {
	var c command
	switch n := tr.chance.IntN(100); {
	case n < 16:
		c = tr.issue()
	case n < 50:
		c = tr.reserve()
	case n < 86:
		c = tr.settle()
	case n < 92:
		c = tr.takeBack()
	default:
		c = tr.decree()
	}
	tr.model.advance(now)
	tr.warned()
	change := Change{Actor: c.actor, Decide: func(tx *Tx) error {
		err := c.apply(tx.Account)
		if err == nil && c.stage != nil {
			c.stage(tx)
		}
		return err
	}}
	if c.reservation != "" {
		change.Reservations = []models.GenerationID{c.reservation}
	}
	if c.grant != "" {
		change.Grants = []models.GrantID{c.grant}
	}
	outcome, err := tr.team.update(change)
	if fault := c.expect(err); fault != "" {
		return fault
	}
	tr.warned()
	if err != nil {
		return ""
	}
	return tr.balanceFault(outcome.Balance)
}

// differs compares what is read of the account with the model: as if time had been posted.
func (tr *storedTrial) differs(ctx context.Context) string {
	account, err := tr.team.ledger.Account(ctx, tr.team.id, tr.people...)
	if err != nil {
		return err.Error()
	}
	if fault := tr.balanceFault(account.Balance()); fault != "" {
		return "as read: " + fault
	}
	for _, who := range tr.people {
		if used := account.Member(who).Used; int(used) != tr.model.used(tr.model.day(), who) {
			return fmt.Sprintf("%s used %d, in the model %d", who, used, tr.model.used(tr.model.day(), who))
		}
	}
	return ""
}

// grantsDiffer compares what is stored of the grants with the model, once time is posted.
func (tr *storedTrial) grantsDiffer(ctx context.Context) string {
	ids := make([]models.GrantID, len(tr.model.grants))
	for i, g := range tr.model.grants {
		ids[i] = g.id
	}
	grants, err := tr.team.ledger.GrantsByID(ctx, ids)
	if err != nil {
		return err.Error()
	}
	for _, g := range tr.model.grants {
		if fault := g.fault(grants[g.id]); fault != "" {
			return fault
		}
	}
	return ""
}

// rulesOf reads a team's alert rules, the oldest first.
func rulesOf(tm *team) (rules []*models.AlertRule) {
	tm.t.Helper()
	if err := tm.db.Gorm.Order("id").Find(&rules, "team_id = ?", tm.id).Error; err != nil {
		tm.t.Fatal(err)
	}
	return rules
}

// rowsDiffer compares the rows of warnings, rules and reports with the model, once time is posted.
func (tr *storedTrial) rowsDiffer() string {
	p, db := tr.team.platform, tr.team.db.Gorm
	var warnings []models.LimitWarning
	if err := db.Order("sequence").Find(&warnings, "team_id = ?", tr.team.id).Error; err != nil {
		return err.Error()
	}
	if len(warnings) != len(tr.model.raised) {
		return fmt.Sprintf("%d warnings, the model has %d", len(warnings), len(tr.model.raised))
	}
	before := 0
	for _, behind := range tr.changes {
		if fault := warningsFault(warnings[before:behind], tr.model.raised[before:behind]); fault != "" {
			return fault
		}
		before = behind
	}
	var rules []*models.AlertRule
	if err := db.Find(&rules, "team_id = ?", tr.team.id).Error; err != nil {
		return err.Error()
	}
	if fault := tr.model.rulesFault(rules); fault != "" {
		return fault
	}
	var rows []models.Consumption
	var products []models.ProductConsumption
	if err := errors.Join(db.Find(&rows, "team_id = ?", tr.team.id).Error, db.Find(&products, "team_id = ?", tr.team.id).Error); err != nil {
		return err.Error()
	}
	if fault := tr.model.consumptionFault(rows, products); fault != "" {
		return fault
	}
	for _, who := range tr.people {
		limit := models.LimitFrom(one[*models.Tokens](p, `SELECT daily_limit FROM memberships WHERE team_id = $1 AND user_id = $2`, tr.team.id, who))
		if limit != tr.model.members[who] {
			return fmt.Sprintf("%s may use %v, in the model %v", who, limit, tr.model.members[who])
		}
	}
	return tr.settingsFault(db)
}

// settingsFault compares the columns of a balance that its team, an administrator or time sets with the model.
func (tr *storedTrial) settingsFault(db *gorm.DB) string {
	var row models.BalanceRow
	if err := db.Take(&row, "team_id = ?", tr.team.id).Error; err != nil {
		return err.Error()
	}
	m := tr.model
	custom, customUnlimited := models.NoLimit(), false
	if m.custom != nil {
		custom, customUnlimited = *m.custom, *m.custom == models.NoLimit()
	}
	asked := time.Time{}
	if row.TimeZoneChangedAt != nil {
		asked = *row.TimeZoneChangedAt
	}
	switch {
	case row.Unlimited != m.unlimited,
		models.LimitFrom(row.CustomDailyLimit) != custom, row.CustomDailyUnlimited != customUnlimited,
		models.LimitFrom(row.OwnDailyLimit) != m.own, int(row.LowBalanceThreshold) != m.threshold,
		row.TimeZone != m.zone, !asked.Equal(m.asked), (row.PendingLastDay != nil) != (m.move != nil),
		(row.LimitReachedOn != nil) != (len(m.reached) > 0), (row.BalanceEmptyOn != nil) != (len(m.empty) > 0),
		int(row.Warnings) != len(m.raised), row.Day != m.day(), int(row.Used) != m.used(m.day(), ""):
		return fmt.Sprintf("the row is %+v, the model's %+v", row, m)
	}
	return ""
}

func TestRandomHistoriesThroughPostgreSQLEqualTheModel(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	all := calendars(t)
	now := oddTimes[0]
	until := now.AddDate(0, 0, historyDays)
	p, setClock := timedPlatform(t, now)
	trials := make([]*storedTrial, workingTeams)
	for i := range trials {
		tm := p.team(oddZones[i%len(oddZones)])
		people := []models.UserID{tm.owner, p.user(), p.user()}
		for _, who := range people[1:] {
			tm.join(who, models.RoleMember)
		}
		zones := func(name string) *calendar { return all[name][0] }
		tr := newTrial(rand.New(rand.NewPCG(seed, uint64(i))), oddZones[i%len(oddZones)], zones, now, people)
		tr.model.defaultLimit = models.LimitOf(650)
		tr.tag = fmt.Sprintf("%02d", i)
		tr.model.open(rulesOf(tm))
		trials[i] = &storedTrial{trial: tr, team: tm}
		trials[i].warned()
	}
	for move := range clockMoves {
		var teams sync.WaitGroup
		for i, tr := range trials {
			teams.Go(func() {
				for n := range commandsAMove {
					if fault := tr.step(now); fault != "" {
						t.Errorf("seed %d, team %d, move %d, command %d, %s: %s", seed, i, move, n, now, fault)
						return
					}
				}
			})
		}
		teams.Wait()
		if t.Failed() {
			return
		}
		step := time.Duration(random.IntN(26*60)) * time.Minute
		if end := trials[random.IntN(len(trials))].model.calendar.endOf(now); random.IntN(3) == 0 {
			step = end.Sub(now)
		}
		if now.Add(step).Before(until) {
			now = now.Add(step)
			setClock(now)
		}
	}
	for i, tr := range trials {
		tr.model.advance(now)
		if fault := tr.differs(t.Context()); fault != "" {
			t.Errorf("seed %d, team %d in the end: %s", seed, i, fault)
		}
		if err := p.ledger.PostTime(t.Context(), tr.team.id); err != nil {
			t.Fatal(err)
		}
		if fault := tr.differs(t.Context()); fault != "" {
			t.Errorf("seed %d, team %d once time is posted: %s", seed, i, fault)
		}
		tr.warned()
		if fault := tr.grantsDiffer(t.Context()); fault != "" {
			t.Errorf("seed %d, team %d, grants: %s", seed, i, fault)
		}
		if fault := tr.rowsDiffer(); fault != "" {
			t.Errorf("seed %d, team %d, rows: %s", seed, i, fault)
		}
	}
	report := p.checkClean(p.ledger, tokenInvariants())
	stats := p.ledger.Stats()
	t.Logf("%d commands in %d transactions, %d lines", workingTeams*clockMoves*commandsAMove, stats.Transactions, report.EntriesChecked)
}
