package scoreboard

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
)

// TestPlay goes from cases to the printed board, on a real server.
func TestPlay(t *testing.T) {
	t.Parallel()
	if os.Getenv(pgtest.SkipVariable) != "" {
		t.Skip(pgtest.SkipVariable + " is set")
	}
	suites := []fixture.Suite{{Name: "squawk", Skipped: map[string]int{"no reason": 2}, Cases: []fixture.Case{
		{Suite: "squawk", ID: "squawk/1", Rule: "require-index", Warns: true, Files: []string{"CREATE INDEX i ON t (a)"}},
		{Suite: "squawk", ID: "squawk/2", Rule: "ban-rename", Files: []string{"ALTER TABLE t RENAME TO u"}},
		{Suite: "squawk", ID: "squawk/3", Rule: "ban-comment", Warns: true, Files: []string{"COMMENT ON TABLE t IS 'x'"}},
		{Suite: "squawk", ID: "squawk/4", Rule: "prefer-identity", Warns: true, Files: []string{"CREATE TABLE t (a int)"}},
		{Suite: "squawk", ID: "squawk/5", Rule: "ban-functions", Warns: true, Files: []string{"SELECT $1"}},
	}}}
	reasons, err := readReasons("squawk/9\tx\tours\tnever asked")
	if err != nil {
		t.Fatal(err)
	}
	board, err := Play(t.Context(), suites, reasons, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []Outcome{Agree, Justified, Harmless, Apart, Unsettled}
	for i, r := range board.Results {
		if r.Outcome != want[i] {
			t.Errorf("%s: %s, want %s: %v", r.ID, r.Outcome, want[i], measured(r))
		}
	}
	var out bytes.Buffer
	if err := board.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"squawk: 2 left out: no reason",
		"== ours, justified: 1\n\nsquawk/2\n    ALTER TABLE t RENAME TO u\n  theirs    says nothing of ban-rename\n  lockstep  warns: rename\n  measured  line 1: AccessExclusiveLock on public.t; public.t cannot be read",
		"== their false alarm: 1\n\nsquawk/3\n",
		"measured  nothing that keeps anybody waiting, breaks or is lost",
		"measured  could not be run: pq: ",
		"This reason decided nothing: squawk/9 x",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("not printed: %s\nin\n%s", line, out.String())
		}
	}
}
