package auth

import (
	"context"
	"fmt"

	"productgenerator/models"
)

// SignIn is the user of that e-mail and password, without the password hash. It returns ErrWrongCredentials if either is
// wrong, having taken as long in both cases; a *RateLimitedError, looking at nothing, after 10 failures in a minute for
// one e-mail from one address, or 100 from one address, or when too many sign in at once.
func (a *Accounts) SignIn(ctx context.Context, email, password string) (models.User, error) {
	address := callerFrom(ctx).address
	email, err := NormalizeEmail(email)
	if err != nil {
		email = "" // nobody's, and tried like any other
	}
	if err := a.throttle.take(email, address); err != nil {
		return models.User{}, err
	}
	user, err := a.authenticate(ctx, email, password)
	if err != nil {
		return models.User{}, err
	}
	a.throttle.giveBack(email, address)
	return user, nil
}

func (a *Accounts) authenticate(ctx context.Context, email, password string) (models.User, error) {
	user, found, err := a.byEmail(ctx, email)
	if err != nil {
		return models.User{}, err
	}
	if !found {
		if err := a.passwords.verifyNobody(ctx, password); err != nil {
			return models.User{}, err
		}
		return models.User{}, ErrWrongCredentials
	}
	matches, err := a.passwords.Verify(ctx, user.PasswordHash, password)
	if err != nil {
		return models.User{}, fmt.Errorf("verify the password of %s: %w", user.ID, err)
	}
	if !matches {
		return models.User{}, ErrWrongCredentials
	}
	if err := a.renewHash(ctx, user, password); err != nil {
		return models.User{}, err
	}
	user.PasswordHash = ""
	return user, nil
}

// renewHash hashes the password anew if that was done with parameters of the past, unless it is changed meanwhile.
func (a *Accounts) renewHash(ctx context.Context, user models.User, password string) error {
	if !a.passwords.stale(user.PasswordHash) {
		return nil
	}
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.db.WithContext(ctx).Exec(`UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`,
		hash, user.ID, user.PasswordHash).Error
	if err != nil {
		return fmt.Errorf("renew the password hash of %s: %w", user.ID, err)
	}
	return nil
}
