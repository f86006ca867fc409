//go:build !crash && race

package crashtest

import "time"

// The race detector is in the program too, which then takes a multiple of the
// time: a few of every kind. What is tried is not the places, but what runs at
// the same moment.
const (
	full         = false
	raced        = true
	sampleStride = 97
	samplePairs  = 1
	cutStride    = 389

	terraformStride = 151

	killStride = 61

	restartWorkers = 1
	restartStride  = 397

	operators      = 5
	operatorRounds = 1

	smallMigrations = 20
	smallKills      = 2
	smallMoment     = 200 * time.Millisecond
)
