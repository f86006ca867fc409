//go:build !crash

package crashtest

// full is false: a sample of the points is enough for every day.
const full = false
