package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// fewestPoints is what the dry pass found when the matrix was last looked at;
// fewer means that failpoints were lost.
const fewestPoints = 40

// sampleStride is the distance between the points of a sample; a prime, so
// that it does not fall in step with the records of a step.
const sampleStride = 7

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// build makes the binary with the given build tags.
func build(t *testing.T, tags string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "lockstep")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", tags, "-o", binary, "../../cmd/lockstep")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build with %s: %v\n%s", tags, err, out)
	}
	return binary
}

// matrix is one binary and what its uninterrupted run looks like.
type matrix struct {
	binary string
	points []string // names, in the order in which a dry pass met them
	start  string   // signature before
	end    string   // signature after
}

// dryPass counts the points and learns both signatures.
func dryPass(t *testing.T, binary string) *matrix {
	t.Helper()
	w := newWorld(t, binary)
	m := &matrix{binary: binary, start: w.signature(t)}
	log := filepath.Join(t.TempDir(), "points")
	if r := w.apply(t, 0, log); r.code != 0 {
		t.Fatalf("the run without a crash failed with exit code %d:\n%s", r.code, r.output)
	}
	m.end = w.signature(t)
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		m.points = append(m.points, name)
	}
	if len(m.points) < fewestPoints {
		t.Fatalf("the dry pass met %d points, expected at least %d", len(m.points), fewestPoints)
	}
	return m
}

// chosen are the numbers of the points to try.
func (m *matrix) chosen(offset int) []int {
	var numbers []int
	for n := 1; n <= len(m.points); n++ {
		if full || n%sampleStride == offset {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// recovery is what a person types after the crash.
type recovery struct {
	name string
	want func(*matrix) string
	do   func(t *testing.T, w *world) result
}

var goOn = recovery{
	name: "resume",
	want: func(m *matrix) string { return m.end },
	do: func(t *testing.T, w *world) result {
		run := w.lastRun(t)
		if run == "" {
			return w.apply(t, 0, "") // it died before the run began
		}
		r := w.lockstep(t, 0, "", "resume", run)
		if over(r) {
			r.code = 0
		}
		return r
	},
}

var goBack = recovery{
	name: "roll back",
	want: func(m *matrix) string { return m.start },
	do: func(t *testing.T, w *world) result {
		run := w.lastRun(t)
		if run == "" {
			return result{}
		}
		r := w.lockstep(t, 0, "", "abort", run)
		if over(r) {
			return w.lockstep(t, 0, "", "rollback", run, "--with-schema", "--auto-approve")
		}
		return r
	},
}

// over tells that the run had ended before the crash.
func over(r result) bool {
	return r.code == 1 && strings.Contains(r.output, "there is nothing to go on with")
}

// try kills one run at a point, recovers, and says what is wrong, or "".
func (m *matrix) try(t *testing.T, point int, rec recovery) string {
	t.Helper()
	w := newWorld(t, m.binary)
	if r := w.apply(t, point, ""); !r.killed {
		return fmt.Sprintf("was not killed (exit code %d):\n%s", r.code, r.output)
	}
	r := rec.do(t, w)
	if r.code != 0 {
		return fmt.Sprintf("%s ended with exit code %d:\n%s", rec.name, r.code, r.output)
	}
	if got, want := w.signature(t), rec.want(m); got != want {
		return fmt.Sprintf("%s left another state\n--- want\n%s--- got\n%s--- output\n%s", rec.name, want, got, r.output)
	}
	return ""
}

func TestCrashMatrix(t *testing.T) {
	m := dryPass(t, build(t, "failpoint"))
	tried := 0
	for i, rec := range []recovery{goOn, goBack} {
		for _, point := range m.chosen(1 + 3*i) {
			tried++
			t.Run(fmt.Sprintf("%s/%03d %s", rec.name, point, m.points[point-1]), func(t *testing.T) {
				if wrong := m.try(t, point, rec); wrong != "" {
					t.Error(wrong)
				}
			})
		}
	}
	t.Logf("crash matrix: %d points counted by a dry pass, %d of %d crashes tried (resume and roll back)",
		len(m.points), tried, 2*len(m.points))
}

// TestNegativeControl makes sure that the matrix can fail: a binary that
// writes a migration's record in a second transaction, as golang-migrate
// does, must be caught.
func TestNegativeControl(t *testing.T) {
	m := dryPass(t, build(t, "failpoint,splitreceipt"))
	tried, caught := 0, 0
	for n, name := range m.points {
		if !strings.HasPrefix(name, "postgres:") {
			continue
		}
		tried++
		wrong := m.try(t, n+1, goOn)
		if wrong == "" {
			continue
		}
		caught++
		t.Logf("caught at %d %s", n+1, name)
		if !full {
			break
		}
	}
	if caught == 0 {
		t.Fatalf("a record in a second transaction was not noticed at any of %d points: the matrix is blind", tried)
	}
}
