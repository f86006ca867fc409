package mysql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	migratedb "github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/internal/mysqltest"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
)

var cluster = mysqltest.NewCluster(mysqltest.Options{Settings: map[string]string{
	"performance-schema": "ON", "performance-schema-instrument": "wait/lock/metadata/sql/mdl=ON",
}})

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
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "lockstep-migrate-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	return cluster.Main(m)
}

type order struct {
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
	_, err = mysql.New().Apply(context.Background(), providers.Request{
		Run: o.Run, Step: o.Step, Settings: o.Settings,
		Blob: func(d plans.Digest) ([]byte, error) { return o.Blobs[d], nil },
	})
	return err
}

// kill runs the request in a process of its own, and kills that as soon as the
// condition is reached. The server goes on with what it is doing.
func (b *bench) kill(t *testing.T, req providers.Request, underWay func()) {
	t.Helper()
	raw, err := json.Marshal(order{req.Run, req.Step, req.Settings, b.blobs})
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
}

// bench is one database under test and the files that its requests name.
type bench struct {
	t     *testing.T
	url   string
	name  string
	db    *sql.DB
	blobs map[plans.Digest][]byte
	lines []string // what the steps said
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, url: cluster.Database(t), blobs: map[plans.Digest][]byte{}}
	b.name = b.url[strings.LastIndex(b.url, "/")+1:]
	var err error
	if b.db, err = sql.Open("mysql", strings.TrimPrefix(b.url, "mysql://")+"?multiStatements=true"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) database() json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":"orders","driver":"mysql","url":%q,"migrations":"m","table":"schema_migrations","lock_timeout":"1s","statement_timeout":"1m"}`, b.url))
}

func (b *bench) blob(text string) plans.Digest {
	if text == "" {
		return ""
	}
	d := plans.DigestOf([]byte(text))
	b.blobs[d] = []byte(text)
	return d
}

// step is one migration file: up and down SQL.
func (b *bench) step(version int, up, down string) providers.Request {
	name := fmt.Sprintf("%04d_step", version)
	inputs := []plans.Input{{Role: "up", Path: "m/" + name + ".up.sql", Digest: b.blob(up)}}
	if down != "" {
		inputs = append(inputs, plans.Input{Role: "down", Path: "m/" + name + ".down.sql", Digest: b.blob(down)})
	}
	return providers.Request{
		Run: "r1", Plan: plans.DigestOf([]byte("plan")), Actor: "alice", ChangeSet: "status", Environment: "dev",
		Settings: json.RawMessage(`{"database":` + string(b.database()) + `,"version":7,"timeout":null}`),
		Step: plans.Step{
			Address: fmt.Sprintf("migration.orders[%q]", name), Phase: plans.Expand, Action: plans.ActionMigrate, Inputs: inputs,
			Migration: &plans.Migration{
				Database: "database.orders", Version: strconv.Itoa(version), Name: "step", Class: plans.ClassExpand,
				Mode: "statement", Up: b.blob(up), Down: b.blob(down),
			},
		},
		Blob: func(d plans.Digest) ([]byte, error) {
			if content, ok := b.blobs[d]; ok {
				return content, nil
			}
			return nil, errors.New("not in the bundle")
		},
		Progress: func(line string) { b.lines = append(b.lines, line) },
	}
}

// rows is a step whose file changes rows alone.
func (b *bench) rows(version int, up, down string) providers.Request {
	req := b.step(version, up, down)
	req.Step.Migration.Mode, req.Step.Migration.Class = "transaction", plans.ClassData
	return req
}

func (b *bench) apply(req providers.Request) providers.Result {
	b.t.Helper()
	result, err := mysql.New().Apply(b.t.Context(), req)
	if err != nil {
		b.t.Fatalf("apply %s: %v", req.Step.Address, err)
	}
	return result
}

// refused applies a step that must fail with a message that has all parts.
func (b *bench) refused(req providers.Request, parts ...string) {
	b.t.Helper()
	_, err := mysql.New().Apply(b.t.Context(), req)
	if err == nil {
		b.t.Fatalf("apply %s succeeds", req.Step.Address)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			b.t.Errorf("apply %s: %v\nlacks %q", req.Step.Address, err, part)
		}
	}
}

func (b *bench) rollback(req providers.Request) {
	b.t.Helper()
	if _, err := mysql.New().Rollback(b.t.Context(), req); err != nil {
		b.t.Fatalf("roll back %s: %v", req.Step.Address, err)
	}
}

func (b *bench) verdict(req providers.Request, want providers.Verdict) {
	b.t.Helper()
	report, err := mysql.New().Probe(b.t.Context(), req)
	if err != nil || report.Verdict != want {
		b.t.Fatalf("probe %s: got %q (%s), %v; want %q", req.Step.Address, report.Verdict, report.Detail, err, want)
	}
}

func (b *bench) observe() (providers.Observed, error) {
	return mysql.New().Observe(b.t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: b.database()})
}

func (b *bench) exec(query string) {
	b.t.Helper()
	if _, err := b.db.ExecContext(context.Background(), query); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

// get returns the rows of a query with one text column, one line a row.
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
	return strings.Join(lines, "\n")
}

func (b *bench) want(query, want string) {
	b.t.Helper()
	if got := b.get(query); got != want {
		b.t.Fatalf("%s\ngot  %q\nwant %q", query, got, want)
	}
}

func (b *bench) tables() string {
	return b.get(`SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
		AND table_name NOT LIKE 'lockstep%' AND table_name <> 'schema_migrations' ORDER BY 1`)
}

// signature is the schema and the books, without clocks.
func (b *bench) signature() string {
	parts := []string{
		b.tables(),
		b.get(`SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable) FROM information_schema.columns
			WHERE table_schema = DATABASE() AND table_name NOT LIKE 'lockstep%' AND table_name <> 'schema_migrations' ORDER BY 1`),
		b.get(`SELECT CONCAT_WS(' ', table_name, index_name, column_name) FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name NOT LIKE 'lockstep%' AND table_name <> 'schema_migrations' ORDER BY 1`),
	}
	for table, columns := range map[string]string{"schema_migrations": "version, dirty", "lockstep_history": "version, name, up_digest"} {
		if b.get(`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '`+table+`'`) == "1" {
			parts = append(parts, table+": "+b.get(`SELECT CONCAT_WS(' ', `+columns+`) FROM `+table+` ORDER BY version`))
		}
	}
	slices.Sort(parts[3:])
	return strings.Join(parts, "\n--\n")
}

// await polls until the query counts more than nothing.
func (b *bench) await(t *testing.T, query string) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		var n int
		if err := b.db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
			t.Errorf("%s: %v", query, err)
			return
		}
		if n > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("never: %s", query)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// running waits until a statement of a step is under way in this database.
func (b *bench) running(t *testing.T, beginning string) {
	t.Helper()
	b.await(t, `SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE '`+beginning+`%'`)
}

// migrationLock is the name of golang-migrate's lock of this database.
func (b *bench) migrationLock() string {
	b.t.Helper()
	id, err := migratedb.GenerateAdvisoryLockId(b.name + ":schema_migrations")
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}
