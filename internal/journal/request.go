package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// Requests that one process can make of the process that runs.
const (
	RequestPause = "pause" // stop at the next step boundary
	RequestAbort = "abort" // stop and roll back
)

const requestFile = "request"

// ErrNotLive is wrapped when something is asked of a run that no process
// works on.
var ErrNotLive = errors.New("no process works on this run")

// Request asks the process that works on the run to pause or to abort. A
// second request replaces one that was not taken yet.
func (s *Store) Request(id, kind string) error {
	if kind != RequestPause && kind != RequestAbort {
		return fmt.Errorf("request %q: expected %q or %q", kind, RequestPause, RequestAbort)
	}
	if err := s.known(id); err != nil {
		return err
	}
	if !s.Live(id) {
		return fmt.Errorf("%w: %s", ErrNotLive, id)
	}
	path := filepath.Join(s.RunDir(id), requestFile)
	if err := renameio.WriteFile(path, []byte(kind+"\n"), 0o600); err != nil {
		return fmt.Errorf("request %s of run %s: %w", kind, id, err)
	}
	return nil
}

// TakeRequest returns and removes what was asked of the run, or "". The
// rename makes sure that a request made meanwhile is not lost unread.
func (s *Store) TakeRequest(id string) (string, error) {
	path := filepath.Join(s.RunDir(id), requestFile)
	taken := path + ".taken"
	if err := os.Rename(path, taken); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		return "", fmt.Errorf("take request of run %s: %w", id, err)
	}
	b, err := os.ReadFile(taken)
	if err = errors.Join(err, os.Remove(taken)); err != nil {
		return "", fmt.Errorf("take request of run %s: %w", id, err)
	}
	kind := strings.TrimSpace(string(b))
	if kind != RequestPause && kind != RequestAbort {
		return "", nil
	}
	return kind, nil
}
