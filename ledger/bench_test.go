package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
	"productgenerator/postgres/pgtest"
)

// BenchmarkCore lets random commands happen to one account with the rules that every team begins with: grants,
// reservations, settlements, moments, and behind each its warnings.
func BenchmarkCore(b *testing.B) {
	now := time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)
	a := newAccount(models.BalanceRow{TeamID: "team", Day: models.DateOf(now), LastEntryAt: now, LowBalanceThreshold: 130},
		Platform{DailyLimit: models.LimitOf(1 << 40), Cheapest: cheapest}, models.Calendar{Zone: time.UTC})
	a.AddMember(ann, Member{Role: models.RoleOwner})
	a.advanceTo(now)
	a.open()
	random := rand.New(rand.NewPCG(1, 1))
	requests := make([]ReserveRequest, 0, 4)
	for _, operation := range models.Operations() {
		requests = append(requests, request("", operation))
	}
	ids := make([]models.GenerationID, 4096)
	for i := range ids {
		ids[i] = models.GenerationID(strconv.Itoa(i))
	}
	grant := gift(1_000_000, nil)
	b.ReportAllocs()
	began := processTime(b)
	for n := 0; b.Loop(); n++ {
		if len(a.posted.entries) > 8192 { // what a batch posts is written and forgotten
			a.posted.entries = a.posted.entries[:0]
			a.posted.warnings = a.posted.warnings[:0]
			clear(a.posted.usage)
			clear(a.posted.consumed)
		}
		switch random.IntN(10) {
		case 0:
			a.advanceTo(a.now.Add(time.Millisecond))
		case 1, 2, 3:
			r := requests[random.IntN(len(requests))]
			r.Generation = ids[n%len(ids)]
			if err := a.Reserve(ann, r); err != nil {
				grant.ID = models.GrantID(r.Generation)
				a.Issue(grant, nil)
			}
		default:
			id := ids[(n-random.IntN(16)+len(ids))%len(ids)]
			if reservation := a.reservations[id]; reservation != nil {
				part := reservation.Parts[random.IntN(len(reservation.Parts))].Part
				if random.IntN(4) == 0 {
					_ = a.Release(id, part)
				} else {
					_ = a.Capture(id, part)
				}
			}
		}
		a.Warn()
	}
	b.ReportMetric(float64(b.N)/(processTime(b)-began).Seconds(), "commands/cpu-s")
}

// processTime is how long the process has computed, so that a busy machine does not count as a slow account.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkUpdate reserves through PostgreSQL with 64 goroutines, and beside it the same rows with one GORM transaction
// for each change.
func BenchmarkUpdate(b *testing.B) {
	for _, teams := range []int{1, 1000} {
		b.Run(fmt.Sprintf("combined/teams=%d", teams), func(b *testing.B) { benchmarkReserve(b, teams, 64, combined) })
		b.Run(fmt.Sprintf("transaction each/teams=%d", teams), func(b *testing.B) { benchmarkReserve(b, teams, 64, oneEach) })
	}
	b.Run("combined/alone", func(b *testing.B) { benchmarkReserve(b, 1, 1, combined) })
	b.Run("transaction each/alone", func(b *testing.B) { benchmarkReserve(b, 1, 1, oneEach) })
}

func benchmarkReserve(b *testing.B, count, goroutines int, reserve func(*team) error) {
	db := pgtest.NewDurable(b)
	p := platformOn(b, db)
	teams := make([]*team, count)
	owner := p.user()
	for i := range teams {
		teams[i] = &team{platform: p, id: models.NewTeamID(time.Now()), owner: owner}
	}
	atOnce(count, func(i int) {
		tm := teams[i]
		p.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Team', $2, now())`, tm.id, tm.owner)
		tm.join(tm.owner, models.RoleOwner)
		tm.must(Change{Open: &Opening{TimeZone: "UTC"}, Decide: func(tx *Tx) error {
			tx.SetPlatformLimits(false, true, models.NoLimit())
			tx.Issue(gift(1<<40, nil), nil)
			return nil
		}})
	})
	b.SetParallelism(max(1, goroutines/2))
	if goroutines == 1 {
		b.SetParallelism(1)
	}
	var next atomic.Int64
	b.ResetTimer()
	if goroutines == 1 {
		for range b.N {
			if err := reserve(teams[0]); err != nil {
				b.Fatal(err)
			}
		}
	} else {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := reserve(teams[next.Add(1)%int64(count)]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

func combined(tm *team) error {
	id := models.NewGenerationID(time.Now())
	_, err := tm.ledger.Update(context.Background(), Change{
		Team: tm.id, Actor: tm.owner, Key: keyOf(tm.owner, string(id), string(id)),
		Decide: func(tx *Tx) error {
			tx.Made(string(id))
			return tx.Reserve(tm.owner, request(id, models.OperationGenerateAll))
		},
	})
	return err
}

// oneEach does what anyone would write: it locks the balance in a transaction of its own, reads what the decision needs,
// and writes the same rows that combined writes.
func oneEach(tm *team) error {
	id := models.NewGenerationID(time.Now())
	return tm.db.Gorm.Transaction(func(tx *gorm.DB) error {
		var balance models.BalanceRow
		if err := tx.Raw(`SELECT * FROM balances WHERE team_id = ? FOR UPDATE`, tm.id).Scan(&balance).Error; err != nil {
			return err
		}
		var now time.Time
		if err := tx.Raw(`SELECT clock_timestamp()`).Scan(&now).Error; err != nil {
			return err
		}
		var grants []*models.Grant
		if err := tx.Where("team_id = ? AND remaining > 0", tm.id).Find(&grants).Error; err != nil {
			return err
		}
		var used models.MemberUsage
		if err := tx.Where("team_id = ? AND user_id = ? AND day = ?", tm.id, tm.owner, balance.Day).Limit(1).Find(&used).Error; err != nil {
			return err
		}
		account := newAccount(balance, Platform{Cheapest: cheapest}, models.Calendar{Zone: time.UTC})
		for _, grant := range grants {
			account.addGrant(grant)
		}
		account.AddMember(tm.owner, Member{Used: used.Used})
		account.advanceTo(now)
		if err := account.Reserve(tm.owner, request(id, models.OperationGenerateAll)); err != nil {
			return err
		}
		entry := account.posted.entries[0]
		entry.ID = models.NewLedgerEntryID(now)
		subject := string(id)
		key := keyOf(tm.owner, subject, subject)
		for _, row := range []any{account.reservations[id], &entry, &models.IdempotencyKey{
			CallerID: tm.owner, TeamID: tm.id, Key: key.Key, Mutation: key.Mutation, InputHash: key.InputHash,
			Subject: &subject, CreatedAt: now,
		}} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		if err := tx.Exec(`UPDATE grants SET remaining = ?, held = ? WHERE id = ?`, grants[0].Remaining, grants[0].Held, grants[0].ID).Error; err != nil {
			return err
		}
		if err := tx.Exec(`
INSERT INTO member_usage AS u (team_id, user_id, day, used) VALUES (?, ?, ?, ?)
ON CONFLICT (team_id, user_id, day) DO UPDATE SET used = u.used + excluded.used`, tm.id, tm.owner, balance.Day, 65).Error; err != nil {
			return err
		}
		after := account.balance
		return tx.Exec(`
UPDATE balances SET version = ?, available = ?, reserved = ?, used = ?, sequence = ?, last_entry_at = ?, updated_at = ? WHERE team_id = ?`,
			after.Version, after.Available, after.Reserved, after.Used, after.Sequence, after.LastEntryAt, after.UpdatedAt, tm.id).Error
	})
}
