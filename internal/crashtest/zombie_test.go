package crashtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestZombies stops a process that holds the lease of a database, lets the
// lease run out and another process apply everything, and wakes the first one
// up: it writes nothing any more, and what it says is true.
func TestZombies(t *testing.T) {
	j := leasedJourney(t)
	points := j.points(t)
	var tl tally
	t.Run("points", func(t *testing.T) {
		met := 0
		for i, name := range points {
			if !strings.HasPrefix(name, "postgres: ") && !strings.HasPrefix(name, "database: ") {
				continue
			}
			if met++; full || met%17 == 3 {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					tr := j.wake(t, i+1)
					tr.at = name
					tl.add(t, tr)
				})
			}
		}
	})
	t.Logf("processes that were overtaken while they stood still: %s", &tl)
}

// leasedJourney is the way up of the schema in a project that keeps others
// out by a lease.
func leasedJourney(t *testing.T) *journey {
	t.Helper()
	below := origin(t, cluster.Server(t), programs.get(t, "failpoint"), schema)
	below.leased(t)
	above := below.again(t)
	if r := above.lockstep(t, crash{}, applyArgs()...); r.code != 0 {
		t.Fatalf("the undisturbed run failed with exit code %d:\n%s", r.code, r.output)
	}
	return &journey{
		name: "apply", from: below, settled: []string{"released"}, start: below.signature(t), end: above.signature(t),
		args: func(*testing.T, *world) []string { return applyArgs() },
	}
}

// leased makes the project keep others out by a lease.
func (w *world) leased(t *testing.T) {
	t.Helper()
	file := filepath.Join(w.dir, "project.lockstep.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`  lock_timeout = "1s"`), []byte("  lock_timeout = \"1s\"\n  lock         = \"lease\""), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wake stops one process at a point, lets another one overtake it, and wakes
// it up.
func (j *journey) wake(t *testing.T, point int) trial {
	t.Helper()
	w := j.world(t)
	other := *w
	other.dir = worlds.dir(t)
	other.copyFrom(t, w.dir)
	var overtaker result
	var there string
	zombie, stood := w.stopped(t, point, func() {
		ask(t, w.url, "UPDATE lockstep.lease SET expires_at = clock_timestamp() - interval '1 second' RETURNING name")
		overtaker = other.lockstep(t, crash{}, applyArgs()...)
		there = w.state(t)
	}, applyArgs()...)
	if !stood {
		return j.finish(t, w, zombie)
	}
	tr := trial{answer: zombie, recovery: []result{overtaker}}
	got := w.signature(t)
	switch {
	case overtaker.code == 0 && !strings.HasPrefix(j.end, there):
		tr.wrong = "the one who overtook says that all is there\n--- got\n" + there + "--- output\n" + overtaker.output
	case overtaker.code != 0:
		tr.wrong = "the one who came later did not get through:\n" + overtaker.output
	case got != j.end:
		tr.wrong = "the one who was overtaken has changed something\n--- want\n" + j.end + "--- got\n" + got + "--- output\n" + zombie.output
	}
	return tr
}
