package sqlite_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/sqlite"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

const slowUp = `CREATE TABLE step (id int);
INSERT INTO step WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < (SELECT n FROM pace)) SELECT count(*) FROM c;`

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Case{
		// Relative paths are not used here, so the folder does not matter.
		New: func(t *testing.T) providers.Provider { return sqlite.New(t.TempDir()) },
		Target: func(t *testing.T) providertest.Fixture {
			b := newBench(t)
			b.exec("CREATE TABLE pace (n int); INSERT INTO pace VALUES (1)")
			absolute := strings.ReplaceAll(target, "sqlite://app.db", "sqlite://"+b.file())
			first := b.step(1, "SELECT 1", "SELECT 1")
			b.apply(first)
			req := b.step(2, slowUp, "DROP TABLE step")
			return providertest.Fixture{
				Step: req.Step, Settings: json.RawMessage(`{"database":` + absolute + `}`), Blob: req.Blob,
				Observe:   providers.ObserveRequest{Address: "database.app", Settings: json.RawMessage(absolute)},
				Signature: func(*testing.T) string { return b.signature() },
				Interrupt: b.slow,
				Crash:     func(t *testing.T, _ providers.Provider, req providers.Request) { b.kill(t, req) },
				Break: func(t *testing.T) {
					b.db.Close()
					if err := os.WriteFile(b.file(), []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
						t.Fatal(err)
					}
				},
			}
		},
	})
}

func TestApplyAndRollBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := b.observe()
	if !seen.Database.Fresh || seen.Identity != "new file app.db" {
		t.Fatalf("%+v %+v", seen, seen.Database)
	}
	if _, err := os.Stat(b.file()); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("observing made the file: %v", err)
	}
	one := b.step(1, "CREATE TABLE a (id int); INSERT INTO a VALUES (1);", "DROP TABLE a")
	two := b.step(2, "CREATE TRIGGER g AFTER INSERT ON a BEGIN UPDATE a SET id = 2; END;", "DROP TRIGGER g")
	b.verdict(one, providers.Absent)
	if _, err := os.Stat(b.file()); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("probing made the file: %v", err)
	}
	b.apply(one)
	if r := b.apply(one); r.Changed {
		t.Errorf("%+v", r)
	}
	b.apply(two)
	seen = b.observe()
	s := seen.Database
	if s.Version != "2" || len(s.Applied) != 2 || s.Applied[0].Up != one.Step.Migration.Up || !strings.HasPrefix(seen.Identity, "file ") {
		t.Fatalf("%+v %+v", seen, s)
	}
	if _, err := time.Parse(time.RFC3339, s.Applied[0].At); err != nil {
		t.Error(err)
	}
	b.rollback(two)
	b.want("SELECT version FROM schema_migrations", "1")
	b.rollback(one)
	b.want("SELECT count(*) FROM schema_migrations", "0")
	if again := b.observe(); !again.Database.Fresh || again.Identity != seen.Identity {
		t.Errorf("%+v %+v", again, again.Database)
	}
}

func TestMissingFolderIsMadeByTheFirstMigration(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.folder = filepath.Join(b.folder, "not", "there")
	one := b.step(1, "CREATE TABLE a (id int);", "DROP TABLE a")
	b.verdict(one, providers.Absent)
	b.observe()
	if _, err := os.Stat(b.folder); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("looking made the folder: %v", err)
	}
	b.apply(one)
	b.verdict(one, providers.Done)
}

func TestFailureChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "CREATE TABLE a (id int);\n\nINSERT INTO nowhere VALUES (1);", "DROP TABLE a")
	_, err := b.provider().Apply(t.Context(), req)
	var bad *database.SQLError
	if !errors.As(err, &bad) || bad.Line != 3 || !strings.Contains(bad.Message, "no such table: nowhere") {
		t.Fatalf("got %v", err)
	}
	b.verdict(req, providers.Absent)
	b.want("SELECT count(*) FROM sqlite_master", "0")
}

func TestEmbeddedCommitIsCaught(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"CREATE TABLE a (id int); COMMIT", "CREATE TABLE a (id int); ROLLBACK; BEGIN", "RELEASE lockstep; SELECT 1"} {
		b := newBench(t)
		req := b.step(1, body, "DROP TABLE a")
		if _, err := b.provider().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "transaction") {
			t.Errorf("%s: got %v", body, err)
		}
		b.verdict(req, providers.Absent)
	}
}

func TestBusyFileIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "CREATE TABLE a (id int)", "DROP TABLE a"))
	tx, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	if _, err := tx.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	req := b.step(2, "ALTER TABLE a ADD b int", "ALTER TABLE a DROP b")
	req.Step.Timeout = plans.Duration(500 * time.Millisecond)
	if _, err := b.provider().Apply(t.Context(), req); !errors.Is(err, providers.ErrBlocked) {
		t.Errorf("got %v", err)
	}
	req.Step.Timeout = plans.Duration(time.Minute)
	said := make(chan string, 1)
	req.Progress = func(line string) { said <- line }
	ended := make(chan error, 1)
	go func() {
		_, err := b.provider().Apply(t.Context(), req)
		ended <- err
	}()
	if line := <-said; line != "waiting for another process that is writing app.db" {
		t.Errorf("said %q", line)
	}
	if _, err := tx.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.verdict(req, providers.Done)
}

func TestVacuumRunsOutsideOfATransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "CREATE TABLE a (id int)", "DROP TABLE a"))
	req := b.step(2, "VACUUM", "VACUUM")
	req.Step.Migration.Mode = "statement"
	b.apply(req)
	b.verdict(req, providers.Done)
	b.rollback(req)
	b.verdict(req, providers.Absent)
}

func TestURLs(t *testing.T) {
	t.Parallel()
	good := map[string]string{"sqlite://app.db": "", "sqlite:app.db": "", "sqlite3://app.db?x-no-tx-wrap=true": "", "sqlite://./app.db": ""}
	for u := range good {
		b := newBench(t)
		req := b.step(1, "CREATE TABLE a (id int)", "DROP TABLE a")
		req.Settings = json.RawMessage(strings.ReplaceAll(string(req.Settings), "sqlite://app.db", u))
		b.apply(req)
		b.want("SELECT count(*) FROM a", "0")
	}
	for _, u := range []string{"sqlite://", "app.db", "postgres://x:hunter22@y/z", "sqlite://:memory:"} {
		b := newBench(t)
		req := b.step(1, "CREATE TABLE a (id int)", "DROP TABLE a")
		req.Settings = json.RawMessage(strings.ReplaceAll(string(req.Settings), "sqlite://app.db", u))
		if _, err := b.provider().Apply(t.Context(), req); err == nil || strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), b.folder) {
			t.Errorf("%s: got %v", u, err)
		}
	}
}
