package server

import (
	"os"
	"path/filepath"
)

const (
	memory = "/dev/shm"
	// roomInMemory is what must be free there: containers often have 64 MB.
	roomInMemory = 3 << 30
)

// defaultPlace is where rooms are made: in memory where there is much of it (a
// database is made in 13 ms there, and in 60 ms on a disk), else in the system's
// temporary folder, unless the path of a socket in it would be too long (103
// bytes on macOS), or the account that runs the server cannot come there.
func defaultPlace(a *account) string {
	const (
		fallback = "/tmp"
		longest  = 103 - len("/"+roomPrefix+"4294967295/"+inner+"/.s.PGSQL.5432")
	)
	if memoryRoom(memory) >= roomInMemory && (a == nil || passable(memory)) {
		return memory
	}
	place, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil || len(place) > longest || a != nil && !passable(place) {
		return fallback
	}
	return place
}

// passable reports whether everyone may pass through a folder and those above.
func passable(folder string) bool {
	const others = 0o001
	for {
		info, err := os.Stat(folder)
		if err != nil || info.Mode()&others == 0 {
			return false
		}
		above := filepath.Dir(folder)
		if above == folder {
			return true
		}
		folder = above
	}
}
