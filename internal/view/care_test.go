package view

import (
	"encoding/json"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/plans"
)

func takeover() Takeover {
	return Takeover{
		Database: "database.orders", Environment: "dev", Folder: "migrations", Table: "schema_migrations",
		Adoption: adopt.Adoption{
			Tool: adopt.Flyway, Table: "public.flyway_schema_history", Version: 1001,
			Entries: []adopt.Entry{
				{Version: 1000, Name: "create_orders", Up: plans.DigestOf([]byte("a")), AppliedAt: "2026-01-01T10:00:00.000000Z", By: "app", Verified: true, Reason: "equal"},
				{Version: 1001, Name: "add\x1b[31m_status", Up: plans.DigestOf([]byte("b")), Reason: "no checksum"},
			},
			Files:      []adopt.File{{Name: "1000_create_orders.up.sql", Bytes: []byte("CREATE TABLE orders (\n  id bigint\n);\n"), From: "V1__create_orders.sql"}},
			Renamed:    []adopt.Renaming{{Was: "1", Version: 1000, File: "1000_create_orders.up.sql"}},
			LeftOut:    []adopt.Problem{{What: "R__views.sql is repeatable", Fix: "write the change into a new migration"}},
			Notes:      []string{"what could not be verified is taken on trust"},
			Afterwards: "Flyway is not told.",
		},
		Next: []string{"lockstep plan --env dev"},
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{80, 120} {
		out, buf := screen(columns)
		shown := takeover()
		shown.Contents = columns == 120
		if err := (Import{Out: out}).Text(shown); err != nil {
			t.Fatal(err)
		}
		fits(t, columns, buf.Bytes())
		golden(t, map[int]string{80: "import_80.txt", 120: "import_contents.txt"}[columns], buf.Bytes())
	}
	out, buf := screen(100)
	refused := takeover()
	refused.Adoption = adopt.Adoption{Problems: []adopt.Problem{{What: "several tools have migrated this schema", Fix: "decide which one's record holds"}}}
	if err := (Import{Out: out}).Text(refused); err != nil {
		t.Fatal(err)
	}
	golden(t, "import_refused.txt", buf.Bytes())
	if refused.NothingToDo() || !(Takeover{}).NothingToDo() {
		t.Error("a refusal is something, nothing is nothing")
	}
	out, buf = screen(100)
	if err := (Import{Out: out}).JSON(takeover()); err != nil || !json.Valid(buf.Bytes()) {
		t.Fatal(err)
	}
	golden(t, "import.json", buf.Bytes())
}

func checkup() Checkup {
	d := mend.Diagnosis{
		Version: 2, File: "migrations/2_b.up.sql", Direction: mend.Up, Why: "table b was made after the mark",
		Findings: []mend.Finding{
			{Line: 1, SQL: "CREATE TABLE b (\n  id bigint\n)", Effect: mend.There, Evidence: "table b is there, made after the version was marked"},
			{Line: 4, SQL: "ALTER TABLE a ADD COLUMN n int", Effect: mend.NotThere, Evidence: "column n of a is not there"},
		},
		Verdict: mend.Partly,
		Ways: []mend.Way{
			{Name: mend.Finish, Summary: "run what is missing", SQL: []string{"ALTER TABLE a\n  ADD COLUMN n int"}, Version: 2, Row: 2, Applied: true},
			{Name: mend.Undo, Summary: "undo what is there", SQL: []string{}, Version: 1, Row: 2, Refused: "line 1 has no way back"},
		},
	}
	return Checkup{
		Database: "database.orders", Environment: "dev",
		Complaints: []Complaint{
			{Code: "dirty", Summary: "Version 2 is marked dirty", Diagnosis: &d, Does: []string{}, Next: []string{"lockstep repair orders --env dev --finish"}},
			{Code: "invalid-index", Summary: "Index i of t is INVALID", Does: []string{"DROP INDEX CONCURRENTLY i"}},
		},
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	for columns, name := range map[int]string{80: "repair_80.txt", 120: "repair.txt"} {
		out, buf := screen(columns)
		if err := (Repair{Out: out}).Text(checkup()); err != nil {
			t.Fatal(err)
		}
		fits(t, columns, buf.Bytes())
		golden(t, name, buf.Bytes())
	}
	out, buf := screen(100)
	chosen := checkup()
	chosen.Way = &chosen.Complaints[0].Diagnosis.Ways[0]
	if err := (Repair{Out: out}).JSON(chosen); err != nil || !json.Valid(buf.Bytes()) {
		t.Fatal(err)
	}
	golden(t, "repair.json", buf.Bytes())
	out, buf = screen(100)
	if err := (Repair{Out: out}).Text(Checkup{Database: "database.orders", Environment: "dev"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "repair_healthy.txt", buf.Bytes())
}
