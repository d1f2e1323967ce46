//go:build !race

package ledger

// randomHistories are how many histories the model is held against in each run.
const randomHistories = 25_000
