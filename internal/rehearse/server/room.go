package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	roomPrefix = "lockstep-rehearse-"
	// inner is the private folder of the account that runs the server; the
	// socket and the data are in it. What decides whether a room may be deleted
	// is outside of it.
	inner      = "pg"
	ownerLock  = "owner.lock"
	serverLock = "server.lock"
)

// room is a folder of this process, with the lock that says so. It can be
// deleted by anyone who gets the lock.
type room struct {
	path  string
	owner *os.File
	// server is a lock that every process of the server inherits and that ends
	// with the last of them.
	server *os.File
}

// newRoom makes a private folder, after deleting those of processes that are no
// more.
func newRoom(base string, a *account) (_ *room, err error) {
	sweep(base)
	path, err := os.MkdirTemp(base, roomPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the scratch server: %w", err)
	}
	r := &room{path: path}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make a folder for the scratch server: %w", err), r.remove())
		}
	}()
	// A lock is held before it has its name, so that none is ever seen free
	// while its owner lives.
	if r.owner, err = heldLock(filepath.Join(path, ownerLock)); err != nil {
		return nil, err
	}
	if r.server, err = heldLock(filepath.Join(path, serverLock)); err != nil {
		return nil, err
	}
	if a != nil { // it must be able to come by
		const passable = 0o711
		if err := os.Chmod(path, passable); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(r.inner(), 0o700); err != nil {
		return nil, err
	}
	return r, a.own(r.inner())
}

func heldLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (r *room) inner() string { return filepath.Join(r.path, inner) }
func (r *room) data() string  { return filepath.Join(r.path, inner, "data") }
func (r *room) log() string   { return filepath.Join(r.path, "log") }

// letGo leaves the server's lock to the server alone.
func (r *room) letGo() {
	_ = r.server.Close() // read by no one
}

func (r *room) remove() error {
	err := os.RemoveAll(r.path)
	for _, lock := range []*os.File{r.owner, r.server} {
		if lock != nil {
			_ = lock.Close() // closed before when the server has it
		}
	}
	return err
}

// sweep deletes what processes of this user have left that are no more. What it
// cannot delete waits for the next one.
func sweep(base string) {
	left, _ := filepath.Glob(filepath.Join(base, roomPrefix+"*")) // the pattern is ours
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && mine(info) {
			clearRoom(path, info)
		}
	}
}

// mine keeps us from what other users have put into a folder that all share.
func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(stat.Uid) == os.Geteuid()
}

func clearRoom(path string, info fs.FileInfo) {
	// young rooms may not have their lock yet.
	const young = time.Minute
	owner, err := freeLock(filepath.Join(path, ownerLock))
	switch {
	case err == nil:
		defer owner.Close()
	case !errors.Is(err, fs.ErrNotExist) || time.Since(info.ModTime()) < young:
		return
	}
	if serverGone(path) {
		_ = os.RemoveAll(path)
	}
}

// serverGone waits a moment for a server that has just lost its owner, and
// otherwise takes away the file without which it ends within a minute
// (postmaster.c, "data directory lock file is invalid").
func serverGone(path string) bool {
	const patience, pause = 3 * time.Second, 20 * time.Millisecond
	for deadline := time.Now().Add(patience); ; time.Sleep(pause) {
		lock, err := freeLock(filepath.Join(path, serverLock))
		if err == nil {
			_ = lock.Close() // read by no one
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return true
		}
		if time.Now().After(deadline) {
			break
		}
	}
	if root, err := os.OpenRoot(path); err == nil {
		_ = root.Remove(inner + "/data/postmaster.pid") // may be gone
		_ = root.Close()
	}
	return false
}

// freeLock takes a lock that exists and is held by no one.
func freeLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
