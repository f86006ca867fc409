package pgclass_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"
	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// huntVariable asks for that many draws by a new seed, where a run by itself
// tries the same few ones:
//
//	LOCKSTEP_TEST_HUNT=5000 go test -run TestOldCodeSurvivesExpand -timeout=2h ./internal/pgclass
const huntVariable = "LOCKSTEP_TEST_HUNT"

func seed() {
	settings := map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true"}
	if checks := os.Getenv(huntVariable); checks != "" {
		settings = map[string]string{"rapid.checks": checks}
	}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// probe runs statements of the application, each on the state before them all,
// and tells what each said: its error, or a digest of its rows.
const probe = `
CREATE SCHEMA probe;
GRANT USAGE ON SCHEMA probe TO app;
CREATE FUNCTION probe.tell(statements text[]) RETURNS text[] LANGUAGE plpgsql AS $tell$
DECLARE
	s text; said text; told text[] := '{}';
BEGIN
	FOREACH s IN ARRAY statements LOOP
		BEGIN
			said := '';
			IF s LIKE 'SELECT%' THEN
				EXECUTE 'SELECT coalesce(string_agg(q::text, '','' ORDER BY q::text), '''') FROM (' || s || ') q' INTO said;
			ELSE
				EXECUTE s;
				SET CONSTRAINTS ALL IMMEDIATE;
			END IF;
			RAISE EXCEPTION USING ERRCODE = 'LS000';
		EXCEPTION WHEN OTHERS THEN
			told := told || CASE WHEN SQLSTATE = 'LS000' THEN 'rows ' || said ELSE 'error ' || SQLSTATE || ' ' || SQLERRM END;
		END;
	END LOOP;
	RETURN told;
END $tell$;
`

// TestOldCodeSurvivesExpand: after files that are judged expand, and neutral
// ones between them, on a server all works that worked before, and queries
// give the same rows.
func TestOldCodeSurvivesExpand(t *testing.T) {
	t.Parallel()
	db := connect(t, role)
	kept, all := map[plans.Class]int{}, 0
	rapid.Check(t, func(r *rapid.T) {
		s := survival{t: t, r: r, counts: kept}
		var err error
		if s.tx, err = db.BeginTx(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.tx.Rollback() }()
		s.begin(drawWorld(r))
		for range rapid.IntRange(1, 4).Draw(r, "change sets") {
			all += s.changeSet()
		}
	})
	t.Logf("%d files were drawn, and of those with a class: %v", all, kept)
}

// survival is one world and what becomes of it.
type survival struct {
	t             *testing.T
	r             *rapid.T
	tx            *sql.Tx
	released, now *pgschema.Schema
	script        []string // of the files that were kept
	works         []string // statements of the application
	told          []string // what they said before any file
	counts        map[plans.Class]int
}

func (s *survival) begin(w world) {
	s.run(w.folder + w.beside + w.rows + probe + grants)
	s.released = pgschema.New()
	for _, st := range s.read(w.folder) {
		s.released.Apply(st)
	}
	s.now = s.released.Clone()
	s.script = []string{w.folder + "\n-- made by hand" + w.beside + w.rows}
	for i, said := range s.tell(worldCode()) {
		if !strings.HasPrefix(said, "error ") {
			s.works, s.told = append(s.works, worldCode()[i]), append(s.told, said)
		}
	}
}

// changeSet draws files, and takes them all back in the end.
func (s *survival) changeSet() (files int) {
	script := s.script
	s.run("SAVEPOINT world")
	for range rapid.IntRange(1, 3).Draw(s.r, "files") {
		s.file()
		files++
	}
	s.run("ROLLBACK TO SAVEPOINT world")
	s.now, s.script = s.released.Clone(), script
	return files
}

// file draws a file. One that is for before the deployment is kept.
func (s *survival) file() {
	s.run("SAVEPOINT file")
	text := s.possible()
	if text == "" {
		return
	}
	now := s.now.Clone()
	_, v := pgclass.Advance(s.read(text), s.released, now)
	s.counts[v.Class]++
	if v.Class != plans.ClassExpand && v.Class != plans.ClassNeutral {
		s.run("ROLLBACK TO SAVEPOINT file")
		s.split(v, text)
		return
	}
	s.run("RESET search_path")
	s.now, s.script = now, append(s.script, "-- "+string(v.Class)+": "+v.Reason+"\n"+text)
	s.survives()
}

// split runs the files that are printed instead, until those that are for after
// the deployment, and leaves nothing of them.
func (s *survival) split(v pgclass.Verdict, text string) {
	if v.Class != plans.ClassSplit {
		return
	}
	if len(v.Split) == 0 {
		s.r.Fatalf("%s\n\n%s\nmust be split (%s), and no file is printed", strings.Join(s.script, "\n"), text, v.Reason)
	}
	script := s.script
	s.script = append(slices.Clip(script), "-- split: "+v.Reason+"\n-- "+text)
	for _, f := range v.Split {
		if f.Phase == "contract" || strings.Contains(f.SQL, " ADD VALUE ") { // a value has to be committed before it is used
			break
		}
		s.script = append(s.script, "-- "+f.Name+"\n"+f.SQL)
		s.runPrinted(f.SQL)
		s.survives()
	}
	s.run("ROLLBACK TO SAVEPOINT file")
	s.script = script
}

// settled checks what is put off, as each file has a transaction of its own.
const settled = `DO $$ DECLARE c record; BEGIN
	FOR c IN SELECT DISTINCT nspname, conname FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace WHERE condeferred LOOP
		EXECUTE format('SET CONSTRAINTS %I.%I IMMEDIATE; SET CONSTRAINTS %I.%I DEFERRED', c.nspname, c.conname, c.nspname, c.conname);
	END LOOP; END $$`

// runPrinted runs a file that somebody has copied, and grants what it asks for.
func (s *survival) runPrinted(text string) {
	s.run(settled)
	if _, err := s.tx.ExecContext(s.t.Context(), strings.ReplaceAll(text, "CONCURRENTLY ", "")); err != nil {
		s.r.Fatalf("%s\n\nthe server refuses it: %v", strings.Join(s.script, "\n"), err)
	}
	s.run("RESET search_path")
	s.run(granted)
}

// survives asks the application.
func (s *survival) survives() {
	for i, said := range s.tell(s.works) {
		if said != s.told[i] {
			s.r.Fatalf("%s\n\n%s\nsaid %q\nand says %q", strings.Join(s.script, "\n"), s.works[i], s.told[i], said)
		}
	}
}

// possible draws statements and leaves those out that the server refuses.
func (s *survival) possible() string {
	var texts []string
	for range rapid.IntRange(1, 4).Draw(s.r, "statements") {
		text := drawStatement(s.r)
		s.run("SAVEPOINT one")
		if _, err := s.tx.ExecContext(s.t.Context(), text); err != nil {
			s.run("ROLLBACK TO SAVEPOINT one")
			continue
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ";\n")
}

func (s *survival) read(text string) []pgsyntax.Statement {
	statements, err := pgsyntax.Read([]byte(text))
	if err != nil {
		s.r.Fatalf("%v in %s", err, text)
	}
	return statements
}

func (s *survival) run(text string) {
	if _, err := s.tx.ExecContext(s.t.Context(), text); err != nil {
		s.r.Fatalf("%v in %.3000s", err, text)
	}
}

func (s *survival) tell(statements []string) (told []string) {
	s.run("SET LOCAL ROLE app")
	row := s.tx.QueryRowContext(s.t.Context(), "SELECT probe.tell($1)", pq.Array(statements))
	if err := row.Scan(pq.Array(&told)); err != nil {
		s.r.Fatal(fmt.Errorf("the application cannot be asked: %w", err))
	}
	s.run("RESET ROLE")
	return told
}
