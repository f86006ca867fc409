package adopt

import (
	"strings"
	"testing"
)

// columns reads "name type, name type".
func columns(text string) []Column {
	var list []Column
	for _, c := range strings.Split(text, ", ") {
		name, kind, _ := strings.Cut(c, " ")
		list = append(list, Column{name, kind})
	}
	return list
}

const (
	migrateColumns = "version bigint, dirty boolean"
	varcharColumn  = "version character varying"
	gooseColumns   = "id integer, version_id bigint, is_applied boolean, tstamp timestamp without time zone"
)

func TestRecognise(t *testing.T) {
	t.Parallel()
	one := []Row{{"version": "1", "dirty": "false"}}
	migrate := Table{Name: "schema_migrations", Columns: columns(migrateColumns), Rows: one}
	for _, c := range []struct {
		name    string
		tables  []Table
		ours    bool
		tool    Tool
		problem string
	}{
		{"nothing", nil, false, "", ""},
		{"golang-migrate", []Table{migrate}, false, GolangMigrate, ""},
		{"golang-migrate on SQLite", []Table{{Name: "schema_migrations", Columns: columns("version uint64, dirty bool"), Rows: one}}, false, GolangMigrate, ""},
		{"golang-migrate's under another name", []Table{{Name: "my_versions", Columns: columns(migrateColumns), Rows: one}}, false, "", `table = "my_versions"`},
		{"dbmate", []Table{{Name: "schema_migrations", Columns: columns(varcharColumn)}}, false, Dbmate, ""},
		{"dbmate before 2.30", []Table{{Name: "schema_migrations", Columns: []Column{{"version", "character varying(128)"}}}}, false, Dbmate, ""},
		{"Rails", []Table{
			{Name: "ar_internal_metadata", Columns: columns("key text, value text, created_at x, updated_at x")},
			{Name: "schema_migrations", Columns: columns(varcharColumn)},
		}, false, "", "Rails"},
		{"Rails, and a baseline that was marked as applied", []Table{
			{Name: "ar_internal_metadata", Columns: columns("key text, value text, created_at x, updated_at x")},
			{Name: "schema_migrations", Columns: columns(varcharColumn)},
			{Name: "own", Columns: columns(migrateColumns), Rows: one},
		}, false, GolangMigrate, ""},
		{"Ecto", []Table{{Name: "schema_migrations", Columns: columns("version bigint, inserted_at timestamp")}}, false, "", "Ecto"},
		{"goose under another name", []Table{{Name: "gv", Columns: columns(gooseColumns)}}, false, Goose, ""},
		{"goose and an empty version table", []Table{{Name: "goose_db_version", Columns: columns(gooseColumns)}, {Name: "schema_migrations", Columns: columns(migrateColumns)}}, false, Goose, ""},
		{"goose and Lockstep's own version table", []Table{{Name: "goose_db_version", Columns: columns(gooseColumns)}, migrate}, true, Goose, ""},
		{"goose and golang-migrate", []Table{{Name: "goose_db_version", Columns: columns(gooseColumns)}, migrate}, false, "", "several tools"},
		{"unknown shape", []Table{{Name: "schema_migrations", Columns: columns("bird text")}}, false, "", "no known tool"},
		{"tern", []Table{{Name: "schema_version", Columns: columns("version integer")}}, false, "", "tern"},
		{"sqitch", []Table{{Schema: "sqitch", Name: "changes", Columns: columns("change_id text, script_hash text, change text, project text, note text, planner_name text")}}, false, "", "sqitch"},
		{"Alembic", []Table{{Name: "alembic_version", Columns: columns("version_num text")}}, false, "", "Alembic"},
		{"a user's table", []Table{{Name: "versions", Columns: columns("version text")}}, false, "", ""},
	} {
		own := "schema_migrations"
		if len(c.tables) == 3 {
			own = "own"
		}
		sighting, problems := Recognise(c.tables, own, c.ours)
		var tool Tool
		if sighting != nil {
			tool = sighting.Tool
		}
		text := ""
		for _, p := range problems {
			text += p.Error()
			if p.Fix == "" {
				t.Errorf("%s: no fix", c.name)
			}
		}
		if tool != c.tool || !strings.Contains(text, c.problem) || (c.problem == "") != (text == "") {
			t.Errorf("%s: got %q %q, want %q %q", c.name, tool, text, c.tool, c.problem)
		}
	}
}

func TestGooseRecordsKeepTheNewestRow(t *testing.T) {
	t.Parallel()
	rows := []Row{
		{"id": "4", "version_id": "2", "is_applied": "false"},
		{"id": "1", "version_id": "0", "is_applied": "true"},
		{"id": "2", "version_id": "1", "is_applied": "true", "tstamp": "x"},
		{"id": "3", "version_id": "2", "is_applied": "true"},
		{"id": "10", "version_id": "3", "is_applied": "1"},
	}
	var keys []string
	for _, r := range gooseRecords(rows) {
		keys = append(keys, r.key)
	}
	if got := strings.Join(keys, " "); got != "1 3" {
		t.Errorf("applied: %s", got)
	}
}

func assess(tool Tool, rows []Row, sources ...Source) Adoption {
	return Assess(Evidence{Sighting: Sighting{tool, Table{Name: "t", Rows: rows}}, Sources: sources, From: "from", Folder: "migrations"})
}

