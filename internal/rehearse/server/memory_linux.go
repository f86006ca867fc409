package server

import "golang.org/x/sys/unix"

// memoryRoom is how many bytes are free in a folder in memory that everyone may
// use; 0 where there is none.
func memoryRoom(folder string) int64 {
	var fs unix.Statfs_t
	if unix.Access(folder, unix.W_OK) != nil || unix.Statfs(folder, &fs) != nil || fs.Type != unix.TMPFS_MAGIC {
		return 0
	}
	return int64(fs.Bavail) * int64(fs.Bsize) //nolint:gosec,unconvert // no machine has that much; the types differ by architecture
}
