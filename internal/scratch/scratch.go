// Package scratch makes the folders in which tests keep what they throw away:
// the data of servers, and projects that are killed. In memory thousands of
// small files cost a tenth of what they cost on a disk.
//
// A test that is killed leaves its folder behind. The next process that asks
// for one deletes it: a folder belongs to nobody when nobody holds its lock.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	memory = "/dev/shm"
	// disk is short where TMPDIR may be long: the path of a socket has at most
	// 107 bytes.
	disk = "/tmp"
	// roomInMemory is what must be free, or the disk is used: containers often
	// have 64 MB, and a full one would be taken for a fault of what is tested.
	roomInMemory = 3 << 30
	// young folders may not have their lock yet.
	young = time.Minute
)

// Folder is a folder of this process.
type Folder struct {
	Path string
	lock *flock.Flock
}

// InMemory makes a folder in memory if there is room, else on disk. The caller
// removes it.
func InMemory(name string) (*Folder, error) {
	base := disk
	if room(memory) >= roomInMemory {
		base = memory
	}
	return newIn(base, name)
}

// OnDisk makes a folder on disk, for what is to be as slow as in production.
// The caller removes it.
func OnDisk(name string) (*Folder, error) { return newIn(disk, name) }

func newIn(base, name string) (*Folder, error) {
	sweep(base, name, time.Now().Add(-young))
	dir, err := os.MkdirTemp(base, "lockstep-"+name+"-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for tests: %w", err)
	}
	f := &Folder{Path: dir, lock: lockOf(dir)}
	if _, err := f.lock.TryLock(); err != nil {
		return nil, errors.Join(fmt.Errorf("make a folder for tests: %w", err), f.Remove())
	}
	return f, nil
}

func lockOf(dir string) *flock.Flock { return flock.New(filepath.Join(dir, ".lock")) }

// sweep deletes what processes have left that are no more. What it cannot
// delete is somebody else's.
func sweep(base, name string, before time.Time) {
	left, _ := filepath.Glob(filepath.Join(base, "lockstep-"+name+"-*")) // the pattern is ours
	for _, dir := range left {
		made, err := os.Stat(dir)
		if err != nil || made.ModTime().After(before) {
			continue
		}
		lock := lockOf(dir)
		if held, err := lock.TryLock(); err == nil && held {
			_ = os.RemoveAll(dir)
		}
		_ = lock.Close() // nothing depends on it any more
	}
}

// Remove deletes the folder. Removing twice is harmless.
func (f *Folder) Remove() error {
	return errors.Join(os.RemoveAll(f.Path), f.lock.Close())
}