func TestAssessRefuses(t *testing.T) {
	t.Parallel()
	file := func(name, text string) Source { return Source{name, []byte(text)} }
	for _, c := range []struct {
		name     string
		adoption Adoption
		problem  string
	}{
		{"goose in Go", assess(Goose, nil, file("1_a.go", "package m")), "in Go"},
		{"goose without its file", assess(Goose, []Row{{"version_id": "7", "is_applied": "true"}}), "no file has it"},
		{"goose broken", assess(Goose, nil, file("1_a.sql", "-- +goose Up\nSELECT 'x;\n")), "1_a.sql"},
		{"goose without SQL", assess(Goose, nil, file("1_a.sql", "-- +goose Up\n-- nothing\n")), errNoSQL.Error()},
		{"goose twice", assess(Goose, nil, file("1_a.sql", "-- +goose Up\nA;"), file("01_b.sql", "-- +goose Up\nB;")), "both have version 1"},
		{"goose version 0", assess(Goose, nil, file("0_a.sql", "-- +goose Up\nA;")), `version "0"`},
		{"Flyway failed", assess(Flyway, []Row{{"version": "1", "success": "false"}}), "failed"},
		{"Flyway in Java", assess(Flyway, []Row{{"version": "1", "type": "JDBC", "success": "true"}}), "not SQL"},
		{"Flyway with placeholders", assess(Flyway, nil, file("V1__a.sql", "SELECT '${x}';")), "placeholders"},
		{"Flyway twice", assess(Flyway, nil, file("V1__a.sql", "A;"), file("V1.0__b.sql", "B;")), "both have version"},
		{"Atlas failed", assess(Atlas, []Row{{"version": "1", "applied": "1", "total": "2"}}), "1 of 2 statements"},
		{"Atlas checkpoint", assess(Atlas, nil, file("1_a.sql", "-- atlas:checkpoint\n\nA;")), "checkpoint"},
		{"Atlas sum", assess(Atlas, nil, file("1_a.sql", "A;"), file("atlas.sum", "h1:x\n1_a.sql h1:y\n")), "not as atlas.sum says"},
		{"Liquibase with a context", assess(Liquibase, nil, file("a.sql", "--liquibase formatted sql\n--changeset a:1 context:x\nA;")), "context:x"},
		{"Liquibase twice", assess(Liquibase, nil, file("a.sql", "--liquibase formatted sql\n--changeset a:1\nA;\n--changeset a:1\nB;")), "twice"},
		{"Liquibase skipped", assess(Liquibase, []Row{{"id": "1", "author": "a", "exectype": "FAILED"}}), "FAILED"},
		{"dbmate too long", assess(Dbmate, nil, file("99999999999999999999_a.sql", "-- migrate:up\nA;")), "version"},
	} {
		text := ""
		for _, p := range c.adoption.Problems {
			text += p.Error() + "\n"
		}
		if !strings.Contains(text, c.problem) {
			t.Errorf("%s: problems %q, want %q", c.name, text, c.problem)
		}
	}
}

// A baseline stands for what lies below it; the files below are taken as
// applied, those above are not.
func TestFlywayBaseline(t *testing.T) {
	t.Parallel()
	files := []Source{{"V1__a.sql", []byte("A;")}, {"V2__b.sql", []byte("B;")}, {"V3__c.sql", []byte("C;")}, {"V4__d.sql", []byte("D;")}}
	rows := []Row{
		{"installed_rank": "1", "version": "2", "type": "BASELINE", "success": "true"},
		{"installed_rank": "2", "version": "3", "type": "SQL", "success": "true", "checksum": flywayChecksum([]byte("C;"))},
		{"installed_rank": "3", "version": "4", "type": "SQL", "success": "true", "checksum": "0"},
		{"installed_rank": "4", "version": "4", "type": "UNDO_SQL", "success": "true"},
	}
	a := assess(Flyway, rows, files...)
	var got []string
	for _, e := range a.Entries {
		got = append(got, e.Name)
	}
	if len(a.Problems) > 0 || strings.Join(got, " ") != "a b c" || a.Version != 3 {
		t.Errorf("entries %v, version %d, problems %v", got, a.Version, a.Problems)
	}
	if alone := assess(Flyway, rows[:1]); len(alone.Entries) != 1 || alone.Entries[0].Name != "(baseline)" || alone.Entries[0].Up != "" {
		t.Errorf("a baseline without a file: %+v, %v", alone.Entries, alone.Problems)
	}
}

// Atlas's checksums go on from file to file: of one edit, one file is told.
func TestAtlasNamesTheFirstFileThatDiffers(t *testing.T) {
	t.Parallel()
	files := []Source{{"1_a.sql", []byte("A;")}, {"2_b.sql", []byte("B;")}, {"3_c.sql", []byte("C;")}}
	var rows []Row
	for i, s := range files {
		rows = append(rows, Row{"version": s.Path[:1], "applied": "1", "total": "1", "hash": atlasSums(files[:i+1])[s.Path]})
	}
	if a := assess(Atlas, rows, files...); len(a.Problems) != 0 || len(a.Entries) != 3 {
		t.Fatalf("problems %v", a.Problems)
	}
	files[1].Bytes = []byte("B2;")
	if a := assess(Atlas, rows, files...); len(a.Problems) != 1 || !strings.HasPrefix(a.Problems[0].What, "2_b.sql or a file before it was edited") {
		t.Errorf("problems %v", a.Problems)
	}
	if a := assess(Atlas, rows, files[0], files[2]); len(a.Problems) != 1 || !strings.Contains(a.Problems[0].What, "applied 2, and no file has it") {
		t.Errorf("problems %v", a.Problems)
	}
}
