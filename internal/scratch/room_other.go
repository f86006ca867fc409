//go:build !linux

package scratch

// room is 0: there is no folder in memory that everyone may use.
func room(string) int64 { return 0 }
