//go:build linux || darwin || freebsd

package database

import "syscall"

// FreeBytes is the room left for us on the disk of path, or -1 where it
// cannot be told.
func FreeBytes(path string) int64 {
	var disk syscall.Statfs_t
	if syscall.Statfs(path, &disk) != nil {
		return -1
	}
	return int64(disk.Bavail) * int64(disk.Bsize) //nolint:unconvert // the types differ from one system to the next
}
