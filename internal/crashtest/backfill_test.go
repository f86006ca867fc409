package crashtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// filled is the project with a backfill. Its table refuses a row that is
// changed twice, and the backfill counts those that were not changed.
const filled = "testdata/backfill"

// TestBackfillCrashes kills a run at the points in and around its batches.
func TestBackfillCrashes(t *testing.T) {
	m := &matrix{origin: origin(t, cluster.Server(t), programs.get(t, "failpoint"), filled), recovered: map[string][][]string{}}
	w := m.origin.again(t)
	m.start = w.signature(t)
	log := filepath.Join(t.TempDir(), "points")
	if r := w.lockstep(t, crash{log: log}, applyArgs()...); r.code != 0 {
		t.Fatalf("the run without a crash failed with exit code %d:\n%s", r.code, r.output)
	}
	m.end, m.points = w.signature(t), passed(t, log)
	batches := 0
	for _, name := range m.points {
		if name == "database: before a batch's commit" {
			batches++
		}
	}
	if batches != 4 {
		t.Fatalf("the dry pass met %d batches, expected 4: %q", batches, m.points)
	}
	tried := 0
	for i, rec := range recoveries() {
		m.recovered[rec.name] = make([][]string, len(m.points)+1)
		for point := 1; point <= len(m.points); point++ {
			name := m.pointName(point)
			if !full && (!strings.HasPrefix(name, "database: ") || (point+i)%2 == 0) {
				continue
			}
			tried++
			t.Run(fmt.Sprintf("%s/%03d %s", rec.name, point, name), func(t *testing.T) {
				t.Parallel()
				if wrong := m.try(t, point, rec); wrong != "" {
					t.Error(wrong)
				}
			})
		}
	}
	t.Logf("backfill: %d points counted by a dry pass; %d of %d crashes tried (resume and roll back)", len(m.points), tried, 2*len(m.points))
}
