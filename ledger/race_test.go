//go:build race

package ledger

// How much chance is held against the model in each run: less than without the race detector, which makes each take up
// to ten times as long. Through PostgreSQL it is some 6,000 commands.
const (
	randomHistories  = 1_000
	orderedHistories = 200
	commandsAMove    = 5
)
