package scratch

import "golang.org/x/sys/unix"

// room is how many bytes are free in a folder; 0 where there is none, or where
// no program may be run from it, as in Docker's.
func room(dir string) int64 {
	var fs unix.Statfs_t
	if unix.Access(dir, unix.W_OK) != nil || unix.Statfs(dir, &fs) != nil || fs.Flags&unix.ST_NOEXEC != 0 {
		return 0
	}
	return int64(fs.Bavail) * int64(fs.Bsize) //nolint:gosec,unconvert // no machine has that much; the types differ by architecture
}
