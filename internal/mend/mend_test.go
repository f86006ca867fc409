package mend_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

func file(version uint64, direction string, statements ...string) *mend.File {
	split, err := sqlscan.Split([]byte(strings.Join(statements, ";\n")))
	if err != nil {
		panic(err)
	}
	return &mend.File{Path: fmt.Sprintf("%d.%s.sql", version, direction), Direction: direction, Version: version, Statements: split}
}

// world says what is there: "+" before, "!" after the mark, "~" broken, "-"
// looked up and not there, by the trace's text.
func world(c mend.Case, there ...string) mend.Sights {
	sights := mend.Sights{}
	for _, t := range c.Traces() {
		sights[t] = mend.Sight{}
		for _, word := range there {
			if word[1:] != t.Name.Base {
				continue
			}
			switch word[0] {
			case '+':
				sights[t] = mend.Sight{There: true, When: mend.Before}
			case '!':
				sights[t] = mend.Sight{There: true, When: mend.After}
			case '~':
				sights[t] = mend.Sight{There: true, Broken: true, When: mend.After}
			case '?':
				delete(sights, t)
			}
		}
	}
	return sights
}

// describe is a diagnosis in one line.
func describe(d mend.Diagnosis) string {
	var effects []string
	for _, f := range d.Findings {
		effect := string(f.Effect)
		if f.Earlier {
			effect = "earlier"
		}
		effects = append(effects, effect)
	}
	text := fmt.Sprintf("%s [%s] %s", d.File, strings.Join(effects, ", "), d.Verdict)
	for _, w := range d.Ways {
		text += fmt.Sprintf("; %s to %d", w.Name, w.Version)
		if w.Applied {
			text += fmt.Sprintf(" with %d", w.Row)
		}
		if w.Refused != "" {
			text += " refused"
		}
	}
	return text
}

const (
	makeA = `CREATE TABLE a (id int)`
	makeB = `CREATE TABLE b (id int)`
	makeC = `CREATE TABLE c (id int)`
	rows  = `UPDATE z SET id = 1`
)

func TestDiagnoseUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		up    *mend.File
		there []string
		want  string
	}{
		{"nothing is there", file(2, mend.Up, makeA, rows, makeB), nil, "2.up.sql [not there, not there, not there] not applied; settle to 1"},
		{"all is there", file(2, mend.Up, makeA, rows, makeB), []string{"!a", "!b"}, "2.up.sql [there, there, there] applied; settle to 2 with 2"},
		{"rows at the end belong to the transaction", file(2, mend.Up, makeA, rows), []string{"!a"}, "2.up.sql [there, there] applied; settle to 2 with 2"},
		{"half of it is there", file(2, mend.Up, makeA, makeB), []string{"!a"}, "2.up.sql [there, not there] partly applied; finish to 2 with 2; undo to 1"},
		{"half of it was there before", file(2, mend.Up, makeA, makeB), []string{"+a"}, "2.up.sql [earlier, not there] not applied; settle to 1"},
		{"rows between cannot be undone", file(2, mend.Up, makeA, rows, makeB, makeC), []string{"!a", "!b"}, "2.up.sql [there, there, there, not there] partly applied; finish to 2 with 2; undo to 1 refused"},
		{"all of it was there before", file(2, mend.Up, makeA, rows), []string{"+a"}, "2.up.sql [earlier, cannot tell] not clear"},
		{"rows alone", file(2, mend.Up, rows), nil, "2.up.sql [cannot tell] not clear"},
		{"an INVALID index", file(2, mend.Up, `CREATE INDEX CONCURRENTLY a ON t (x)`), []string{"~a"}, "2.up.sql [half there] not applied; settle to 1"},
		{"what a later statement changes is not asked", file(2, mend.Up, makeA, `DROP TABLE a`, makeB), []string{"!b"}, "2.up.sql [there, there, there] applied; settle to 2 with 2"},
		{"a replaced view proves nothing", file(2, mend.Up, `CREATE OR REPLACE VIEW a AS SELECT 1`), []string{"+a"}, "2.up.sql [cannot tell] not clear"},
		{"a replaced view that is missing proves", file(2, mend.Up, `CREATE OR REPLACE VIEW a AS SELECT 1`), nil, "2.up.sql [not there] not applied; settle to 1"},
		{"no statement", file(2, mend.Up), nil, "2.up.sql [] applied; settle to 2 with 2"},
	} {
		situation := mend.Case{Version: 2, Previous: 1, Up: c.up}
		if got := describe(situation.Diagnose(world(situation, c.there...))); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A dirty version has two readings; the catalog tells them apart.
func TestDiagnoseTellsUpFromDown(t *testing.T) {
	t.Parallel()
	dropB, dropA := `DROP TABLE b`, `DROP TABLE a`
	for _, c := range []struct {
		name           string
		up, next, down *mend.File
		there          []string
		want           string
	}{
		{"the version above is there: its down failed", file(1, mend.Up, makeA), file(2, mend.Up, makeB), file(2, mend.Down, dropB), []string{"+a", "+b"}, "2.down.sql [not there] not applied; settle to 2 with 2"},
		{"this one was made after the mark: its up ended", file(1, mend.Up, makeA), file(2, mend.Up, makeB), file(2, mend.Down, dropB), []string{"!a"}, "1.up.sql [there] applied; settle to 1 with 1"},
		{"this one is not there: its up failed", file(1, mend.Up, makeA), file(2, mend.Up, makeB), file(2, mend.Down, dropB), nil, "1.up.sql [not there] not applied; settle to 0"},
		{"this one was there, the one above is not: its down ended", file(1, mend.Up, makeA), file(2, mend.Up, makeB), file(2, mend.Down, dropB), []string{"+a"}, "2.down.sql [there] applied; settle to 1"},
		{"the one above drops what this one makes", file(1, mend.Up, makeA, makeC), file(2, mend.Up, dropA), file(2, mend.Down, makeA), []string{"+c"}, "2.down.sql [not there] not applied; settle to 2 with 2"},
		{"half of the way down", file(1, mend.Up, makeA), file(2, mend.Up, makeB, makeC), file(2, mend.Down, `DROP TABLE c`, dropB), []string{"+a", "+b"}, "2.down.sql [there, not there] partly applied; finish to 1; undo to 2 with 2"},
		{"rows alone tell nothing", file(1, mend.Up, rows), file(2, mend.Up, rows), file(2, mend.Down, rows), nil, " [] not clear"},
		{"down to nothing", nil, file(1, mend.Up, makeA), file(1, mend.Down, dropA), []string{"+a"}, "1.down.sql [not there] not applied; settle to 1 with 1"},
		{"down to nothing has ended", nil, file(1, mend.Up, makeA), file(1, mend.Down, dropA), nil, "1.down.sql [there] applied; settle to 0"},
	} {
		situation := mend.Case{Version: 1, Up: c.up, NextUp: c.next, NextDown: c.down}
		if c.up == nil {
			situation.Version = 0
		}
		if got := describe(situation.Diagnose(world(situation, c.there...))); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestAPersonDecides(t *testing.T) {
	t.Parallel()
	c := mend.Case{Version: 1, Up: file(1, mend.Up, rows), NextUp: file(2, mend.Up, rows), NextDown: file(2, mend.Down, rows)}
	for _, step := range []struct{ failed, assume, want string }{
		{"1.up.sql", "", "1.up.sql [cannot tell] not clear"},
		{"1.up.sql", "applied", "1.up.sql [there] applied; settle to 1 with 1"},
		{"1.up.sql", "not-applied", "1.up.sql [not there] not applied; settle to 0"},
		{"2.down.sql", "applied", "2.down.sql [there] applied; settle to 1"},
		{"2.down.sql", "not-applied", "2.down.sql [not there] not applied; settle to 2 with 2"},
		{"3.up.sql", "applied", " [] not clear"},
	} {
		c.Failed, c.Assume = step.failed, step.assume
		if got := describe(c.Diagnose(nil)); got != step.want {
			t.Errorf("%s %s\ngot  %s\nwant %s", step.failed, step.assume, got, step.want)
		}
	}
	if d := (mend.Case{Version: 9}).Diagnose(nil); d.Needs == "" || len(d.Ways) != 0 {
		t.Errorf("without files: %+v", d)
	}
}

// Statement by statement, a trailing statement without a trace is not guessed.
func TestOneByOneGuessesLess(t *testing.T) {
	t.Parallel()
	c := mend.Case{Version: 2, Previous: 1, Up: file(2, mend.Up, makeA, rows), MultiStatement: true}
	if got := describe(c.Diagnose(world(c, "!a"))); got != "2.up.sql [there, cannot tell] not clear" {
		t.Error(got)
	}
}

// Wherever a file stops that runs statement by statement, the diagnosis says
// so exactly, and finishing runs exactly the rest.
func TestEveryStopIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "statements")
		stop := rapid.IntRange(0, n).Draw(t, "ran")
		var statements, there []string
		for i := range n {
			statements = append(statements, fmt.Sprintf("CREATE TABLE t%d (id int)", i))
			if i < stop {
				there = append(there, fmt.Sprintf("!t%d", i))
			}
		}
		c := mend.Case{Version: 2, Previous: 1, Up: file(2, mend.Up, statements...), MultiStatement: rapid.Bool().Draw(t, "one by one")}
		d := c.Diagnose(world(c, there...))
		switch {
		case stop == n && d.Verdict != mend.Applied, stop == 0 && d.Verdict != mend.NotApplied:
			t.Fatalf("%d of %d ran: %s", stop, n, d.Verdict)
		case stop == 0 || stop == n:
			return
		}
		finish, undo := d.Ways[0], d.Ways[1]
		if d.Verdict != mend.Partly || strings.Join(finish.SQL, ";") != strings.Join(statements[stop:], ";") || len(undo.SQL) != stop {
			t.Fatalf("%d of %d ran: %s", stop, n, describe(d))
		}
	})
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	files := []mend.File{
		*file(1, mend.Up, makeA), *file(2, mend.Up, makeB, rows), *file(3, mend.Up, makeC), *file(4, mend.Up, `DROP TABLE c`),
	}
	sights := mend.Sights{}
	for _, trace := range mend.TracesOf(files) {
		sights[trace] = mend.Sight{There: trace.Name.Base == "a" || trace.On.Base == "a"}
	}
	absences := mend.Absent(files, sights)
	if len(absences) != 1 || absences[0].Version != 2 || absences[0].What != `table "b"` {
		t.Errorf("absent: %+v", absences)
	}
	// A file that was edited since it ran names a column that is not there; one
	// that a later file renames or drops is not looked for.
	edited := []mend.File{
		*file(1, mend.Up, `CREATE TABLE a (id int, gone int, was int, late int)`),
		*file(2, mend.Up, `ALTER TABLE a DROP COLUMN gone`, `ALTER TABLE a RENAME COLUMN was TO is_now`),
	}
	sights = mend.Sights{}
	for _, trace := range mend.TracesOf(edited) {
		sights[trace] = mend.Sight{There: trace.Kind == sqltrace.Table || trace.Name.Base == "id" || trace.Name.Base == "is_now"}
	}
	if absences := mend.Absent(edited, sights); len(absences) != 1 || absences[0].Version != 1 || absences[0].What != `column "late" of "a"` {
		t.Errorf("absent: %+v", absences)
	}
	if absences := mend.Absent(files, map[sqltrace.Trace]mend.Sight{}); len(absences) != 0 {
		t.Errorf("what was not looked up is absent: %+v", absences)
	}
}

// The text of a way has its statements on their lines in the file.
func TestTextOfAWay(t *testing.T) {
	t.Parallel()
	c := mend.Case{Version: 2, Previous: 1, Up: file(2, mend.Up, makeA, "CREATE TABLE b\n(id int)", makeC, `CREATE INDEX i ON a (id)`)}
	finish := c.Diagnose(world(c, "!a")).Ways[0]
	if want := "\nCREATE TABLE b\n(id int);\nCREATE TABLE c (id int);\nCREATE INDEX i ON a (id);\n"; finish.File != "2.up.sql" || finish.Text() != want {
		t.Errorf("%s: %q, want %q", finish.File, finish.Text(), want)
	}
	if undo := c.Diagnose(world(c, "!a")).Ways[1]; undo.File != "" || undo.Text() != "DROP TABLE \"a\";\n" {
		t.Errorf("%s: %q", undo.File, undo.Text())
	}
}
