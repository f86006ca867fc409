package crashtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// workshop builds the program, once for each set of build tags.
type workshop struct {
	mu    sync.Mutex
	dir   string
	built map[string]string
}

// get returns the program with the given build tags.
func (s *workshop) get(t *testing.T, tags string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if binary := s.built[tags]; binary != "" {
		return binary
	}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "lockstep-crashtest-")
		if err != nil {
			t.Fatal(err)
		}
		s.dir, s.built = dir, map[string]string{}
	}
	binary := filepath.Join(s.dir, "lockstep-"+tags)
	args := []string{"build", "-tags", tags, "-o", binary, "../../cmd/lockstep"}
	if raced {
		args = slices.Insert(args, 1, "-race")
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build with %s: %v\n%s", tags, err, out)
	}
	s.built[tags] = binary
	return binary
}

func (s *workshop) close() { _ = os.RemoveAll(s.dir) }
