// Package lock lets one run at a time work on an environment. A lease is an
// flock on a file, so that the kernel gives it back when its process dies,
// however it dies; the file's text says who holds it.
package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrHeld is wrapped by HeldError.
var ErrHeld = errors.New("the environment is locked")

// Owner is who holds a lease, for the one who finds it held.
type Owner struct {
	Run   string    `json:"run"`
	Actor string    `json:"actor"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"` // Acquire fills it in when zero
}

// HeldError says who holds the lease and what can be done.
type HeldError struct {
	Environment string
	// Owner is what the holder wrote; its zero value means that it had just
	// begun or just ended.
	Owner Owner
}

// Error implements error.
func (e *HeldError) Error() string {
	if e.Owner.Run == "" && e.Owner.Actor == "" {
		return fmt.Sprintf("environment %s is locked by a run that is just beginning or ending: try again", e.Environment)
	}
	holder, see := e.Owner.Actor, ""
	if e.Owner.Run != "" {
		holder = fmt.Sprintf("run %s of %s", e.Owner.Run, e.Owner.Actor)
		see = "; see it with: lockstep show " + e.Owner.Run
	}
	return fmt.Sprintf("environment %s is locked by %s (host %s, pid %d) since %s%s",
		e.Environment, holder, e.Owner.Host, e.Owner.PID, e.Owner.Since.Format(time.RFC3339), see)
}

// Unwrap makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Unwrap() error { return ErrHeld }

// Lease is the right to work on one environment.
type Lease struct {
	file *flock.Flock
	path string
}

// Acquire takes the lease of an environment, or returns a *HeldError at once;
// it never waits. Leases are files in the folder "leases" below dir.
func Acquire(dir, environment string, owner Owner) (*Lease, error) {
	folder := filepath.Join(dir, "leases")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("lock environment %s: %w", environment, err)
	}
	path := leasePath(dir, environment)
	file := flock.New(path, flock.SetPermissions(0o600))
	free, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock environment %s: %w", environment, err)
	}
	if !free {
		owner, _ := readOwner(path)
		return nil, &HeldError{Environment: environment, Owner: owner}
	}
	if owner.Since.IsZero() {
		owner.Since = time.Now().UTC().Truncate(time.Second)
	}
	if err := writeOwner(path, owner); err != nil {
		return nil, errors.Join(fmt.Errorf("lock environment %s: %w", environment, err), file.Close())
	}
	return &Lease{file: file, path: path}, nil
}

// Holder returns who holds the environment's lease now; false when nobody does.
func Holder(dir, environment string) (Owner, bool) {
	path := leasePath(dir, environment)
	if _, err := os.Stat(path); err != nil {
		return Owner{}, false
	}
	probe := flock.New(path)
	free, err := probe.TryRLock()
	if err != nil {
		return Owner{}, false
	}
	if free {
		_ = probe.Close()
		return Owner{}, false
	}
	owner, _ := readOwner(path)
	return owner, true
}

// Release gives the lease back. Releasing twice is harmless.
func (l *Lease) Release() error {
	if !l.file.Locked() {
		return nil
	}
	return errors.Join(os.Truncate(l.path, 0), l.file.Close())
}

// leasePath escapes the environment's name, which may hold any character.
func leasePath(dir, environment string) string {
	return filepath.Join(dir, "leases", url.PathEscape(environment)+".lease")
}

// readOwner tells nothing about a text that is not whole: the holder may be
// writing it at this moment.
func readOwner(path string) (Owner, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Owner{}, err
	}
	var o Owner
	if err := json.Unmarshal(b, &o); err != nil {
		return Owner{}, err
	}
	return o, nil
}

// writeOwner keeps the inode: the lock lives on it, so the text cannot be
// replaced by a rename.
func writeOwner(path string, o Owner) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}
