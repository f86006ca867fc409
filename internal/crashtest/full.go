//go:build crash

package crashtest

// Every point, and a regular sample of the pairs of each recovery.
const (
	full         = true
	sampleStride = 1
	samplePairs  = 120
)
