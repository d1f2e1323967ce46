//go:build race

package models

const (
	// raceDetector says that the race detector is on, which makes everything slower.
	raceDetector = true
	// randomInstants is how many random instants are tried for each pair of zones.
	randomInstants = 2
)
