//go:build !crash && !race

package crashtest

import "time"

// A sample is enough for every day. The stride is a prime, so that it does
// not fall in step with the records of a step.
const (
	full         = false
	raced        = false
	sampleStride = 19
	samplePairs  = 2
	cutStride    = 97

	terraformStride = 53

	killStride = 23

	restartWorkers = 1
	restartStride  = 79

	operators      = 8
	operatorRounds = 1

	smallMigrations = 60
	smallKills      = 3
	smallMoment     = 60 * time.Millisecond
)
