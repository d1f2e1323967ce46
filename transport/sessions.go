package transport

import (
	"context"
	"sync"
	"time"
)

// session is a socket or stream: open until its client goes, it loses its rights, or the server stops.
type session interface {
	// viewer is the context that says who opened it, nil while that is not known.
	viewer() context.Context
	// forbid ends it because its viewer may not listen any more.
	forbid()
	// stop ends it because the server stops.
	stop()
}

// sessions keeps account of everything that runs, so that the server can stop, and asks time and again whether whoever
// opened a session may still listen.
type sessions struct {
	allowed func(context.Context) bool // whether a viewer may still listen; nil: nobody asks
	every   time.Duration

	mu         sync.Mutex // guards what follows
	open       map[session]struct{}
	requests   int
	stopping   bool
	idle       chan struct{} // closed when stopping and the last request has left
	patrolling bool          // a patrol runs
	patrolDone chan struct{}
	stopPatrol chan struct{}
}

// checksAtOnce bounds how many Recheck run at a time.
const checksAtOnce = 8

func (s *sessions) init(allowed func(context.Context) bool, every time.Duration) {
	s.allowed, s.every = allowed, every
	s.open = make(map[session]struct{})
	s.idle = make(chan struct{})
	s.stopPatrol = make(chan struct{})
}

// enter counts a request in, or says that the server is stopping.
func (s *sessions) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.requests++
	return true
}

func (s *sessions) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests--
	if s.stopping && s.requests == 0 {
		close(s.idle)
	}
}

// add opens a session. The first one starts the patrol, which ends by itself once none is left.
func (s *sessions) add(opened session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[opened] = struct{}{}
	switch {
	case s.stopping:
		opened.stop()
	case s.allowed != nil && !s.patrolling:
		s.patrolling = true
		s.patrolDone = make(chan struct{})
		go s.patrol(s.patrolDone)
	}
}

func (s *sessions) remove(closed session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, closed)
}

// patrol asks about every session in turn.
func (s *sessions) patrol(done chan struct{}) {
	defer close(done)
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-s.stopPatrol:
			return
		case <-ticker.C:
		}
		open := s.list()
		if open == nil {
			return
		}
		s.check(open)
	}
}

// list gives the open sessions. nil: there are none, and the patrol is over.
func (s *sessions) list() []session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) == 0 {
		s.patrolling = false
		return nil
	}
	list := make([]session, 0, len(s.open))
	for open := range s.open {
		list = append(list, open)
	}
	return list
}

// check ends the sessions whose viewers lost their rights. It returns when all were asked.
func (s *sessions) check(open []session) {
	queue := make(chan session)
	var checkers sync.WaitGroup
	for range min(checksAtOnce, len(open)) {
		checkers.Go(func() {
			for session := range queue {
				if ctx := session.viewer(); ctx != nil && !s.allowed(ctx) {
					session.forbid()
				}
			}
		})
	}
	for _, session := range open {
		queue <- session
	}
	close(queue)
	checkers.Wait()
}

// stop lets no request in any more, ends the sessions and waits for all to leave.
func (s *sessions) stop(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stopPatrol)
		if s.requests == 0 {
			close(s.idle)
		}
		for open := range s.open {
			open.stop()
		}
	}
	patrol := s.patrolDone
	s.mu.Unlock()
	for _, ended := range []chan struct{}{s.idle, patrol} {
		if ended == nil {
			continue
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
