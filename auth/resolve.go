package auth

import (
	"context"
	"fmt"
	"time"

	"productgenerator/models"
)

// readTimeout is how long the database may take to tell about sessions.
const readTimeout = 5 * time.Second

// lookup is a question about a session. Whoever asks about the same one meanwhile waits for the same answer.
type lookup struct {
	done   chan struct{} // closed when the two below are written
	viewer *Viewer
	err    error
}

// Resolve is who holds the token: ErrNoSession if there is no such session, or none any more.
func (s *Sessions) Resolve(ctx context.Context, token string) (Viewer, error) {
	viewer, err := s.resolveToken(ctx, token)
	if err != nil {
		return Viewer{}, err
	}
	return *viewer, nil
}

func (s *Sessions) resolveToken(ctx context.Context, token string) (*Viewer, error) {
	hash, ok := digestOf(token)
	if !ok {
		return nil, ErrNoSession
	}
	return s.resolve(ctx, hash)
}

// resolve answers from what is known, else waits for the database. Questions are combined: while one read runs, all that
// come wait together for the next one. So a thousand sockets cost one read, a lonely request waits for nobody, and an
// answer was never read before it was asked for.
func (s *Sessions) resolve(ctx context.Context, hash digest) (*Viewer, error) {
	now := s.now()
	question, viewer := s.ask(hash, now)
	if question != nil {
		select {
		case <-question.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if question.err != nil {
			return nil, question.err
		}
		viewer = question.viewer
	}
	if !now.Before(viewer.ExpiresAt) {
		return nil, ErrNoSession
	}
	return viewer, nil
}

// ask returns the viewer if he is known well enough, else the question to wait for.
func (s *Sessions) ask(hash digest, now time.Time) (*lookup, *Viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known.get(hash); ok && now.Sub(known.readAt).Abs() < sessionTrust {
		return nil, known.viewer
	}
	question := s.waiting[hash]
	if question == nil {
		question = &lookup{done: make(chan struct{})}
		s.waiting[hash] = question
	}
	if !s.reading {
		s.reading = true
		go s.read() // ends when nobody waits
	}
	return question, nil
}

// read asks the database until no question waits. Each read is bounded by readTimeout, and no caller's end ends it,
// since others wait for it too.
func (s *Sessions) read() {
	for {
		s.mu.Lock()
		questions, endings, readAt := s.waiting, s.endings, s.now()
		if len(questions) == 0 {
			s.reading = false
			s.mu.Unlock()
			return
		}
		s.waiting = map[digest]*lookup{}
		s.mu.Unlock()

		viewers, err := s.load(questions)

		s.mu.Lock()
		if endings == s.endings { // else what was read may have ended since
			for hash, viewer := range viewers {
				s.known.put(hash, knownSession{viewer: viewer, readAt: readAt}, readAt)
			}
		}
		s.mu.Unlock()
		for hash, question := range questions {
			question.answer(viewers[hash], err)
		}
	}
}

func (l *lookup) answer(viewer *Viewer, err error) {
	switch {
	case err != nil:
		l.err = err
	case viewer == nil:
		l.err = ErrNoSession
	default:
		l.viewer = viewer
	}
	close(l.done)
}

// sessionRow is a session with its user.
type sessionRow struct {
	TokenHash    []byte
	SessionID    models.SessionID
	ExpiresAt    time.Time
	ID           models.UserID
	Email        string
	Name         string
	Locale       string
	PlatformRole models.PlatformRole
	WelcomedAt   *time.Time
	CreatedAt    time.Time
}

// load reads the sessions that there are among those asked for, expired ones included.
func (s *Sessions) load(questions map[digest]*lookup) (map[digest]*Viewer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()

	hashes := make([][]byte, 0, len(questions))
	for hash := range questions {
		hashes = append(hashes, hash[:])
	}
	var rows []sessionRow
	err := s.db.WithContext(ctx).Raw(`
		SELECT s.token_hash, s.id AS session_id, s.expires_at,
		       u.id, u.email, u.name, u.locale, u.platform_role, u.welcomed_at, u.created_at
		FROM sessions s
		JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = ANY (?)`, &hashes).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	viewers := make(map[digest]*Viewer, len(rows))
	for _, row := range rows {
		viewers[digest(row.TokenHash)] = row.viewer()
	}
	return viewers, nil
}

func (r sessionRow) viewer() *Viewer {
	return &Viewer{
		User: models.User{
			ID: r.ID, Email: r.Email, Name: r.Name, Locale: r.Locale, PlatformRole: r.PlatformRole,
			WelcomedAt: r.WelcomedAt, CreatedAt: r.CreatedAt,
		},
		SessionID: r.SessionID,
		ExpiresAt: r.ExpiresAt,
		digest:    digest(r.TokenHash),
	}
}
