package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// TestALockThatSomebodyHoldsPasses checks the exit code, who is named, and what
// to do.
func TestALockThatSomebodyHoldsPasses(t *testing.T) {
	t.Parallel()
	held := &terraform.LockedError{ID: "abc-1", Holder: "ada@build7 since 2026-01-02 03:04:05 UTC (apply)"}
	err := unreadable("terraform.cache", "dev", fmt.Errorf("terraform.cache: %w", held))
	end, ok := errors.AsType[*endError](err)
	if !ok || end.code != exitTryAgain {
		t.Fatalf("ends with %+v, want exit %d", err, exitTryAgain)
	}
	if text := end.err.Error(); !strings.HasPrefix(text, "terraform.cache cannot be worked on now: ") || !strings.Contains(text, held.Holder) {
		t.Errorf("says %q", text)
	}
	if next := strings.Join(end.next, "\n"); !strings.Contains(next, "force-unlock abc-1") || strings.Contains(next, "Check that it is there") {
		t.Errorf("next: %s", next)
	}
}
