package postgres_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// left is what a tool left in testdata/adopt, and what becomes of it.
type left struct {
	folder  string
	tool    adopt.Tool
	table   string // the database block's; schema_migrations when empty
	rows    string // version, name, verified, by
	files   string
	renamed string
	leftOut int
}

func leftovers() []left {
	return []left{
		{
			folder: "goose", tool: adopt.Goose, rows: "1 users false; 20240102030405 note false",
			files: "00001_users.up.sql 00001_users.down.sql 20240102030405_note.up.sql 20240102030405_note.down.sql 20250102030405_pending.up.sql",
		},
		{
			folder: "dbmate", tool: adopt.Dbmate, table: "own_migrations", rows: "20240101000000 a false; 20240201000000 b false",
			files: "20240101000000_a.up.sql 20240101000000_a.down.sql 20240201000000_b.up.sql 20240201000000_b.down.sql",
		},
		{
			folder: "liquibase", tool: adopt.Liquibase, rows: "1 alice_1 true; 2 bob_add-col true",
			files:   "0001_alice_1.up.sql 0001_alice_1.down.sql 0002_bob_add-col.up.sql 0002_bob_add-col.down.sql",
			renamed: "alice:1=1 bob:add-col=2",
		},
		{
			folder: "flyway", tool: adopt.Flyway, rows: "1000 create_f true app; 1001 add_name true app; 1010 index true app",
			files:   "1000_create_f.up.sql 1001_add_name.up.sql 1001_add_name.down.sql 1010_index.up.sql 2000_later.up.sql",
			renamed: "1=1000 1.1=1001 1.10=1010 2=2000", leftOut: 1,
		},
		{
			folder: "atlas", tool: adopt.Atlas, rows: "20240101000000 first true; 20240102000000 migration true",
			files: "20240101000000_first.up.sql 20240102000000_migration.up.sql",
		},
	}
}

func (b *bench) databaseBlock(table string) json.RawMessage {
	if table == "" {
		table = database.DefaultTable
	}
	return json.RawMessage(fmt.Sprintf(`{"name":"main","driver":"postgres","url":%q,"migrations":"m","table":%q}`, b.url, table))
}

func (b *bench) survey(table string) database.ToolSurvey {
	b.t.Helper()
	seen, err := postgres.New().SurveyTools(b.t.Context(), b.databaseBlock(table))
	if err != nil {
		b.t.Fatal(err)
	}
	return seen
}

func (b *bench) load(file string) {
	b.t.Helper()
	dump, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	b.exec(string(dump))
}

func (l left) sources(t *testing.T) []adopt.Source {
	t.Helper()
	var sources []adopt.Source
	folder := os.DirFS("testdata/adopt/" + l.folder + "/files")
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		sources = append(sources, adopt.Source{Path: name, Bytes: content})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func (l left) assess(t *testing.T, seen database.ToolSurvey) adopt.Adoption {
	t.Helper()
	own := l.table
	if own == "" {
		own = database.DefaultTable
	}
	sighting, problems := adopt.Recognise(seen.Tables, own, seen.State.Covers())
	if sighting == nil || sighting.Tool != l.tool || len(problems) > 0 {
		t.Fatalf("recognised %+v, %v", sighting, problems)
	}
	known := map[uint64]plans.Digest{}
	for _, r := range seen.State.Applied() {
		known[r.Version] = r.Up
	}
	return adopt.Assess(adopt.Evidence{Sighting: *sighting, Sources: l.sources(t), From: "files", Folder: "m", Known: known})
}

func (l left) compare(t *testing.T, a adopt.Adoption) {
	t.Helper()
	if len(a.Problems) != 0 || len(a.LeftOut) != l.leftOut {
		t.Fatalf("problems %v, left out %v", a.Problems, a.LeftOut)
	}
	var rows, files, renamed []string
	for _, e := range a.Entries {
		rows = append(rows, strings.TrimSpace(fmt.Sprint(e.Version, " ", e.Name, " ", e.Verified, " ", e.By)))
		if e.AppliedAt == "" && l.tool != adopt.Dbmate {
			t.Errorf("version %d has no time", e.Version)
		}
	}
	for _, f := range a.Files {
		files = append(files, f.Name)
	}
	for _, r := range a.Renamed {
		renamed = append(renamed, fmt.Sprintf("%s=%d", r.Was, r.Version))
	}
	for what, pair := range map[string][2]string{
		"rows":    {strings.Join(rows, "; "), l.rows},
		"files":   {strings.Join(files, " "), l.files},
		"renamed": {strings.Join(renamed, " "), l.renamed},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s\ngot  %s\nwant %s", what, pair[0], pair[1])
		}
	}
}

// Each tool's database is recognised, converted, entered, and after that there
// is nothing left to enter; the tool's own table stays as it was.
func TestDatabasesOfOtherToolsAreTakenOver(t *testing.T) {
	t.Parallel()
	for _, l := range leftovers() {
		t.Run(l.folder, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.load("testdata/adopt/" + l.folder + "/dump.sql")
			seen := b.survey(l.table)
			adoption := l.assess(t, seen)
			l.compare(t, adoption)
			req := database.AdoptRequest{Settings: b.databaseBlock(l.table), Adoption: adoption, Seen: seen, Actor: "alice", Say: func(string) {}}
			if err := postgres.New().Adopt(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			after := b.survey(l.table)
			if again := l.assess(t, after); len(again.Entries) != 0 {
				t.Errorf("not everything is known after the import: %+v", again.Entries)
			}
			if after.State.Version != adoption.Version || len(after.State.History) != len(adoption.Entries) {
				t.Errorf("version %d, %d rows; want %d, %d", after.State.Version, len(after.State.History), adoption.Version, len(adoption.Entries))
			}
			for _, r := range after.State.History {
				if r.Run != database.ImportRun || !strings.HasPrefix(r.Step, "import from "+string(l.tool)) || !r.Up.Valid() || r.Canonical == "" {
					t.Errorf("row %+v", r)
				}
			}
			if err := postgres.New().Adopt(t.Context(), req); !errors.Is(err, database.ErrMovedOn) {
				t.Errorf("an import of what was seen before: %v", err)
			}
		})
	}
}

// An edit of a file that its tool has a checksum of is found.
func TestEditedFilesOfOtherToolsAreFound(t *testing.T) {
	t.Parallel()
	for _, l := range leftovers() {
		if l.tool == adopt.Goose || l.tool == adopt.Dbmate {
			continue // they keep none
		}
		t.Run(l.folder, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.load("testdata/adopt/" + l.folder + "/dump.sql")
			seen := b.survey(l.table)
			sighting, _ := adopt.Recognise(seen.Tables, database.DefaultTable, false)
			sources := l.sources(t)
			for i, s := range sources {
				if strings.HasSuffix(s.Path, ".sql") && !strings.HasPrefix(s.Path, "R") && !strings.HasPrefix(s.Path, "U") {
					sources[i].Bytes = []byte(strings.Replace(string(s.Bytes), " int", " bigint", 1))
				}
			}
			a := adopt.Assess(adopt.Evidence{Sighting: *sighting, Sources: sources, From: "files", Folder: "m"})
			if len(a.Problems) == 0 || !strings.Contains(a.Problems[0].What, "edited") {
				t.Errorf("problems: %v", a.Problems)
			}
		})
	}
}
