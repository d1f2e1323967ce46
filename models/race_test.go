//go:build race

package models

import "time"

const (
	// raceDetector says that the race detector is on, which makes everything slower.
	raceDetector = true
	// randomInstants is how many random instants are tried for each pair of zones.
	randomInstants = 0
	// lookEvery is how often a calendar is looked at.
	lookEvery = 5 * time.Hour
)
