//go:build !race

package ledger

// How much chance is held against the model in each run: histories in memory, and commands for each team between two
// moves of the clock through PostgreSQL, some 20,000 in all.
const (
	randomHistories = 25_000
	commandsAMove   = 16
)
