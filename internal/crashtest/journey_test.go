package crashtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// schema is the project with every kind of migration and nothing else.
const schema = "testdata/schema"

// journey is one way between two states of the schema that something disturbs.
type journey struct {
	name string
	from *world
	args func(*testing.T, *world) []string
	// reach is how the binary gets to a database; nil: without anything
	// between.
	reach func(database string) string
	start string // signature before
	end   string // signature after
	// stays: what was done half-way is kept when the run fails, and counted.
	stays bool
	// settled are what "status" may say when it is over.
	settled []string
}

// journeys returns the ways up and down of the schema, that of a backfill, and
// that of many small migrations.
func journeys(t *testing.T, server *pgtest.Server) []*journey {
	t.Helper()
	up, above := forward(t, server, "apply", schema)
	applied := above.lastRun(t)
	down := &journey{
		name: "rollback", from: above, settled: []string{"rolled_back", "none"},
		args: func(*testing.T, *world) []string {
			return []string{"rollback", applied, "--with-schema", "--auto-approve"}
		},
		start: up.end, end: up.start,
	}
	return []*journey{up, down, filling(t, server), rows(t, server)}
}

// forward is the way of a project's change set, and the world that it leads to.
func forward(t *testing.T, server *pgtest.Server, name, project string) (*journey, *world) {
	t.Helper()
	below := origin(t, server, programs.get(t, "failpoint"), project)
	above := below.again(t)
	if r := above.lockstep(t, crash{}, applyArgs()...); r.code != 0 {
		t.Fatalf("the undisturbed %s failed with exit code %d:\n%s", name, r.code, r.output)
	}
	return &journey{
		name: name, from: below, settled: []string{"released"},
		args:  func(*testing.T, *world) []string { return applyArgs() },
		start: below.signature(t), end: above.signature(t),
	}, above
}

// severalRows is enough small migrations for a message that takes several along,
// and for another one that is sent ahead.
const severalRows = 36

