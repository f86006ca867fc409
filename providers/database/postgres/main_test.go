package postgres_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

var cluster = pgtest.NewCluster(pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "5"}})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// bench is one database under test and the files that its requests name.
type bench struct {
	t     *testing.T
	url   string
	db    *sql.DB
	blobs map[plans.Digest][]byte
	lines []string // what the steps said
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchAt(t, cluster.Database(t))
}

// newBenchAt is a bench at a database of another server than the one that all
// tests share.
func newBenchAt(t *testing.T, url string) *bench {
	t.Helper()
	b := &bench{t: t, url: url, blobs: map[plans.Digest][]byte{}}
	var err error
	if b.db, err = sql.Open("postgres", b.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) settings(extra string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"database":{"name":"orders","driver":"postgres","url":%q,"migrations":"m","table":"schema_migrations","lock_timeout":"300ms","statement_timeout":"1m"},"version":7,"timeout":null%s}`, b.url, extra))
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
		Settings: b.settings(""),
		Step: plans.Step{
			Address: fmt.Sprintf("migration.orders[%q]", name), Phase: plans.Expand, Action: plans.ActionMigrate, Inputs: inputs,
			Migration: &plans.Migration{
				Database: "database.orders", Version: strconv.Itoa(version), Name: "step", Class: plans.ClassExpand,
				Mode: "transaction", Up: b.blob(up), Down: b.blob(down),
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

func (b *bench) apply(req providers.Request) providers.Result {
	b.t.Helper()
	result, err := postgres.New().Apply(b.t.Context(), req)
	if err != nil {
		b.t.Fatalf("apply %s: %v", req.Step.Address, err)
	}
	return result
}

func (b *bench) rollback(req providers.Request) {
	b.t.Helper()
	if _, err := postgres.New().Rollback(b.t.Context(), req); err != nil {
		b.t.Fatalf("roll back %s: %v", req.Step.Address, err)
	}
}

func (b *bench) verdict(req providers.Request, want providers.Verdict) {
	b.t.Helper()
	report, err := postgres.New().Probe(b.t.Context(), req)
	if err != nil || report.Verdict != want {
		b.t.Fatalf("probe %s: got %q (%s), %v; want %q", req.Step.Address, report.Verdict, report.Detail, err, want)
	}
}

func (b *bench) observe() *plans.DatabaseState {
	b.t.Helper()
	var block struct {
		Database json.RawMessage `json:"database"`
	}
	if err := json.Unmarshal(b.settings(""), &block); err != nil {
		b.t.Fatal(err)
	}
	got, err := postgres.New().Observe(b.t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: block.Database})
	if err != nil {
		b.t.Fatal(err)
	}
	if !strings.HasPrefix(got.Identity, "system ") || len(got.Informative) == 0 {
		b.t.Fatalf("identity %q, informative %s", got.Identity, got.Informative)
	}
	return got.Database
}

func (b *bench) exec(query string) {
	b.t.Helper()
	if _, err := b.db.ExecContext(context.Background(), query); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

// get returns the rows of a query as text, one line a row.
func (b *bench) get(query string) string {
	b.t.Helper()
	rows, err := b.db.QueryContext(context.Background(), `SELECT (x.*)::text FROM (`+query+`) x`)
	if err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			b.t.Fatal(err)
		}
		lines = append(lines, strings.Trim(line, "()"))
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
	tables := b.get(`SELECT c.relname, c.relkind, coalesce((SELECT indisvalid FROM pg_index i WHERE i.indexrelid = c.oid), true)
		FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'schema_migrations%' ORDER BY 1`)
	columns := b.get(`SELECT table_name, column_name, data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'schema_migrations' ORDER BY 1, 2`)
	version, history := "", ""
	if b.get(`SELECT to_regclass('public.schema_migrations') IS NOT NULL`) == "t" {
		version = b.get(`SELECT version, dirty FROM schema_migrations`)
	}
	if b.get(`SELECT to_regclass('lockstep.history') IS NOT NULL`) == "t" {
		history = b.get(`SELECT version, name, up_digest FROM lockstep.history ORDER BY 1`)
	}
	return strings.Join([]string{tables, columns, version, history}, "\n--\n")
}
