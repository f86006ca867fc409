//go:build crash

package crashtest

// full runs every point.
const full = true
