package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"productgenerator/models"
)

// How long a password is, in characters.
const (
	MinPasswordLength = 8
	MaxPasswordLength = 200
)

// What new hashes are made with: the first choice of OWASP's password storage cheat sheet for argon2id.
const (
	argonMemory      = 19 * 1024 // KiB
	argonPasses      = 2
	argonParallelism = 1
	saltLength       = 16 // bytes
	keyLength        = 32 // bytes
)

const (
	// waitersPerSlot is how many callers may wait for each hash that is being computed: a queue of some two seconds.
	waitersPerSlot = 64

	// busyRetryAfter is what a caller is told when the queue is full.
	busyRetryAfter = 2 * time.Second
)

// CheckPassword tells whether the password may be chosen for the e-mail: 8 to 200 characters, and not the e-mail
// itself. It returns a *FieldError if not.
func CheckPassword(password, email string) error {
	length := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return &FieldError{Field: "password", Code: models.FieldInvalid}
	case length < MinPasswordLength:
		return &FieldError{Field: "password", Code: models.FieldTooShort, Limit: MinPasswordLength}
	case length > MaxPasswordLength:
		return &FieldError{Field: "password", Code: models.FieldTooLong, Limit: MaxPasswordLength}
	case strings.EqualFold(strings.TrimSpace(password), strings.TrimSpace(email)):
		return &FieldError{Field: "password", Code: models.FieldInvalid}
	}
	return nil
}

// Passwords computes and compares password hashes. Each takes 19 MiB and some 20 ms of a processor, hence only a few at
// a time and a bounded queue behind them: whoever finds it full gets a *RateLimitedError.
type Passwords struct {
	places chan struct{} // held by whoever waits or computes
	slots  chan struct{} // held by whoever computes

	derive func(password, salt []byte, p parameters) []byte
}

// NewPasswords computes at most slots hashes at once.
func NewPasswords(slots int) *Passwords {
	slots = max(1, slots)
	return &Passwords{
		places: make(chan struct{}, slots*(1+waitersPerSlot)),
		slots:  make(chan struct{}, slots),
		derive: argon2id,
	}
}

// Hash is the password's hash in PHC form, with a salt of its own.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	key, err := p.key(ctx, password, salt, currentParameters())
	if err != nil {
		return "", err
	}
	return phc{parameters: currentParameters(), salt: salt, key: key}.encode(), nil
}

// Verify tells whether the hash, in PHC form, is the password's.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (bool, error) {
	stored, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	key, err := p.key(ctx, password, stored.salt, stored.parameters)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, stored.key) == 1, nil
}

// verifyNobody costs what Verify costs, and is for when there is no hash to compare with: the time of an answer must not
// tell which e-mails have an account.
func (p *Passwords) verifyNobody(ctx context.Context, password string) error {
	_, err := p.key(ctx, password, make([]byte, saltLength), currentParameters())
	return err
}

// stale tells whether the hash was made with other parameters than new ones are, and should be made anew when the
// password is next at hand.
func (p *Passwords) stale(hash string) bool {
	stored, err := parsePHC(hash)
	return err != nil || stored.parameters != currentParameters() || len(stored.salt) != saltLength
}

// key derives the key in its turn. Keyboards write the same character differently, so the password is composed first.
func (p *Passwords) key(ctx context.Context, password string, salt []byte, with parameters) ([]byte, error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	default:
		return nil, &RateLimitedError{RetryAfter: busyRetryAfter}
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return p.derive([]byte(norm.NFKC.String(password)), salt, with), nil
}

func argon2id(password, salt []byte, p parameters) []byte {
	return argon2.IDKey(password, salt, p.passes, p.memory, p.parallelism, p.keyLength)
}
