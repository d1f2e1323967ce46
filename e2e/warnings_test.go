package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// feed is a subscription of a team's events.
type feed struct {
	query string
	// read is the event's id, and the point that a stream goes on behind it.
	read func(testing.TB, json.RawMessage) (id string, point any)
}

func ledgerFeed() feed {
	return feed{
		query: "subscription($teamId: ID!, $after: Long) { ledgerEntries(teamId: $teamId, afterSequence: $after) { id sequence } }",
		read: func(t testing.TB, data json.RawMessage) (string, any) {
			var event struct {
				LedgerEntries struct {
					ID       string
					Sequence int64
				}
			}
			if err := json.Unmarshal(data, &event); err != nil {
				t.Errorf("%v: %.500s", err, data)
			}
			return event.LedgerEntries.ID, event.LedgerEntries.Sequence
		},
	}
}

func warningFeed() feed {
	return feed{
		query: "subscription($teamId: ID!, $after: ID) { limitWarnings(teamId: $teamId, after: $after) { id kind message rule { id } } }",
		read: func(t testing.TB, data json.RawMessage) (string, any) {
			var event struct{ LimitWarnings struct{ ID, Message string } }
			if err := json.Unmarshal(data, &event); err != nil || event.LimitWarnings.Message == "" {
				t.Errorf("%v: %.500s", err, data)
			}
			return event.LimitWarnings.ID, event.LimitWarnings.ID
		},
	}
}

// eventFollower follows a feed through connections that break, each behind the last event it has seen.
type eventFollower struct {
	*user
	feed
	open     func(u *user, query string, variables vars) *stream
	point    any      // that the next connection begins behind
	seen     []string // ids, in the order they came in
	connects int
}

// follow reads on from connection to connection, each cut at a random moment, until over is closed and the last event
// is there.
func (f *eventFollower) follow(over <-chan struct{}, last *string) {
	deadline := time.After(patience)
	for {
		s := f.open(f.user, f.query, vars{"teamId": f.team, "after": f.point})
		f.connects++
		cut := time.After(time.Duration(rand.IntN(400)) * time.Millisecond)
		for cutting := false; !cutting; {
			select {
			case e, open := <-s.events:
				if !open {
					f.t.Errorf("the stream ended by itself: %+v", s.ending)
					return
				}
				id, point := f.read(f.t, e.data)
				f.seen, f.point = append(f.seen, id), point
			case <-cut:
				cutting = true
			case <-deadline:
				f.t.Errorf("%d events came, and the last one did not", len(f.seen))
				return
			}
		}
		s.hangUp()
		select {
		case <-over:
			if len(f.seen) > 0 && f.seen[len(f.seen)-1] == *last {
				return
			}
		default:
		}
	}
}

// listed are the ids of a list of the team, the oldest first.
func (u *user) listed(list string) (ids []string) {
	u.t.Helper()
	var after *string
	for {
		page := ask[struct {
			Team struct {
				List struct {
					Nodes    []struct{ ID string }
					PageInfo struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
		}](u.client, "query($id: ID!, $after: String) { team(id: $id) { list: "+list+
			"(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }", vars{"id": u.team, "after": after}).Team.List
		for _, node := range page.Nodes {
			ids = append(ids, node.ID)
		}
		if !page.PageInfo.HasNextPage {
			slices.Reverse(ids)
			return ids
		}
		after = page.PageInfo.EndCursor
	}
}

// warnBelow makes an alert rule on the available tokens.
func (u *user) warnBelow(tokens int) {
	u.t.Helper()
	set := ask[struct {
		SetAlertRule struct {
			AlertRule  *struct{ ID string }
			UserErrors []userError
		}
	}](u.client, "mutation($input: AlertRuleInput!) { setAlertRule(input: $input) { alertRule { id } userErrors { "+errorFields+" } } }",
		input(vars{"teamId": u.team, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": tokens})).SetAlertRule
	if set.AlertRule == nil {
		u.t.Fatalf("warn below %d: %+v", tokens, set.UserErrors)
	}
}

func TestSubscribersWhoAreKilledAtRandomSeeEveryLineAndWarningOnce(t *testing.T) {
	t.Parallel()
	const spends, rules, refills = 80, 12, 4
	a, b, database := startTwo(t, append(delivering(), administration()...)...)
	ada := a.signUp("Ada", "")
	ben := b.signUp("Ben", ada.invite("ben@example.com", "MEMBER"))
	root := a.administrator()
	root.allow(ada.team, -1)
	products := ada.createProducts(spends)
	ada.warnBelow(195) // is crossed already: the first warning, behind which all begin
	first := ada.listed("limitWarnings")
	if len(first) != 1 {
		t.Fatalf("warnings in the beginning: %v", first)
	}
	for rule := range rules {
		ada.warnBelow(200 + 10*rule)
	}

	over := make(chan struct{}) // closed when what follows is known
	var lastLine, lastWarning string
	bySocket := func(u *user, query string, variables vars) *stream { return u.watch(query, variables) }
	byEvents := func(u *user, query string, variables vars) *stream { return u.watchEvents(query, variables) }
	var followers []*eventFollower
	for _, at := range []*user{ada, ada.at(b), ben, ben.at(a)} {
		for _, open := range []func(*user, string, vars) *stream{bySocket, byEvents} {
			followers = append(followers,
				&eventFollower{user: at, feed: ledgerFeed(), open: open, point: 0},
				&eventFollower{user: at, feed: warningFeed(), open: open, point: first[0], seen: slices.Clone(first)})
		}
	}
	together(t, len(followers)+1, func(i int) {
		if i < len(followers) {
			last := &lastLine
			if strings.Contains(followers[i].query, "limitWarnings") {
				last = &lastWarning
			}
			followers[i].follow(over, last)
			return
		}
		defer close(over)
		for refill := range refills {
			root.grant(ada.team, 10*spends/refills, fmt.Sprint("refill ", refill))
			spend(t, []*user{ada, ben}, products[refill*spends/refills:(refill+1)*spends/refills])
		}
		lines, warnings := ada.listed("ledger"), ada.listed("limitWarnings")
		lastLine, lastWarning = lines[len(lines)-1], warnings[len(warnings)-1]
	})

	lines, warnings := ada.listed("ledger"), ada.listed("limitWarnings")
	var connects []int
	for _, f := range followers {
		connects = append(connects, f.connects)
		want := lines
		if strings.Contains(f.query, "limitWarnings") {
			want = warnings
		}
		if !slices.Equal(f.seen, want) {
			t.Errorf("a follower saw %d events over %d connections, the list has %d:\n%v\n%v", len(f.seen), f.connects, len(want), f.seen, want)
		}
	}
	t.Logf("%d lines, %d warnings, connections of the subscribers: %v", len(lines), len(warnings), connects)
	if len(lines) < 2*spends+refills || len(warnings) < refills*rules/2 || slices.Max(connects) < 3 {
		t.Error("hardly anything has happened")
	}
	checkBooks(t, database)
}

// spend runs an operation on each of the products, by the users at once, and waits until all are finished.
func spend(t testing.TB, users []*user, products []string) {
	runs := make([]string, len(products))
	together(t, len(users), func(who int) {
		for i := who; i < len(products); i += len(users) {
			run := users[who].search(products[i], "spend on "+products[i])
			if run.Generation == nil {
				t.Errorf("spend %d: %+v", i, run.UserErrors)
				return
			}
			runs[i] = run.Generation.ID
		}
	})
	for _, run := range runs {
		users[0].awaitFinished(run)
	}
}
