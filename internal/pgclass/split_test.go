package pgclass_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// splitOf is a split of a case, with the schema before it.
type splitOf struct {
	name, sql     string
	files         []pgclass.File
	before        string
	class, reason string
}

func splits(t *testing.T) []splitOf {
	t.Helper()
	released := release(t)
	var all []splitOf
	for _, c := range allCases() {
		v := pgclass.Of(read(t, c.sql)[0], released, replay(t, released.Clone(), c.before))
		all = append(all, splitOf{c.sql, c.sql, v.Split, c.before, string(v.Class), v.Reason})
	}
	for _, c := range fileCases() {
		_, v := pgclass.Judge(read(t, c.sql), released, released)
		all = append(all, splitOf{c.name, c.sql, v.Split, "", string(v.Class), v.Reason})
	}
	return slices.DeleteFunc(all, func(s splitOf) bool { return len(s.files) == 0 })
}

// TestSplitFilesAreMigrations reads every file of every split: it is SQL, it
// fits the schema that the files before it leave, and it is of its phase by
// its statements or by its header.
func TestSplitFilesAreMigrations(t *testing.T) {
	t.Parallel()
	all := splits(t)
	for _, s := range all {
		released := release(t)
		now := replay(t, released.Clone(), s.before)
		for _, f := range s.files {
			statements := read(t, f.SQL)
			for _, st := range statements {
				if st.Tree == nil {
					t.Errorf("%s, %s: %s: %v", s.name, f.Name, st.Text, st.Problem)
				}
			}
			_, v := pgclass.Judge(statements, released, now)
			header, err := sqlscan.ParseHeader([]byte(f.SQL))
			if err != nil {
				t.Errorf("%s, %s: %v", s.name, f.Name, err)
			}
			if !inPhase(v, f, header) {
				t.Errorf("%s: %s is written for %s and is %s (%s):\n%s", s.name, f.Name, f.Phase, v.Class, v.Reason, f.SQL)
			}
			if !strings.HasPrefix(f.Name, f.Phase+"_") {
				t.Errorf("%s: %s is written for %s", s.name, f.Name, f.Phase)
			}
			checkDown(t, now.Clone(), f.SQL, f.Down)
			replay(t, now, f.SQL)
		}
		for _, u := range now.Unsure {
			t.Errorf("%s: the files do not fit: %s", s.name, u.Reason)
		}
	}
	if len(all) < 20 {
		t.Errorf("%d splits, expected 20", len(all))
	}
}

func inPhase(v pgclass.Verdict, f pgclass.File, header sqlscan.Header) bool {
	if header.Phase != "" {
		return header.Phase == f.Phase
	}
	return string(v.Class) == f.Phase || v.Class == plans.ClassNeutral && f.Phase == "expand"
}

// checkDown applies a file and its way back.
func checkDown(t *testing.T, s *pgschema.Schema, up, down string) {
	t.Helper()
	if down == "" {
		return
	}
	tables, functions := len(s.Tables), len(s.Functions)
	replay(t, s, up)
	replay(t, s, down)
	if len(s.Tables) != tables || len(s.Functions) != functions || len(s.Unsure) > 0 {
		t.Errorf("%s\nis not taken back by\n%s\n%+v", up, down, s.Unsure)
	}
}

// TestSplitsArePrinted: what must be split has files to copy, and each has a
// way back or says why there is none.
func TestSplitsArePrinted(t *testing.T) {
	t.Parallel()
	released := release(t)
	check := func(name string, v pgclass.Verdict) {
		if v.Class == plans.ClassSplit && len(v.Split) == 0 {
			t.Errorf("%s must be split (%s), and no file is printed", name, v.Reason)
		}
		for _, f := range v.Split {
			header, err := sqlscan.ParseHeader([]byte(f.SQL))
			if err != nil {
				t.Errorf("%s: %s: %v", name, f.Name, err)
			}
			if (f.Down == "") != (header.Irreversible != "") {
				t.Errorf("%s: %s has the way back %q, and says of none %q", name, f.Name, f.Down, header.Irreversible)
			}
		}
	}
	for _, c := range allCases() {
		check(c.sql, pgclass.Of(read(t, c.sql)[0], released, replay(t, released.Clone(), c.before)))
	}
	for _, c := range fileCases() {
		verdicts, file := pgclass.Judge(read(t, c.sql), released, released)
		check(c.name, file)
		for _, v := range verdicts {
			check(c.name, v)
		}
	}
}
