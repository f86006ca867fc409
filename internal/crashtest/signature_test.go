package crashtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// endingLimit is how long a process may need to end after its last word: a
// server's backend after the client has gone.
const endingLimit = 5 * time.Second

// signature is the real state of all targets as text, read without Lockstep:
// tables, effects, history, Terraform's resources, the release that runs, and
// what is left running.
func (w *world) signature(t *testing.T) string {
	t.Helper()
	state := w.state(t)
	return state + fmt.Sprintln("left running:", strings.Join(w.settle(t, w.leftRunning), " "))
}

// state is the signature without what is left running.
func (w *world) state(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	w.signDatabase(t, &b)
	w.signTerraform(t, &b)
	w.signRelease(t, &b)
	return b.String()
}

// settle asks until nothing is left or the time is over.
func (w *world) settle(t *testing.T, left func(*testing.T) []string) []string {
	t.Helper()
	for end := time.Now().Add(endingLimit); ; time.Sleep(20 * time.Millisecond) {
		if list := left(t); len(list) == 0 || time.Now().After(end) {
			return list
		}
	}
}

// leftRunning leaves out connections that do nothing and are kept by what is
// between: a pooler, or a network whose other end has gone, perhaps in the
// middle of a message. A lock that one of them holds is counted.
func (w *world) leftRunning(t *testing.T) []string {
	t.Helper()
	list := ask(t, w.url, `SELECT 'backend of ' || application_name || ', ' || state FROM pg_stat_activity
		WHERE application_name LIKE 'lockstep/%' AND datname = current_database() AND NOT (`+fmt.Sprint(w.through != "")+` AND (state = 'idle' OR state = 'active' AND wait_event = 'ClientRead'))
		UNION ALL SELECT 'advisory lock ' || objid FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	for _, p := range w.processes(t) {
		list = append(list, p.name)
	}
	return list
}

// signDatabase asks once, because thousands of worlds are looked at.
func (w *world) signDatabase(t *testing.T, b *strings.Builder) {
	t.Helper()
	questions := []struct{ title, query string }{
		{"columns", `SELECT table_name || '.' || column_name FROM information_schema.columns
			WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`},
		{"indexes", `SELECT indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END FROM pg_index
			WHERE indrelid::regclass::text IN ('orders', 'customers', 'notes') ORDER BY 1`},
		{"words", `SELECT t.typname || '.' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
			ORDER BY t.typname, e.enumsortorder`},
		{"rows", `SELECT relname || ':' || (xpath('/row/n/text()',
			query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text
			FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'effects' ORDER BY 1`},
		{"values", `SELECT (xpath('/row/n/text()',
			query_to_xml(format('SELECT min(n) || ''-'' || max(n) AS n FROM %s', attrelid::regclass), false, true, '')))[1]::text
			FROM pg_attribute WHERE attname = 'n' AND attrelid = to_regclass('orders')`},
		{"history", "SELECT version::text || '-' || name FROM lockstep.history ORDER BY version"},
		{"version", "SELECT version::text || '/' || dirty::text FROM schema_migrations"},
		{"statements", "SELECT version::text || direction || ordinal FROM lockstep.statement_receipt ORDER BY 1"},
		{"migrations", "SELECT name FROM effects ORDER BY at"},
	}
	all := make([]string, len(questions))
	for i, q := range questions {
		all[i] = "SELECT array_to_string(ARRAY(" + q.query + "), ' ')"
	}
	for i, answer := range ask(t, w.url, strings.Join(all, " UNION ALL ")) {
		if questions[i].title == "migrations" {
			answer = balance(strings.Fields(answer))
		}
		fmt.Fprintf(b, "%s: %s\n", questions[i].title, answer)
	}
}

// balance reads a list of effects, "+NAME" for one that was made and "-NAME"
// for one that was taken back. It returns what is there, and what was made
// twice or taken back without having been made.
func balance(effects []string) string {
	there := map[string]bool{}
	var wrong []string
	for _, e := range effects {
		name, made := e[1:], e[0] == '+'
		if there[name] == made {
			wrong = append(wrong, "TWICE:"+e)
		}
		there[name] = made
	}
	var names []string
	for name, is := range there {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(append(names, wrong...), " ")
}

// resource is what the signature tells of one of Terraform's.
type resource struct {
	Type, Name string
	Instances  []struct {
		Attributes struct {
			ID    string
			Input struct{ Value any }
		}
	}
}

func (w *world) signTerraform(t *testing.T, b *strings.Builder) {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(filepath.Join(w.dir, ".lockstep", "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "terraform.tfstate" {
			return ignoreMissing(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var state struct{ Resources []resource }
		if err := json.Unmarshal(content, &state); err != nil {
			return err
		}
		for _, r := range state.Resources {
			lines = append(lines, r.describe())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	fmt.Fprintln(b, "terraform:", strings.Join(lines, ", "))
	fmt.Fprintln(b, "provisioned:", balance(w.provisioned(t)))
}

// describe names the resource; of the one that every world has from the start
// it tells whether it is still the same object.
func (r resource) describe() string {
	text := fmt.Sprintf("%s.%s x%d", r.Type, r.Name, len(r.Instances))
	if r.Name == "queue" && len(r.Instances) == 1 {
		a := r.Instances[0].Attributes
		text += fmt.Sprintf(" (%v, %s)", a.Input.Value, a.ID)
	}
	return text
}

func (w *world) provisioned(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(w.marks())
	if ignoreMissing(err) != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

func (w *world) signRelease(t *testing.T, b *strings.Builder) {
	t.Helper()
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(w.dir, name))
		if ignoreMissing(err) != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	for _, link := range []string{"current", "previous"} {
		to, err := os.Readlink(filepath.Join(w.dir, "app", link))
		if ignoreMissing(err) != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "%s: %s\n", link, to)
	}
	partial, err := filepath.Glob(filepath.Join(w.dir, "app", "releases", "*.partial*"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "serves: %q with queue %q, %d partial releases\n", read("running.txt"), read("running.queue"), len(partial))
}

// status is what Lockstep says of the second change set: its books must agree
// with what is real.
func (w *world) status(t *testing.T) string {
	t.Helper()
	r := w.lockstep(t, crash{}, "status", "--json")
	_, document, _ := strings.Cut(r.output, "\n") // after the command line
	var board struct {
		ChangeSets []struct {
			Name         string `json:"name"`
			Environments map[string]struct {
				State string `json:"state"`
			} `json:"environments"`
		} `json:"change_sets"`
	}
	if err := json.Unmarshal([]byte(document), &board); err != nil {
		t.Fatalf("%v\n%s", err, r.output)
	}
	for _, c := range board.ChangeSets {
		if c.Name == "ship" {
			return c.Environments["dev"].State
		}
	}
	return "none"
}
