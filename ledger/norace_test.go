//go:build !race

package ledger

// How much chance is held against the model in each run: histories in memory, histories that end alike by two ways, and
// commands for each team between two moves of the clock through PostgreSQL, some 20,000 in all.
const (
	randomHistories  = 25_000
	orderedHistories = 4_000
	commandsAMove    = 16
)
