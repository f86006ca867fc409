//go:build unix

package command

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// ownerOf names a file's owner, and tells whether it is somebody else.
func ownerOf(info fs.FileInfo) (name string, foreign bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "unknown", false
	}
	return nameOf(strconv.FormatUint(uint64(stat.Uid), 10)), int64(stat.Uid) != int64(os.Getuid())
}
