package auth

import (
	"context"
	"errors"
	"fmt"

	"productgenerator/models"
)

// administratorName is what the administrator is called who did not sign up.
const administratorName = "Administrator"

// administratorTries is how often the account is looked at again because another process changed it meanwhile.
const administratorTries = 10

// EnsureAdministrator sees to it that the account exists, has this password and is a platform administrator. Another
// password ends the account's sessions; the same one changes nothing. Processes that start at once may all call it. It
// returns a *FieldError for an e-mail or a password that cannot be.
func (a *Accounts) EnsureAdministrator(ctx context.Context, email, password string) error {
	email, err := NormalizeEmail(email)
	if err != nil {
		return err
	}
	if err := CheckPassword(password, email); err != nil {
		return err
	}
	for range administratorTries {
		done, err := a.ensureAdministrator(ctx, email, password)
		if err != nil {
			return fmt.Errorf("ensure the administrator: %w", err)
		}
		if done {
			return nil
		}
	}
	return errors.New("ensure the administrator: the account is changed all the time")
}

// ensureAdministrator does it once, unless the account changed since it was looked at.
func (a *Accounts) ensureAdministrator(ctx context.Context, email, password string) (done bool, err error) {
	user, exists, err := a.byEmail(ctx, email)
	if err != nil {
		return false, err
	}
	if !exists {
		return a.createAdministrator(ctx, email, password)
	}
	same, err := a.passwords.Verify(ctx, user.PasswordHash, password)
	if err != nil && !errors.Is(err, errMalformedHash) {
		return false, err
	}
	if same && user.PlatformRole == models.PlatformAdministrator && !a.passwords.stale(user.PasswordHash) {
		return true, nil
	}
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return false, err
	}
	return a.promote(ctx, user, hash, !same)
}

func (a *Accounts) createAdministrator(ctx context.Context, email, password string) (done bool, err error) {
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return false, err
	}
	now := a.now()
	created := a.db.WithContext(ctx).Exec(`
		INSERT INTO users (id, email, name, password_hash, platform_role, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (lower(email)) DO NOTHING`,
		models.NewUserID(now), email, administratorName, hash, models.PlatformAdministrator, now)
	return created.RowsAffected == 1, created.Error
}

// promote writes role and hash, and ends the sessions of the old password if it is another one, in one statement.
func (a *Accounts) promote(ctx context.Context, user models.User, hash string, endSessions bool) (done bool, err error) {
	var promoted int64
	err = a.db.WithContext(ctx).Raw(`
		WITH promoted AS (
			UPDATE users SET password_hash = ?, platform_role = ? WHERE id = ? AND password_hash = ? RETURNING id
		), ended AS (
			DELETE FROM sessions WHERE ? AND user_id IN (SELECT id FROM promoted)
		)
		SELECT count(*) FROM promoted`,
		hash, models.PlatformAdministrator, user.ID, user.PasswordHash, endSessions).Scan(&promoted).Error
	if err != nil {
		return false, err
	}
	a.sessions.forget()
	return promoted == 1, nil
}
