package resolvers

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/auth"
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
	viewer func() *auth.Viewer // who listens, as known by now
	ended  chan struct{}       // closed when the right to listen has
}

func newStreams(read func(context.Context, []teams.Place) (map[teams.Place]models.Membership, error), every time.Duration) *streams {
	return &streams{read: read, every: every, open: map[teams.Place]map[*stream]struct{}{}}
}

// enter counts a stream in. Its ended channel closes when whoever listens may not any more; leave counts it out.
func (s *streams) enter(ctx context.Context, place teams.Place) (entered *stream, leave func()) {
	entered = &stream{
		place: place, viewer: func() *auth.Viewer { return auth.ViewerFrom(ctx) }, ended: make(chan struct{}),
	}
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
	return entered, func() { s.leave(entered) }
}

func (s *streams) leave(left *stream) {
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
				close(open.ended)
			}
		}
	}
}

// follow hands the values of a feed on to a subscription, for as long as the viewer may read the team: then the stream
// ends with models.ErrForbidden, else with the feed. The viewer has passed the gate.
func follow[V any](ctx context.Context, r *Resolver, team models.TeamID, viewer *auth.Viewer, values <-chan V) <-chan *V {
	out := make(chan *V)
	stream, leave := r.streams.enter(ctx, teams.Place{Team: team, User: viewer.User.ID})
	go func() {
		defer close(out)
		defer leave()
		for {
			select {
			case value, ok := <-values:
				if !ok {
					return
				}
				select {
				case out <- &value:
				case <-stream.ended:
					graphql.AddError(ctx, models.ErrForbidden)
					return
				case <-ctx.Done():
					return
				}
			case <-stream.ended:
				graphql.AddError(ctx, models.ErrForbidden)
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
