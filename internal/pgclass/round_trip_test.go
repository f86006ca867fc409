package pgclass_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
)

// TestSplitsThereAndBack runs the files of every split in order on a server,
// each with its way back and once more, then all ways back from the end on and
// all files again. Each way back leaves what was there before, and the end is
// where the statement by itself leads, as far as the names allow.
func TestSplitsThereAndBack(t *testing.T) {
	t.Parallel()
	for _, s := range splits(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, s)
		})
	}
}

func roundTrip(t *testing.T, s splitOf) {
	t.Helper()
	db := connect(t, base, s.before)
	want := alone(t, db, s.sql)
	states := []catalog.Snapshot{state(t, db)}
	for i, f := range s.files {
		if f.Phase == "contract" && (i == 0 || s.files[i-1].Phase != "contract") {
			fill(t, db)
		}
		runFile(t, db, f.Name, f.SQL)
		if f.Down != "" {
			runFile(t, db, f.Name+" down", f.Down)
			sameState(t, f.Name+" down", states[i], state(t, db))
			runFile(t, db, f.Name, f.SQL)
		}
		states = append(states, state(t, db))
	}
	first := len(s.files)
	for first > 0 && s.files[first-1].Down != "" {
		first--
		runFile(t, db, s.files[first].Name+" down", s.files[first].Down)
	}
	sameState(t, "all ways back", states[first], state(t, db))
	for i, f := range s.files[first:] {
		if f.Phase == "contract" && (i == 0 || s.files[first+i-1].Phase != "contract") {
			fill(t, db)
		}
		runFile(t, db, f.Name+" again", f.SQL)
	}
	end := state(t, db)
	sameState(t, "all again", states[len(states)-1], end)
	compareEnds(t, s.name, want, outline(end))
}

// otherEnds are splits that end elsewhere than their statement, and why.
func otherEnds() map[string]string {
	return map[string]string{
		"ALTER TYPE mood RENAME VALUE 'angry' TO 'cross'": "nothing takes the old value out of the type",
		"ALTER TABLE items ALTER COLUMN kind TYPE text":   "its default is a text from the first moment, not a mood",
		"an identity becomes a serial":                    "its sequence begins where that of the identity did",
		"ALTER TYPE period RENAME TO stretch":             "its multirange type is named after the new name too",
	}
}

// alone is what the statement by itself makes; empty where the server refuses
// it. Nothing of it is left.
func alone(t *testing.T, db *sql.DB, text string) []string {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it is to leave nothing
	for _, filling := range strings.Split(strings.TrimSpace(fillings), ";\n") {
		must(t, tx, filling)
	}
	for _, st := range read(t, text) {
		if st.Tree.GetTransactionStmt() != nil {
			continue
		}
		if _, err := tx.ExecContext(t.Context(), strings.ReplaceAll(st.Text, "CONCURRENTLY ", "")); err != nil {
			t.Logf("the statement by itself is refused: %v", err)
			return nil
		}
	}
	must(t, tx, "RESET search_path")
	return outline(snapshot(t, tx))
}

func compareEnds(t *testing.T, name string, want, got []string) {
	t.Helper()
	if want == nil {
		return
	}
	var differ []string
	for _, w := range want {
		if !slices.Contains(got, w) {
			differ = append(differ, "- "+w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			differ = append(differ, "+ "+g)
		}
	}
	_, excused := otherEnds()[name]
	if (len(differ) > 0) != excused {
		t.Errorf("ends elsewhere than the statement by itself (excused: %v):\n%s", excused, strings.Join(differ, "\n"))
	}
}

// outline is a schema without the names that a split has to choose: those of
// indexes, constraints, and of a column that has _v2 behind its name.
func outline(s catalog.Snapshot) []string {
	second := regexp.MustCompile(`_v2\b`)
	named := regexp.MustCompile(`INDEX \S+ ON`)
	var all []string
	for _, o := range s.Objects {
		name := o.Name
		if o.Kind == catalog.Index || o.Kind == catalog.Constraint {
			name = o.On
		}
		line := fmt.Sprintf("%s %s %v", o.Kind, name, o.Attributes)
		all = append(all, named.ReplaceAllString(second.ReplaceAllString(line, ""), "INDEX ON"))
	}
	return all
}

func state(t *testing.T, db *sql.DB) catalog.Snapshot {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it has only read
	return snapshot(t, tx)
}

// snapshot reads the catalog. PostgreSQL lists the columns of statistics in the
// order in which the table has them, which is left out.
func snapshot(t *testing.T, tx *sql.Tx) catalog.Snapshot {
	t.Helper()
	s, err := catalog.Read(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range s.Objects {
		for i, a := range o.Attributes {
			if before, list, is := strings.Cut(a.Value, " ON "); is && strings.HasPrefix(a.Value, "CREATE STATISTICS") {
				columns, table, _ := strings.Cut(list, " FROM ")
				sorted := strings.Split(columns, ", ")
				slices.Sort(sorted)
				o.Attributes[i].Value = before + " ON " + strings.Join(sorted, ", ") + " FROM " + table
			}
		}
	}
	return s
}

// sameState leaves out that the CHECK of a NOT NULL is not validated any more:
// that would take a scan under the lock of the way back.
func sameState(t *testing.T, what string, want, got catalog.Snapshot) {
	t.Helper()
	for _, d := range catalog.Compare(want, got) {
		if strings.HasPrefix(what, "contract_not_null_") && strings.Contains(fmt.Sprint(d), "validated of constraint") {
			continue
		}
		t.Errorf("%s: %+v", what, d)
	}
}

// fill does what an author does between the files, as far as the schema has it.
func fill(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, text := range strings.Split(strings.TrimSpace(fillings), ";\n") {
		_, _ = db.ExecContext(t.Context(), text) // a table may have another name by now
	}
}

// runFile runs a file as an apply does: in one transaction, or statement by
// statement where one of them takes none.
func runFile(t *testing.T, db *sql.DB, name, text string) {
	t.Helper()
	statements := read(t, text)
	if slices.ContainsFunc(statements, func(st pgsyntax.Statement) bool { return st.OutsideTransaction() }) {
		for _, st := range statements {
			if _, err := db.ExecContext(t.Context(), st.Text); err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, st.Text)
			}
		}
		return
	}
	if _, err := db.ExecContext(t.Context(), "BEGIN;"+text+";COMMIT"); err != nil {
		t.Fatalf("%s: %v in\n%s", name, err, text)
	}
}
