package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
)

const (
	// sessionLife is how long a session lasts.
	sessionLife = 30 * 24 * time.Hour

	// sessionTrust is how long an answer of the database about a session is believed: how much later another process
	// learns that it was ended.
	sessionTrust = time.Second

	// knownSessions is how many sessions a generation of the cache remembers, some 500 bytes each.
	knownSessions = 16_384

	// sweptSessions is how many expired sessions go when one starts.
	sweptSessions = 100
)

// Sessions starts, ends and finds sessions. It is safe for concurrent use.
type Sessions struct {
	db  *gorm.DB
	now func() time.Time

	mu      sync.Mutex                         // protects all below
	known   *generations[digest, knownSession] // what the database said of late
	waiting map[digest]*lookup                 // to be asked next
	reading bool                               // whether somebody is asking
	endings uint64                             // how many times sessions were ended here
}

// knownSession is what the database said about a session that it has.
type knownSession struct {
	viewer *Viewer
	readAt time.Time // before it was asked
}

// NewSessions keeps sessions in that database, on that clock.
func NewSessions(db *gorm.DB, now func() time.Time) *Sessions {
	return &Sessions{
		db:      db,
		now:     now,
		known:   newGenerations[digest, knownSession](knownSessions, sessionTrust),
		waiting: map[digest]*lookup{},
	}
}

// Start begins a session of the user and clears some expired ones away. The token is told this once.
func (s *Sessions) Start(ctx context.Context, user models.UserID) (token string, session models.Session, err error) {
	token, err = newToken()
	if err != nil {
		return "", models.Session{}, err
	}
	hash, _ := digestOf(token)
	now := s.now().Truncate(time.Microsecond) // what the database keeps
	session = models.Session{
		ID: models.NewSessionID(now), UserID: user, TokenHash: hash[:], CreatedAt: now, ExpiresAt: now.Add(sessionLife),
	}
	err = s.db.WithContext(ctx).Exec(`
		WITH expired AS (
			SELECT id FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED
		), swept AS (
			DELETE FROM sessions WHERE id IN (SELECT id FROM expired)
		)
		INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
		now, sweptSessions, session.ID, session.UserID, session.TokenHash, session.CreatedAt, session.ExpiresAt).Error
	if err != nil {
		return "", models.Session{}, fmt.Errorf("start a session: %w", err)
	}
	return token, session, nil
}

// End ends the token's session. From its return on this process refuses the token, others do within a second. What is
// no session's token has ended already.
func (s *Sessions) End(ctx context.Context, token string) error {
	hash, ok := digestOf(token)
	if !ok {
		return nil
	}
	return s.end(ctx, hash)
}

func (s *Sessions) end(ctx context.Context, hash digest) error {
	err := s.db.WithContext(ctx).Exec(`DELETE FROM sessions WHERE token_hash = ?`, hash[:]).Error
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endings++
	s.known.remove(hash)
	return nil
}

// forget drops what is known, after something changed that many sessions may hang on.
func (s *Sessions) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endings++
	s.known.clear()
}

// Enter starts a session of the user for whoever makes this request: the session's cookie goes with the answer, and the
// rest of the request is the user's. On a socket only the token is made, for the client to connect with.
func (s *Sessions) Enter(ctx context.Context, user models.User) (token string, err error) {
	token, session, err := s.Start(ctx, user.ID)
	if err != nil {
		return "", err
	}
	caller := callerFrom(ctx)
	if caller.answer == nil {
		return token, nil
	}
	hash, _ := digestOf(token)
	user.PasswordHash = ""
	caller.viewer.Store(&Viewer{User: user, SessionID: session.ID, ExpiresAt: session.ExpiresAt, digest: hash})
	setSession(ctx, token)
	return token, nil
}

// Leave ends the viewer's session: the cookie goes, and the rest of the request, or of what runs on the socket until
// Recheck closes it, is anonymous. Who is anonymous already only loses the cookie.
func (s *Sessions) Leave(ctx context.Context) error {
	caller := callerFrom(ctx)
	if viewer := caller.viewer.Load(); viewer != nil {
		if err := s.end(ctx, viewer.digest); err != nil {
			return err
		}
		caller.viewer.Store(nil)
	}
	clearSession(ctx)
	return nil
}

// Recheck tells whether the one who made the request or opened the socket is still signed in: ErrNoSession if not. It is
// cheap enough to be asked every few seconds by every socket. A viewer's role, name and locale are renewed by it. Who
// came anonymously may stay; and a database that cannot answer ends nobody's session.
func (s *Sessions) Recheck(ctx context.Context) error {
	caller := callerFrom(ctx)
	if caller.bound == nil {
		return nil
	}
	viewer, err := s.resolve(ctx, caller.bound.digest)
	if errors.Is(err, ErrNoSession) {
		return err
	}
	if err != nil {
		return nil
	}
	if current := caller.viewer.Load(); current != nil && current.digest == viewer.digest {
		caller.viewer.CompareAndSwap(current, viewer)
	}
	return nil
}
