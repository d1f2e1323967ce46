package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"gorm.io/gorm"

	"productgenerator/auth"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/rehearsal"
)

// historyEmail is who the team with the made-up history belongs to.
const historyEmail = "history@example.com"

// progressPause is how often a long command says how far it is.
const progressPause = 2 * time.Second

// seedHistory makes up a team with a year behind it and prints how to sign in. It refuses where the team has a history
// already; of one that is interrupted nothing stays but the empty team.
func seedHistory(ctx context.Context, c *config, log *slog.Logger) (err error) {
	if c.Seed.Lines < 0 {
		return settingError("--lines", fmt.Sprint(c.Seed.Lines), "how many ledger lines, 1 or more")
	}
	db, err := openDatabase(ctx, c, true, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	books := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: operations.CheapestCost, Log: log})
	defer books.Close()
	password, err := demoPassword(c)
	if err != nil {
		return err
	}
	end := time.Now().UTC().Truncate(time.Second)
	begin := end.AddDate(0, 0, -rehearsal.Days)
	cast, err := findCast(ctx, db, books, password, begin)
	if err != nil {
		return err
	}
	script := rehearsal.Script{
		Cast: cast, Lines: c.Seed.Lines, Begin: begin, End: end, Seed: 1, Progress: printProgress(c.Seed.Lines),
	}
	began := time.Now()
	lines, err := rehearsal.Play(ctx, books, script)
	if errors.Is(err, ledger.ErrHasHistory) {
		return fmt.Errorf("%s has a history already: use another database", historyEmail)
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("%d ledger lines in %s, %.0f a second\n", lines, took.Round(time.Millisecond), float64(lines)/took.Seconds())
	fmt.Printf("sign in as %s with %s\n", historyEmail, password)
	return nil
}

// findCast makes sure that the team and its people exist, and that the OWNER has the password.
func findCast(ctx context.Context, db *database, books *ledger.Ledger, password string, begin time.Time) (rehearsal.Cast, error) {
	passwords := auth.NewPasswords(1)
	cast, err := rehearsal.Find(ctx, db.Pool, historyEmail)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return foundTeam(ctx, books, passwords, password, begin)
	case err != nil:
		return cast, err
	}
	owner, err := gorm.G[models.User](db.Gorm).Where("id = ?", cast.Members[0]).Take(ctx)
	if err != nil {
		return cast, err
	}
	return cast, keepPassword(ctx, db, passwords, owner, password)
}

// foundTeam makes the team. Of its people only the OWNER can sign in.
func foundTeam(ctx context.Context, books *ledger.Ledger, passwords *auth.Passwords, password string, begin time.Time) (rehearsal.Cast, error) {
	owners, err := passwords.Hash(ctx, password)
	if err != nil {
		return rehearsal.Cast{}, err
	}
	nobodys, err := passwords.Hash(ctx, rand.Text())
	if err != nil {
		return rehearsal.Cast{}, err
	}
	owner := rehearsal.Owner{Email: historyEmail, PasswordHash: owners, MemberPasswordHash: nobodys}
	return rehearsal.Found(ctx, books, owner, begin)
}

// printProgress says on standard error how far a history is, every few seconds.
func printProgress(lines int64) func(int64) {
	began, said := time.Now(), time.Now()
	return func(done int64) {
		if time.Since(said) < progressPause {
			return
		}
		said = time.Now()
		fmt.Fprintf(os.Stderr, "%3d %%  %d lines, %.0f a second\n", done*100/lines, done, float64(done)/time.Since(began).Seconds())
	}
}