// rows makes tables by migrations that travel together.
func rows(t *testing.T, server *pgtest.Server) *journey {
	t.Helper()
	project := t.TempDir()
	if err := os.CopyFS(filepath.Join(project, "before"), os.DirFS(schema+"/before")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(project, "after", "changes"), os.DirFS(schema+"/after/changes")); err != nil {
		t.Fatal(err)
	}
	migrations := filepath.Join(project, "after", "migrations")
	if err := os.Mkdir(migrations, 0o755); err != nil {
		t.Fatal(err)
	}
	for version := 2; version < 2+severalRows; version++ {
		for direction, text := range map[string]string{
			"up": "CREATE TABLE together_%d (id bigint PRIMARY KEY);\n", "down": "DROP TABLE together_%d;\n",
		} {
			file := filepath.Join(migrations, fmt.Sprintf("%04d_together.%s.sql", version, direction))
			if err := os.WriteFile(file, fmt.Appendf(nil, text, version), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	j, _ := forward(t, server, "rows", project)
	return j
}

// filling changes each row once.
func filling(t *testing.T, server *pgtest.Server) *journey {
	t.Helper()
	j, _ := forward(t, server, "backfill", "testdata/fill")
	j.stays = true
	return j
}

// world is a fresh one at the journey's beginning.
func (j *journey) world(t *testing.T) *world {
	t.Helper()
	w := j.from.again(t)
	if j.reach != nil {
		w.through = j.reach(w.database)
	}
	return w
}

// behind puts a proxy between the binary and the database.
func (w *world) behind(t *testing.T) *faultproxy.Proxy {
	t.Helper()
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	p, err := faultproxy.Start(t.Context(), "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	u.Host, u.RawQuery = p.Address(), "sslmode=disable"
	w.through = u.String()
	return p
}

// dryRun goes the journey's way without harm and returns what either side
// said.
func (j *journey) dryRun(t *testing.T) map[faultproxy.Side][]faultproxy.Message {
	t.Helper()
	w := j.from.again(t)
	p := w.behind(t)
	p.Arm(faultproxy.Fault{})
	if r := w.lockstep(t, crash{}, j.args(t, w)...); r.code != 0 {
		t.Fatalf("the undisturbed %s failed with exit code %d:\n%s", j.name, r.code, r.output)
	}
	if got := w.signature(t); got != j.end {
		t.Fatalf("the undisturbed %s left another state\n--- want\n%s--- got\n%s", j.name, j.end, got)
	}
	return map[faultproxy.Side][]faultproxy.Message{
		faultproxy.Client: p.Seen(faultproxy.Client), faultproxy.Server: p.Seen(faultproxy.Server),
	}
}

// trial is what one disturbed journey showed.
type trial struct {
	at       string // where it was disturbed
	answer   result
	recovery []result
	wrong    string
}

// commands is how many a person types after a disturbance until it must be
// over.
const commands = 2

// finish checks what the disturbed command said, and goes on with what a
// person would type until the journey is over.
func (j *journey) finish(t *testing.T, w *world, answer result) trial {
	t.Helper()
	tr := trial{answer: answer}
	if !answer.killed {
		tr.wrong = j.untrue(t, w, answer)
	}
	if tr.wrong != "" {
		return tr
	}
	said, got := w.standing(t, j)
	last := answer
	for n := 0; n < commands && !j.over(said, got); n++ {
		last = w.lockstep(t, crash{}, j.next(t, w)...)
		tr.recovery = append(tr.recovery, last)
		if tr.wrong = j.untrue(t, w, last); tr.wrong != "" {
			tr.wrong = "after " + answer.output + "\n" + tr.wrong
			return tr
		}
		said, got = w.standing(t, j)
	}
	if !j.over(said, got) {
		tr.wrong = fmt.Sprintf("status says %q, expected one of %q\n--- want\n%s--- got\n%s--- output\n%s\n%s",
			said, j.settled, j.end, got, answer.output, last.output)
	}
	return tr
}

// standing is what Lockstep says of the change set, and what is there. What
// "status" says is asked where it could be the end.
func (w *world) standing(t *testing.T, j *journey) (said, got string) {
	t.Helper()
	if w.state(t)+"left running: \n" != j.end {
		return "", ""
	}
	return w.status(t), w.signature(t)
}

func (j *journey) over(said, got string) bool {
	return slices.Contains(j.settled, said) && got == j.end
}

// next is what a person types: go on with what is open, or begin again.
func (j *journey) next(t *testing.T, w *world) []string {
	t.Helper()
	if run := w.lastRun(t); run != "" && !w.over(t, run) {
		return []string{"resume", run}
	}
	return j.args(t, w)
}

// twice is a row that was changed more than once.
var twice = regexp.MustCompile(`values: \d+-[2-9]`)

// untrue compares what a command said with what is there. An empty text means
// that it said the truth.
func (j *journey) untrue(t *testing.T, w *world, r result) string {
	t.Helper()
	want := ""
	switch r.code {
	case 0:
		want = j.end
	case exitError, exitBlocked:
		want = j.start // "nothing was changed"
	case exitRolledBack:
		want = j.start
	case exitTryAgain:
		return ""
	case exitNeedsPerson:
		if strings.Contains(r.output, "lockstep resume") {
			return ""
		}
		return "it needs a person and does not say what to type:\n" + r.output
	default:
		return fmt.Sprintf("exit code %d:\n%s", r.code, r.output)
	}
	if run := w.lastRun(t); r.code == exitError && run != "" && !w.over(t, run) {
		return "" // it says that it failed, and that the run is open
	}
	got := w.state(t)
	if j.stays && r.code != 0 && !twice.MatchString(got) {
		return ""
	}
	if !strings.HasPrefix(want, got) {
		return fmt.Sprintf("exit code %d is not true\n--- want\n%s--- got\n%s--- output\n%s", r.code, want, got, r.output)
	}
	return ""
}

// over reports whether a run has ended for good, by its journal's last record.
func (w *world) over(t *testing.T, run string) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, ".lockstep", "runs", run, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	_, record, _ := bytes.Cut(lines[len(lines)-1], []byte(" ")) // behind the checksum
	var last struct {
		Kind string
		Data struct{ State string }
	}
	if err := json.Unmarshal(record, &last); err != nil {
		return false // its last word was cut short
	}
	return last.Kind == "run.end" && slices.Contains([]string{"succeeded", "rolled_back", "refused"}, last.Data.State)
}
