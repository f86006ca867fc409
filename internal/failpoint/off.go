//go:build !failpoint

package failpoint

// Here marks a place where a crash is tried out in builds with the tag.
func Here(string) {}
