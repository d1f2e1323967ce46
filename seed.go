package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"gorm.io/gorm"

	"productgenerator/auth"
	"productgenerator/catalog"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/teams"
)

// The demonstration: who it belongs to and what it starts with.
const (
	demoEmail                = "demo@example.com"
	demoTokens models.Tokens = 1_000
)

// seed creates the demonstration team, or finds it, and prints how to sign in.
func seed(ctx context.Context, c *config, log *slog.Logger) (err error) {
	db, err := openDatabase(ctx, c, true, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	books := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: operations.CheapestCost, Log: log})
	defer books.Close()
	password, err := seedDemo(ctx, c, db, books, catalog.New(db.Gorm, time.Now), auth.NewPasswords(runtime.GOMAXPROCS(0)))
	if err != nil {
		return err
	}
	fmt.Printf("sign in as %s with %s\n", demoEmail, password)
	return nil
}

// seedDemo makes sure that the demonstration team exists with its tokens and products, and returns its password. Each
// step is whole or not done at all, so a start that was killed in between goes on where it ended.
func seedDemo(ctx context.Context, c *config, db *database, books *ledger.Ledger, products *catalog.Catalog, passwords *auth.Passwords) (string, error) {
	password, err := demoPassword(c)
	if err != nil {
		return "", err
	}
	user, err := findDemo(ctx, db)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = signUpDemo(ctx, db, books, passwords, password)
		if err == nil || errors.Is(err, teams.ErrEmailTaken) { // another process that starts now may have been quicker
			user, err = findDemo(ctx, db)
		}
	}
	if err != nil {
		return "", fmt.Errorf("the demonstration's account: %w", err)
	}
	if err := keepPassword(ctx, db, passwords, user, password); err != nil {
		return "", err
	}
	membership, err := gorm.G[models.Membership](db.Gorm).Where("user_id = ?", user.ID).Order("id").Take(ctx)
	if err != nil {
		return "", fmt.Errorf("the demonstration's team: %w", err)
	}
	page, err := models.NewPage(nil, nil, nil, nil)
	if err != nil {
		return "", err
	}
	shown, err := products.List(ctx, membership.TeamID, "", page)
	if err != nil || len(shown.Edges) > 0 {
		return password, err
	}
	_, err = products.Import(ctx, catalog.ImportRequest{
		TeamID: membership.TeamID, Reader: catalog.DemoFeed(), DefaultCurrency: c.FeedCurrency,
	})
	return password, err
}

func findDemo(ctx context.Context, db *database) (models.User, error) {
	return gorm.G[models.User](db.Gorm).Where("lower(email) = ?", demoEmail).Take(ctx)
}

func signUpDemo(ctx context.Context, db *database, books *ledger.Ledger, passwords *auth.Passwords, password string) error {
	hash, err := passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	demo := teams.New(db.Gorm, books, teams.Options{WelcomeTokens: demoTokens, Now: time.Now})
	_, err = demo.SignUp(ctx, teams.NewUser{
		Email: demoEmail, Name: "Demo", PasswordHash: hash, TeamName: "Demonstration", TimeZone: "UTC",
	})
	return err
}

// keepPassword makes the printed password the account's.
func keepPassword(ctx context.Context, db *database, passwords *auth.Passwords, user models.User, password string) error {
	if ok, err := passwords.Verify(ctx, user.PasswordHash, password); err != nil || ok {
		return err
	}
	hash, err := passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = gorm.G[models.User](db.Gorm).Where("id = ?", user.ID).Update(ctx, "password_hash", hash)
	return err
}

// demoPassword is the setting's or, without one, a random one that stays the same for the data directory.
func demoPassword(c *config) (string, error) {
	if c.DemoPassword != "" {
		return c.DemoPassword, nil
	}
	path := filepath.Join(c.DataDir, "demo-password")
	kept, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(kept))) >= auth.MinPasswordLength {
		return strings.TrimSpace(string(kept)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("DEMO_PASSWORD is not set and %s cannot be read: %w", path, err)
	}
	password := strings.ToLower(rand.Text()[:16])
	if err := os.MkdirAll(c.DataDir, 0o755); err != nil {
		return "", fmt.Errorf("DATA_DIR: %w", err)
	}
	return password, os.WriteFile(path, []byte(password+"\n"), 0o600)
}
