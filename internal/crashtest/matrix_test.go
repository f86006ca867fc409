package crashtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// fewestPoints is what the dry pass found when the matrix was last looked at;
// fewer means that failpoints were lost.
const fewestPoints = 130

// everything is the project with Terraform, migrations and a release.
const everything = "testdata/everything"

var (
	// Where no writes are counted, a plan does not wait a second to count them.
	cluster  = pgtest.NewCluster(pgtest.Options{Settings: map[string]string{"track_counts": "off"}})
	programs = &workshop{}
	worlds   = &ground{}
)

func TestMain(m *testing.M) {
	code := cluster.Main(m)
	programs.close()
	if err := worlds.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// matrix is one binary and what its uninterrupted run looks like.
type matrix struct {
	origin *world
	points []string // names, in the order in which a dry pass met them
	start  string   // signature before
	end    string   // signature after

	mu sync.Mutex
	// recovered lists the points that a recovery met, by the point of the
	// first crash.
	recovered map[string][][]string
}

// dryPass counts the points and learns both signatures.
func dryPass(t *testing.T, binary string) *matrix {
	t.Helper()
	m := &matrix{origin: origin(t, cluster.Server(t), binary, everything), recovered: map[string][][]string{}}
	w := m.origin.again(t)
	m.start = w.signature(t)
	log := filepath.Join(t.TempDir(), "points")
	if r := w.lockstep(t, crash{log: log}, applyArgs()...); r.code != 0 {
		t.Fatalf("the run without a crash failed with exit code %d:\n%s", r.code, r.output)
	}
	m.end = w.signature(t)
	m.points = passed(t, log)
	if len(m.points) < fewestPoints {
		t.Fatalf("the dry pass met %d points, expected at least %d: failpoints were lost", len(m.points), fewestPoints)
	}
	for _, r := range recoveries() {
		m.recovered[r.name] = make([][]string, len(m.points)+1)
	}
	return m
}

// passed reads the names of the points that a command met.
func passed(t *testing.T, log string) []string {
	t.Helper()
	content, err := os.ReadFile(log)
	if ignoreMissing(err) != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		names = append(names, name)
	}
	return names
}

// try kills one run at a point, recovers, and says what is wrong, or "".
func (m *matrix) try(t *testing.T, point int, rec recovery) string {
	t.Helper()
	w := m.origin.again(t)
	if wrong := kill(t, w, point); wrong != "" {
		return wrong
	}
	log := filepath.Join(t.TempDir(), "points")
	r := rec.do(t, w, crash{log: log})
	m.mu.Lock()
	m.recovered[rec.name][point] = passed(t, log)
	m.mu.Unlock()
	return m.judge(t, w, rec, r)
}

// notKilled begins what is said of a run that did not meet its point.
const notKilled = "was not killed"

func kill(t *testing.T, w *world, point int) string {
	t.Helper()
	if r := w.lockstep(t, crash{at: point}, applyArgs()...); !r.killed {
		return fmt.Sprintf(notKilled+" (exit code %d):\n%s", r.code, r.output)
	}
	return ""
}

// judge compares what a recovery left with what it should have left.
func (m *matrix) judge(t *testing.T, w *world, rec recovery, r result) string {
	t.Helper()
	if r.code != 0 {
		return fmt.Sprintf("%s ended with exit code %d:\n%s", rec.name, r.code, r.output)
	}
	if said := w.status(t); !slices.Contains(rec.states, said) {
		return fmt.Sprintf("%s: status says %q, expected one of %q\n%s", rec.name, said, rec.states, r.output)
	}
	if got, want := w.signature(t), rec.want(m); got != want {
		return fmt.Sprintf("%s left another state\n--- want\n%s--- got\n%s--- output\n%s", rec.name, want, got, r.output)
	}
	return ""
}

// pair is a crash and another one in its recovery.
type pair struct {
	rec    recovery
	first  int    // point of the run
	second int    // point of the recovery
	meets  string // name of the second point
	name   string
}

// pairs chooses limit of all pairs of a recovery, evenly; with a limit for it,
// every point that any recovery meets is among them.
func (m *matrix) pairs(rec recovery, limit int) []pair {
	var all []pair
	for first, names := range m.recovered[rec.name] {
		for i, name := range names {
			all = append(all, pair{rec, first, i + 1, name, fmt.Sprintf("%03d %s, then %03d %s", first, m.pointName(first), i+1, name)})
		}
	}
	if len(all) <= limit {
		return all
	}
	var chosen []pair
	taken := map[int]bool{}
	if full {
		chosen, taken = onceEach(all)
	}
	even := limit - len(chosen)
	for i := range even {
		if at := (2*i + 1) * len(all) / (2 * even); !taken[at] {
			chosen = append(chosen, all[at])
		}
	}
	return chosen
}

