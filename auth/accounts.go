package auth

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
)

// Accounts are the users as those who can sign in. It is safe for concurrent use.
type Accounts struct {
	db        *gorm.DB
	passwords *Passwords
	sessions  *Sessions
	throttle  *throttle
	now       func() time.Time
}

// NewAccounts keeps accounts in that database, on that clock.
func NewAccounts(db *gorm.DB, passwords *Passwords, sessions *Sessions, now func() time.Time) *Accounts {
	return &Accounts{db: db, passwords: passwords, sessions: sessions, throttle: newThrottle(now), now: now}
}

// UsersByID is those of the users that there are, without their password hashes.
func (a *Accounts) UsersByID(ctx context.Context, ids []models.UserID) (map[models.UserID]models.User, error) {
	users, err := gorm.G[models.User](a.db).Omit("PasswordHash").Where("id = ANY (?)", &ids).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	byID := make(map[models.UserID]models.User, len(users))
	for _, user := range users {
		byID[user.ID] = user
	}
	return byID, nil
}

// byEmail is the user of that address, with the password hash, and whether there is one.
func (a *Accounts) byEmail(ctx context.Context, email string) (models.User, bool, error) {
	users, err := gorm.G[models.User](a.db).Where("lower(email) = lower(?)", email).Limit(1).Find(ctx)
	if err != nil {
		return models.User{}, false, fmt.Errorf("read a user: %w", err)
	}
	if len(users) == 0 {
		return models.User{}, false, nil
	}
	return users[0], true, nil
}
