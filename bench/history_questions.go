package main

import (
	"context"
	"errors"
	"time"
)

// question is something to ask the program.
type question struct {
	name      string
	query     string
	variables map[string]any
	once      bool // it takes so long that it is asked once
}

const (
	pageQuery = `query($team: ID!, $filter: LedgerFilter, $first: Int, $after: String, $last: Int, $before: String) {
	team(id: $team) { ledger(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
		nodes { id sequence kind amount tokens balanceAfter operation part occurredAt }
		pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
	} } }`
	reportQuery = `query($team: ID!, $input: ConsumptionInput!) {
	team(id: $team) { consumption(input: $input) {
		total count buckets { from tokens count rows { label tokens count } } top { label tokens count share }
	} } }`
	checkQuery = `query($team: ID) { administration { reconciliation(teamId: $team) {
		entriesChecked discrepancies { invariant }
	} } }`
)

// questions are about the same things in every history, whatever its length.
func (b *historyBooks) questions(ctx context.Context) ([]question, error) {
	middle, member, generation, grant, err := b.landmarks(ctx)
	if err != nil {
		return nil, err
	}
	day := func(back int) string { return time.Now().AddDate(0, 0, -back).UTC().Format(time.RFC3339) }
	page := func(name string, filter map[string]any, rest ...any) question {
		variables := map[string]any{"team": b.team, "filter": filter}
		for i := 0; i < len(rest); i += 2 {
			variables[rest[i].(string)] = rest[i+1]
		}
		return question{name: name, query: pageQuery, variables: variables}
	}
	questions := []question{
		page("newest 20", nil),
		page("newest 100", nil, "first", 100),
		page("20 in the middle", nil, "after", middle),
		page("20 before the middle", nil, "last", 20, "before", middle),
		page("oldest 20", nil, "last", 20),
		page("grants and what lapsed", map[string]any{"kinds": []string{"GRANT", "EXPIRE"}}),
		page("releases, from the middle", map[string]any{"kinds": []string{"RELEASE"}}, "after", middle),
		page("price searches, backwards", map[string]any{"operations": []string{"SEARCH_PRICES"}}, "last", 20, "before", middle),
		page("one member", map[string]any{"actorId": member}),
		page("one member's released searches", map[string]any{
			"actorId": member, "kinds": []string{"RELEASE"}, "operations": []string{"SEARCH_PRICES", "SEARCH_IMAGES"},
		}),
		page("the same, within a month", map[string]any{
			"actorId": member, "kinds": []string{"RELEASE"}, "operations": []string{"SEARCH_PRICES", "SEARCH_IMAGES"},
			"from": day(200), "to": day(170),
		}),
		page("a month", map[string]any{"from": day(200), "to": day(170)}),
		page("before the first day", map[string]any{"to": day(400)}),
		page("nothing: grants of price searches", map[string]any{"kinds": []string{"GRANT"}, "operations": []string{"SEARCH_PRICES"}}),
		page("nothing: nobody's", map[string]any{"actorId": "user_00000000000000000000000000"}),
		page("one generation", map[string]any{"generationId": generation}),
		page("one grant", map[string]any{"grantId": grant}),
		{
			name: "newest grants", variables: map[string]any{"team": b.team},
			query: `query($team: ID!) { team(id: $team) { grants { nodes { id tokens remaining status } } } }`,
		},
		{
			name: "expired grants", variables: map[string]any{"team": b.team},
			query: `query($team: ID!) { team(id: $team) { grants(status: EXPIRED) { nodes { id tokens remaining status } } } }`,
		},
	}
	for _, dimension := range []string{"OPERATION", "PART", "MEMBER", "PRODUCT"} {
		for _, granularity := range []string{"DAY", "MONTH"} {
			questions = append(questions, question{
				name: "a year by " + dimension + ", each " + granularity, query: reportQuery,
				variables: map[string]any{"team": b.team, "input": map[string]any{
					"period":      map[string]any{"from": day(364)[:10], "to": day(0)[:10]},
					"granularity": granularity, "groupBy": dimension,
				}},
			})
		}
	}
	return append(questions,
		question{name: "reconciliation of the team", query: checkQuery, variables: map[string]any{"team": b.team}, once: true},
		question{name: "reconciliation of all", query: checkQuery, once: true},
	), nil
}

// landmarks finds a cursor in the middle of the history, the member who is there last and the ids of a generation and a
// grant, and counts the lines.
func (b *historyBooks) landmarks(ctx context.Context) (middle, member, generation, grant string, err error) {
	var found struct {
		Team struct {
			Newest struct{ Nodes []struct{ Sequence int64 } }
			Middle struct {
				Nodes    []struct{ Generation *struct{ ID string } }
				PageInfo struct{ EndCursor string }
			}
			Members struct {
				Nodes []struct{ User struct{ ID string } }
			}
			Grants struct{ Nodes []struct{ ID string } }
		}
	}
	err = b.ask(ctx, question{
		query: `query($team: ID!, $to: DateTime!) { team(id: $team) {
	newest: ledger(first: 1) { nodes { sequence } }
	middle: ledger(first: 1, filter: { to: $to, kinds: [CAPTURE] }) { nodes { generation { id } } pageInfo { endCursor } }
	members { nodes { user { id } } }
	grants(first: 1) { nodes { id } }
} }`,
		variables: map[string]any{"team": b.team, "to": time.Now().AddDate(0, 0, -182).UTC().Format(time.RFC3339)},
	}, &found)
	team := found.Team
	members := team.Members.Nodes
	if err == nil && (len(team.Newest.Nodes) == 0 || len(team.Middle.Nodes) == 0 || len(members) < 2 || len(team.Grants.Nodes) == 0) {
		err = errors.New("the history is too short")
	}
	if err != nil {
		return "", "", "", "", err
	}
	b.lines = team.Newest.Nodes[0].Sequence
	return team.Middle.PageInfo.EndCursor, members[len(members)-2].User.ID, team.Middle.Nodes[0].Generation.ID, team.Grants.Nodes[0].ID, nil
}
