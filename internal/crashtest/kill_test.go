package crashtest

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestKills kills Lockstep at every failpoint of the journeys, which have no
// Terraform and are quick: what the crash matrix tries of a whole change set,
// here with every kind of migration, their way back, and a backfill.
func TestKills(t *testing.T) {
	for _, j := range journeys(t, cluster.Server(t)) {
		points := j.points(t)
		var tl tally
		t.Run(j.name, func(t *testing.T) {
			for i := killStride / 2; i < len(points); i += killStride {
				t.Run(fmt.Sprintf("%03d %s", i+1, points[i]), func(t *testing.T) {
					t.Parallel()
					tl.add(t, j.kill(t, i+1, points[i]))
				})
			}
		})
		t.Logf("kills of %s: %d points counted by a dry pass; %s", j.name, len(points), &tl)
	}
}

// points lists the failpoints that the undisturbed journey meets.
func (j *journey) points(t *testing.T) []string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "points")
	w := j.world(t)
	if r := w.lockstep(t, crash{log: log}, j.args(t, w)...); r.code != 0 {
		t.Fatalf("the undisturbed %s failed with exit code %d:\n%s", j.name, r.code, r.output)
	}
	return passed(t, log)
}

func (j *journey) kill(t *testing.T, point int, name string) trial {
	t.Helper()
	w := j.world(t)
	r := w.lockstep(t, crash{at: point}, j.args(t, w)...)
	if !r.killed {
		return trial{at: "not reached", answer: r, wrong: notKilled + ":\n" + r.output}
	}
	tr := j.finish(t, w, r)
	tr.at = name
	return tr
}
