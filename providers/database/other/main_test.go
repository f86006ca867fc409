package other_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/golang-migrate/migrate/v4/database/sqlite" // a driver of golang-migrate on a real database

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/other"
)

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// bench is one database under test, reached by golang-migrate's driver.
type bench struct {
	t      *testing.T
	driver string
	url    string
	db     *sql.DB
	blobs  map[plans.Digest][]byte
}

// drivers are those that can be tried against real servers here.
func drivers(t *testing.T) map[string]func(t *testing.T) *bench {
	t.Helper()
	return map[string]func(t *testing.T) *bench{
		"sqlite": func(t *testing.T) *bench {
			file := filepath.Join(t.TempDir(), "app.db")
			return newBench(t, "sqlite", "sqlite://"+file, "file:"+file)
		},
		"redshift": func(t *testing.T) *bench { // PostgreSQL understands all that it says
			url := cluster.Database(t)
			return newBench(t, "redshift", "redshift"+strings.TrimPrefix(url, "postgres"), url)
		},
	}
}

func newBench(t *testing.T, driver, url, direct string) *bench {
	t.Helper()
	b := &bench{t: t, driver: driver, url: url, blobs: map[plans.Digest][]byte{}}
	name := "postgres"
	if driver == "sqlite" {
		name = "sqlite"
	}
	var err error
	if b.db, err = sql.Open(name, direct); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) provider() *other.Provider { return other.New(b.driver) }

func (b *bench) database() json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":"orders","driver":%q,"url":%q,"migrations":"m"}`, b.driver, b.url))
}

func (b *bench) blob(text string) plans.Digest {
	if text == "" {
		return ""
	}
	d := plans.DigestOf([]byte(text))
	b.blobs[d] = []byte(text)
	return d
}

func (b *bench) step(version int, up, down string) providers.Request {
	before := ""
	if version > 1 {
		before = strconv.Itoa(version - 1)
	}
	return providers.Request{
		Run: "r1", Settings: json.RawMessage(`{"database":` + string(b.database()) + `}`),
		Step: plans.Step{
			Address: fmt.Sprintf(`migration.orders["%d_step"]`, version), Phase: plans.Expand, Action: plans.ActionMigrate,
			Inputs: []plans.Input{{Role: "up", Path: fmt.Sprintf("m/%d_step.up.sql", version)}, {Role: "down", Path: fmt.Sprintf("m/%d_step.down.sql", version)}},
			Migration: &plans.Migration{
				Database: "database.orders", Version: strconv.Itoa(version), Name: "step", Mode: "driver",
				Before: before, Up: b.blob(up), Down: b.blob(down),
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

func (b *bench) apply(req providers.Request) {
	b.t.Helper()
	if _, err := b.provider().Apply(b.t.Context(), req); err != nil {
		b.t.Fatalf("apply %s: %v", req.Step.Address, err)
	}
}

func (b *bench) verdict(req providers.Request, want providers.Verdict) {
	b.t.Helper()
	report, err := b.provider().Probe(b.t.Context(), req)
	if err != nil || report.Verdict != want {
		b.t.Fatalf("probe %s: got %q (%s), %v; want %q", req.Step.Address, report.Verdict, report.Detail, err, want)
	}
}

func (b *bench) exec(query string) {
	b.t.Helper()
	if _, err := b.db.ExecContext(context.Background(), query); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

func (b *bench) want(query, want string) {
	b.t.Helper()
	var got string
	if err := b.db.QueryRowContext(context.Background(), query).Scan(&got); err != nil || got != want {
		b.t.Fatalf("%s: got %q, %v; want %q", query, got, err, want)
	}
}
