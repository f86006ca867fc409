package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/sqlite"
)

// victimVariable makes the test binary a process that applies the request in
// the named file, in order to be killed.
const victimVariable = "LOCKSTEP_TEST_VICTIM"

func TestMain(m *testing.M) {
	if file := os.Getenv(victimVariable); file != "" {
		if err := victim(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type order struct {
	Folder   string
	Run      string
	Step     plans.Step
	Settings json.RawMessage
	Blobs    map[plans.Digest][]byte
}

func victim(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(raw, &o); err != nil {
		return err
	}
	_, err = sqlite.New(o.Folder).Apply(context.Background(), providers.Request{
		Run: o.Run, Step: o.Step, Settings: o.Settings,
		Blob: func(d plans.Digest) ([]byte, error) { return o.Blobs[d], nil },
	})
	return err
}

// bench is one database file under test and the files that requests name.
type bench struct {
	t      *testing.T
	folder string
	db     *sql.DB
	blobs  map[plans.Digest][]byte
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, folder: t.TempDir(), blobs: map[plans.Digest][]byte{}}
	var err error
	if b.db, err = sql.Open("sqlite", "file:"+b.file()+"?_pragma=busy_timeout(5000)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) file() string { return filepath.Join(b.folder, "app.db") }

func (b *bench) provider() *sqlite.Provider { return sqlite.New(b.folder) }

const target = `{"name":"app","driver":"sqlite","url":"sqlite://app.db","migrations":"m","table":"schema_migrations","lock_timeout":"300ms","statement_timeout":"1m"}`

func (b *bench) blob(text string) plans.Digest {
	if text == "" {
		return ""
	}
	d := plans.DigestOf([]byte(text))
	b.blobs[d] = []byte(text)
	return d
}

func (b *bench) step(version int, up, down string) providers.Request {
	name := fmt.Sprintf("%04d_step", version)
	inputs := []plans.Input{{Role: "up", Path: "m/" + name + ".up.sql", Digest: b.blob(up)}}
	if down != "" {
		inputs = append(inputs, plans.Input{Role: "down", Path: "m/" + name + ".down.sql", Digest: b.blob(down)})
	}
	return providers.Request{
		Run: "r1", Actor: "alice", Settings: json.RawMessage(`{"database":` + target + `,"version":7,"timeout":null}`),
		Step: plans.Step{
			Address: fmt.Sprintf("migration.app[%q]", name), Phase: plans.Expand, Action: plans.ActionMigrate, Inputs: inputs,
			Migration: &plans.Migration{
				Database: "database.app", Version: strconv.Itoa(version), Name: "step", Class: plans.ClassExpand,
				Mode: "transaction", Up: b.blob(up), Down: b.blob(down),
			},
		},
		Blob: func(d plans.Digest) ([]byte, error) {
			if content, ok := b.blobs[d]; ok {
				return content, nil
			}
			return nil, errors.New("not in the bundle")
		},
	}
}

func (b *bench) apply(req providers.Request) providers.Result {
	b.t.Helper()
	result, err := b.provider().Apply(b.t.Context(), req)
	if err != nil {
		b.t.Fatalf("apply %s: %v", req.Step.Address, err)
	}
	return result
}

func (b *bench) rollback(req providers.Request) {
	b.t.Helper()
	if _, err := b.provider().Rollback(b.t.Context(), req); err != nil {
		b.t.Fatalf("roll back %s: %v", req.Step.Address, err)
	}
}

func (b *bench) verdict(req providers.Request, want providers.Verdict) {
	b.t.Helper()
	report, err := b.provider().Probe(b.t.Context(), req)
	if err != nil || report.Verdict != want {
		b.t.Fatalf("probe %s: got %q (%s), %v; want %q", req.Step.Address, report.Verdict, report.Detail, err, want)
	}
}

func (b *bench) observe() providers.Observed {
	b.t.Helper()
	got, err := b.provider().Observe(b.t.Context(), providers.ObserveRequest{Address: "database.app", Settings: json.RawMessage(target)})
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

func (b *bench) exec(query string) {
	b.t.Helper()
	if _, err := b.db.ExecContext(context.Background(), query); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

// get returns one text column, one line a row.
func (b *bench) get(query string) string {
	b.t.Helper()
	rows, err := b.db.QueryContext(context.Background(), query)
	if err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line sql.NullString
		if err := rows.Scan(&line); err != nil {
			b.t.Fatal(err)
		}
		lines = append(lines, line.String)
	}
	if err := rows.Err(); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(lines, "\n")
}

func (b *bench) want(query, want string) {
	b.t.Helper()
	if got := b.get(query); got != want {
		b.t.Fatalf("%s\ngot  %q\nwant %q", query, got, want)
	}
}

// signature is the schema and the books, without clocks.
func (b *bench) signature() string {
	out := b.get(`SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master
		WHERE name NOT LIKE 'lockstep%' AND name NOT LIKE 'sqlite%' AND name NOT IN ('schema_migrations', 'version_unique') ORDER BY 1`)
	for _, columns := range []string{"version || ' ' || dirty FROM schema_migrations", "version || ' ' || up_digest FROM lockstep_history ORDER BY 1"} {
		_, table, _ := strings.Cut(columns, "FROM ")
		table, _, _ = strings.Cut(table, " ")
		if b.get(`SELECT count(*) FROM sqlite_master WHERE name = '`+table+`'`) == "1" {
			out += "\n" + b.get("SELECT "+columns)
		}
	}
	return out
}

// slow makes the migration of the conformance suite last until it is fast
// again: its work is a count that a table sets.
func (b *bench) slow(t *testing.T) (underWay, release func()) {
	t.Helper()
	b.exec("UPDATE pace SET n = 100000000000")
	return func() { b.awaitLock(t) }, func() { b.exec("UPDATE pace SET n = 1") }
}

// awaitLock returns when another process or connection is writing.
func (b *bench) awaitLock(t *testing.T) {
	t.Helper()
	probe, err := sql.Open("sqlite", "file:"+b.file()+"?_pragma=busy_timeout(0)")
	if err != nil {
		t.Error(err)
		return
	}
	defer probe.Close()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := probe.ExecContext(context.Background(), "BEGIN IMMEDIATE; ROLLBACK"); err != nil {
			return
		}
	}
	t.Error("the migration never began")
}

// kill runs the request in a process of its own and kills it half-way.
func (b *bench) kill(t *testing.T, req providers.Request) {
	t.Helper()
	underWay, release := b.slow(t)
	raw, err := json.Marshal(order{b.folder, req.Run, req.Step, req.Settings, b.blobs})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "order.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	underWay()
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it was killed
	release()
}
