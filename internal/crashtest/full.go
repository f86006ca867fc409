//go:build crash

package crashtest

import "time"

// Every point, and of the pairs of each recovery a regular sample.
const (
	full         = true
	raced        = false
	sampleStride = 1
	samplePairs  = 160
	cutStride    = 1

	terraformStride = 1

	killStride = 1

	restartWorkers = 2
	restartStride  = 3

	operators      = 50
	operatorRounds = 5

	smallMigrations = 300
	smallKills      = 12
	smallMoment     = 100 * time.Millisecond
)
