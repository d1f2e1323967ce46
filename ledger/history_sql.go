package ledger

import (
	"fmt"
	"strconv"
	"strings"

	"productgenerator/models"
)

// entryReading is a run of a team's lines from a cursor on, in one direction.
type entryReading struct {
	team    models.TeamID
	filter  Filter
	cursor  *int64 // nil: from the list's end
	at      bool   // the run begins with the cursor's own line
	upwards bool   // from older to newer lines
	limit   int
}

// turned looks from the cursor the other way, with the cursor's own line: whether there is any.
func (r entryReading) turned() entryReading {
	r.upwards, r.at, r.limit = !r.upwards, true, 1
	return r
}

// sql is the statement that reads the run. Whatever the filter, it reads no more lines than it gives, but for a few:
//
//   - The lines of a generation or a grant are few; an index finds all of them.
//   - Lines of some kinds, operations or of an actor stand in lanes, one for each kind and operation, along which an
//     index goes in the order of the sequence. From each lane the run takes as many lines as it may give, and keeps the
//     first of them all.
//   - Everything else is the ledger itself, along its primary key.
//
// Instants become sequences first. How many lines are read is a literal, because a plan for any number of them would
// sort a whole lane.
func (r entryReading) sql() (string, []any) {
	s := &entrySQL{args: []any{string(r.team)}}
	order := "DESC"
	if r.upwards {
		order = "ASC"
	}
	run := fmt.Sprintf("ORDER BY sequence %s LIMIT %d", order, r.limit)
	switch f := r.filter; {
	case f.Generation != "":
		generation := s.bind(string(f.Generation))
		from := fmt.Sprintf(`(
	SELECT * FROM ledger_entries WHERE generation_id = %[1]s AND kind = 'RESERVE'
	UNION ALL
	SELECT * FROM ledger_entries WHERE generation_id = %[1]s AND kind IN ('CAPTURE', 'RELEASE')
	UNION ALL
	SELECT * FROM ledger_entries WHERE generation_id = %[1]s AND kind = 'REVOKE'
) AS line`, generation)
		return s.selectFrom(from, s.conditions(r), run), s.args
	case f.Grant != "":
		return s.selectFrom("ledger_entries", s.conditions(r), run), s.args
	case f.Kinds != nil || f.Operations != nil || f.Actor != "":
		return s.lanes(r, run), s.args
	default:
		return s.selectFrom("ledger_entries", s.bounds(r), run), s.args
	}
}

// entrySQL is a statement in the making.
type entrySQL struct{ args []any }

// bind adds an argument and returns its placeholder.
func (s *entrySQL) bind(arg any) string {
	s.args = append(s.args, arg)
	return "$" + strconv.Itoa(len(s.args))
}

func (s *entrySQL) selectFrom(from string, conditions []string, run string) string {
	return fmt.Sprintf("SELECT %s\nFROM %s\nWHERE %s\n%s", entryColumns, from, strings.Join(conditions, " AND "), run)
}

// lanes reads along the lanes of the filter's kinds and operations.
func (s *entrySQL) lanes(r entryReading, run string) string {
	kinds, operations := lanesOf(r.filter)
	lanes := fmt.Sprintf("unnest(%s::text[], %s::text[]) AS lane (kind, operation)", s.bind(kinds), s.bind(operations))
	conditions := append(s.bounds(r), "kind = lane.kind", "coalesce(operation, '') = lane.operation")
	if r.filter.Actor != "" {
		conditions = append(conditions, "actor_id = "+s.bind(string(r.filter.Actor)))
	}
	return fmt.Sprintf("SELECT line.*\nFROM %s\nCROSS JOIN LATERAL (\n%s\n) AS line\n%s",
		lanes, s.selectFrom("ledger_entries", conditions, run), run)
}

// lanesOf lists the kinds and operations that the filter lets through, pair by pair.
func lanesOf(f Filter) (kinds, operations []string) {
	wanted := f.Kinds
	if wanted == nil {
		wanted = models.LedgerEntryKinds()
	}
	causes := make([]string, 0, len(models.Operations())+1)
	if f.Operations == nil {
		causes = append(causes, "")
		f.Operations = models.Operations()
	}
	for _, operation := range f.Operations {
		causes = append(causes, string(operation))
	}
	for _, kind := range distinct(wanted) {
		for _, operation := range distinct(causes) {
			kinds, operations = append(kinds, string(kind)), append(operations, operation)
		}
	}
	return kinds, operations
}

// bounds are the conditions on a line's place.
func (s *entrySQL) bounds(r entryReading) []string {
	conditions := []string{"team_id = $1"}
	if r.cursor != nil {
		conditions = append(conditions, fmt.Sprintf("sequence %s %s", r.comparison(), s.bind(*r.cursor)))
	}
	if from := r.filter.From; from != nil {
		conditions = append(conditions, fmt.Sprintf("sequence >= (SELECT ledger_sequence_at($1, %s))", s.bind(*from)))
	}
	if to := r.filter.To; to != nil {
		conditions = append(conditions, fmt.Sprintf("sequence < (SELECT ledger_sequence_at($1, %s))", s.bind(*to)))
	}
	return conditions
}

// comparison is how the sequences of the run compare with the cursor's.
func (r entryReading) comparison() string {
	comparison := "<"
	if r.upwards {
		comparison = ">"
	}
	if r.at {
		comparison += "="
	}
	return comparison
}

// conditions are the whole filter, for lines that are few.
func (s *entrySQL) conditions(r entryReading) []string {
	f := r.filter
	conditions := s.bounds(r)
	if f.Kinds != nil {
		conditions = append(conditions, "kind = ANY("+s.bind(Column(f.Kinds, func(k models.LedgerEntryKind) string { return string(k) }))+")")
	}
	if f.Operations != nil {
		conditions = append(conditions, "operation = ANY("+s.bind(Column(f.Operations, func(o models.Operation) string { return string(o) }))+")")
	}
	for _, equal := range []struct{ column, value string }{
		{"actor_id", string(f.Actor)}, {"generation_id", string(f.Generation)}, {"grant_id", string(f.Grant)},
	} {
		if equal.value != "" {
			conditions = append(conditions, equal.column+" = "+s.bind(equal.value))
		}
	}
	return conditions
}

// distinct is the list with each value once.
func distinct[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	var once []T
	for _, value := range list {
		if !seen[value] {
			seen[value] = true
			once = append(once, value)
		}
	}
	return once
}
