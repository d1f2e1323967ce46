package resolvers

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/models"
	"productgenerator/teams"
)

// streams ends the subscriptions of those who may no longer read the team that they listen to. While there are any, one
// goroutine reads all of their memberships together every so often; it ends with the last of them.
type streams struct {
	read  func(ctx context.Context, places []teams.Place) (map[teams.Place]models.Membership, error)
	every time.Duration

	mu   sync.Mutex // protects what follows
	open map[teams.Place]map[*stream]struct{}
	stop context.CancelFunc // of the goroutine; nil: there is none
}

// stream is one subscription.
type stream struct {
	place  teams.Place
	viewer func() *auth.Viewer     // who listens, as known by now
	end    context.CancelCauseFunc // ends the stream's context
}

func newStreams(read func(context.Context, []teams.Place) (map[teams.Place]models.Membership, error), every time.Duration) *streams {
	return &streams{read: read, every: every, open: map[teams.Place]map[*stream]struct{}{}}
}

// enter counts a stream in. Its context ends with the given one, and with the cause models.ErrForbidden when whoever
// listens may not any more; leave counts it out.
func (s *streams) enter(ctx context.Context, place teams.Place) (listening context.Context, leave func()) {
	listening, end := context.WithCancelCause(ctx)
	entered := &stream{place: place, viewer: func() *auth.Viewer { return auth.ViewerFrom(ctx) }, end: end}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[place] == nil {
		s.open[place] = map[*stream]struct{}{}
	}
	s.open[place][entered] = struct{}{}
	if s.stop == nil {
		ctx, stop := context.WithCancel(context.Background())
		s.stop = stop
		go s.watch(ctx)
	}
	return listening, func() { s.leave(entered) }
}

func (s *streams) leave(left *stream) {
	left.end(nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(left)
	if len(s.open) == 0 && s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// remove forgets a stream, if it is still there.
func (s *streams) remove(gone *stream) {
	delete(s.open[gone.place], gone)
	if len(s.open[gone.place]) == 0 {
		delete(s.open, gone.place)
	}
}

// watch looks at all memberships until its context ends. A database that cannot answer ends nobody's stream.
func (s *streams) watch(ctx context.Context) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		places := s.places()
		if members, err := s.read(ctx, places); err == nil {
			s.endOthers(places, members)
		}
	}
}

func (s *streams) places() []teams.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := make([]teams.Place, 0, len(s.open))
	for place := range s.open {
		places = append(places, place)
	}
	return places
}

// endOthers ends the streams at those of the places that are nobody's any more, but for administrators'.
func (s *streams) endOthers(places []teams.Place, members map[teams.Place]models.Membership) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, place := range places {
		if _, ok := members[place]; ok {
			continue
		}
		for open := range s.open[place] {
			if !isAdministrator(open.viewer()) {
				s.remove(open)
				open.end(models.ErrForbidden)
			}
		}
	}
}

// follow hands the values of a feed on to a subscription, for as long as the viewer may read the team: then the stream
// ends with models.ErrForbidden, else with the feed. The viewer has passed the gate.
func follow[V any](ctx context.Context, r *Resolver, team models.TeamID, viewer *auth.Viewer, values <-chan V) <-chan *V {
	next := func(ctx context.Context) (value V, err error) {
		select {
		case value, ok := <-values:
			if !ok {
				return value, io.EOF
			}
			return value, nil
		case <-ctx.Done():
			return value, ctx.Err()
		}
	}
	return hand(ctx, r, team, viewer, next, func() {})
}

// hand hands what next returns on to a subscription, until next returns an error: io.EOF and bus.ErrClosed complete the
// stream, others it ends with. So it does with models.ErrForbidden once the viewer may not read the team any more. done
// is called in the end.
func hand[V any](ctx context.Context, r *Resolver, team models.TeamID, viewer *auth.Viewer, next func(context.Context) (V, error), done func()) <-chan *V {
	out := make(chan *V)
	listening, leave := r.streams.enter(ctx, teams.Place{Team: team, User: viewer.User.ID})
	go func() {
		defer close(out)
		defer leave()
		defer done()
		err := handAll(listening, next, out)
		switch cause := context.Cause(listening); {
		case errors.Is(cause, models.ErrForbidden):
			graphql.AddError(ctx, models.ErrForbidden)
		case cause != nil, errors.Is(err, io.EOF), errors.Is(err, bus.ErrClosed):
		default:
			graphql.AddError(ctx, err)
		}
	}()
	return out
}

func handAll[V any](ctx context.Context, next func(context.Context) (V, error), out chan<- *V) error {
	for {
		value, err := next(ctx)
		if err != nil {
			return err
		}
		select {
		case out <- &value:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
