//go:build !race

package models

// raceDetector says that the race detector is on, which makes everything slower.
const raceDetector = false