// onceEach takes one pair for every point that recoveries meet: one in the
// middle of those that there are.
func onceEach(all []pair) (chosen []pair, taken map[int]bool) {
	byName := map[string][]int{}
	for i, p := range all {
		byName[p.meets] = append(byName[p.meets], i)
	}
	taken = map[int]bool{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		at := byName[name][len(byName[name])/2]
		chosen, taken[at] = append(chosen, all[at]), true
	}
	return chosen, taken
}

func (m *matrix) pointName(point int) string { return m.points[point-1] }

// tryPair kills a run, kills its recovery, and recovers again.
func (m *matrix) tryPair(t *testing.T, p pair) string {
	t.Helper()
	w := m.origin.again(t)
	if wrong := kill(t, w, p.first); wrong != "" {
		return wrong
	}
	if r := p.rec.do(t, w, crash{at: p.second}); !r.killed {
		return fmt.Sprintf("the recovery "+notKilled+" (exit code %d):\n%s", r.code, r.output)
	}
	return m.judge(t, w, p.rec, p.rec.do(t, w, crash{}))
}

func TestCrashMatrix(t *testing.T) {
	m := dryPass(t, programs.get(t, "failpoint"))
	if testing.Verbose() {
		for i, name := range m.points {
			t.Logf("point %03d %s", i+1, name)
		}
	}
	var n counts
	t.Run("one crash", func(t *testing.T) { m.tryOne(t, &n) })
	t.Run("two crashes", func(t *testing.T) { m.tryTwo(t, &n) })
	t.Run("the statement runs on", func(t *testing.T) { m.tryOrphans(t, &n) })
	t.Run("the machine ends", func(t *testing.T) { m.tryMachine(t, &n) })
	t.Logf("crash matrix: %d points counted by a dry pass; %d of %d crashes tried (resume and roll back), %d pairs, %d with a statement that ran on, %d of the whole machine; %d failures",
		len(m.points), n.single, 2*len(m.points), n.pair, n.orphan, n.machine, n.failures)
}

func (m *matrix) tryOne(t *testing.T, n *counts) {
	t.Helper()
	for i, rec := range recoveries() {
		for point := 1 + i*(sampleStride/2); point <= len(m.points); point += sampleStride {
			t.Run(fmt.Sprintf("%s/%03d %s", rec.name, point, m.pointName(point)), func(t *testing.T) {
				t.Parallel()
				n.add(t, &n.single, m.try(t, point, rec))
			})
		}
	}
}

func (m *matrix) tryTwo(t *testing.T, n *counts) {
	t.Helper()
	for _, rec := range recoveries() {
		for _, p := range m.pairs(rec, samplePairs) {
			t.Run(rec.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				n.add(t, &n.pair, m.tryPair(t, p))
			})
		}
	}
}

// counts is what was tried, and how much of it went wrong.
type counts struct {
	mu                                      sync.Mutex
	single, pair, orphan, machine, failures int
}

// add counts one try, and fails it when something is wrong.
func (n *counts) add(t *testing.T, kind *int, wrong string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	*kind++
	if wrong != "" {
		n.failures++
		t.Error(wrong)
	}
}

// TestNegativeControl makes sure that the matrix can fail: a binary that
// writes a migration's record in a second transaction, as golang-migrate
// does, must be caught.
func TestNegativeControl(t *testing.T) {
	m := dryPass(t, programs.get(t, "failpoint,splitreceipt"))
	tried, caught := 0, 0
	for i, name := range m.points {
		if name != "postgres: between commit and receipt" {
			continue
		}
		for _, rec := range recoveries() {
			tried++
			wrong := m.try(t, i+1, rec)
			if wrong == "" || strings.Contains(wrong, notKilled) {
				t.Errorf("%s: not noticed at %03d %s %s", rec.name, i+1, name, wrong)
				continue
			}
			caught++
			why, _, _ := strings.Cut(wrong, "\n")
			t.Logf("caught at %03d: %s", i+1, why)
		}
		if !full {
			break
		}
	}
	t.Logf("negative control: a record in a second transaction was caught at %d of %d crashes", caught, tried)
	if caught == 0 {
		t.Fatal("a record in a second transaction was not noticed: the matrix is blind")
	}
}
