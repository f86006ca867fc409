//go:build unix

package database

import "golang.org/x/sys/unix"

// FreeBytes is the room left for us on the disk of path, or -1 where it
// cannot be told.
func FreeBytes(path string) int64 {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil {
		return -1
	}
	return int64(fs.Bavail) * int64(fs.Bsize)
}
