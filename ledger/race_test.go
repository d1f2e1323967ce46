//go:build race

package ledger

// randomHistories are how many histories the model is held against in each run: fewer, because the race detector makes
// each take ten times as long and the account has no goroutines.
const randomHistories = 2_500
