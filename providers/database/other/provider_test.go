package other_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/other"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, make := range drivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, providertest.Case{
				New: func(*testing.T) providers.Provider { return other.New(name) },
				Target: func(t *testing.T) providertest.Fixture {
					b := make(t)
					b.apply(b.step(1, "create table base (id int)", "drop table base"))
					req := b.step(2, "create table step (id int);\ninsert into step values (1);", "drop table step")
					return providertest.Fixture{
						Step: req.Step, Settings: req.Settings, Blob: req.Blob,
						Observe:   providers.ObserveRequest{Address: "database.orders", Settings: b.database()},
						Signature: func(*testing.T) string { return b.signature() },
					}
				},
			})
		})
	}
}

func (b *bench) signature() string {
	query := "select coalesce(string_agg(table_name, ',' order by table_name), '') || (select max(version) || '' from schema_migrations) from information_schema.tables where table_schema = 'public'"
	if b.driver == "sqlite" {
		query = "select coalesce(group_concat(name), '') || (select max(version) || '' from schema_migrations) from (select name from sqlite_master where type = 'table' order by name)"
	}
	var text string
	if err := b.db.QueryRowContext(b.t.Context(), query).Scan(&text); err != nil {
		b.t.Fatal(err)
	}
	return text
}

func TestUpAndDown(t *testing.T) {
	t.Parallel()
	for name, make := range drivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			one, two := b.step(1, "create table a (id int)", "drop table a"), b.step(2, "create table c (id int)", "drop table c")
			b.verdict(one, providers.Absent)
			b.apply(one)
			b.verdict(one, providers.Done)
			b.apply(two)
			b.want("select version || '' from schema_migrations", "2")
			// The newer one stands on it: the version cannot say that it is gone.
			if _, err := b.provider().Rollback(t.Context(), one); !errors.Is(err, providers.ErrForeign) {
				t.Errorf("got %v", err)
			}
			for _, req := range []providers.Request{two, one} {
				if _, err := b.provider().Rollback(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				b.verdict(req, providers.Absent)
			}
			seen, err := b.provider().Observe(t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: b.database()})
			if err != nil || seen.Database.Version != "" || seen.Database.Dirty || !strings.HasPrefix(seen.Identity, name+" at ") {
				t.Errorf("observed %+v, %+v, %v", seen.Observation, seen.Database, err)
			}
		})
	}
}

// A file that fails leaves its version dirty: nobody but a person can tell
// how much of it is there.
func TestFailingFileIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	for name, make := range drivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			req := b.step(1, "create table a (id int);\ncreate table a (id int); -- secret-word", "drop table a")
			_, err := b.provider().Apply(t.Context(), req)
			if err == nil || !strings.Contains(err.Error(), "m/1_step.up.sql left the version dirty") {
				t.Fatalf("got %v", err)
			}
			b.verdict(req, providers.Unknown)
			for what, verb := range map[string]func() error{
				"apply":    func() error { _, err := b.provider().Apply(t.Context(), req); return err },
				"rollback": func() error { _, err := b.provider().Rollback(t.Context(), req); return err },
			} {
				if err := verb(); err == nil || !strings.Contains(err.Error(), "version 1 is dirty") {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func TestAnotherHandHasMovedOn(t *testing.T) {
	t.Parallel()
	for name, make := range drivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			req := b.step(1, "create table a (id int)", "")
			b.verdict(req, providers.Absent)
			b.exec("insert into schema_migrations (version, dirty) values (9, false)")
			b.verdict(req, providers.Unknown)
			if _, err := b.provider().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "at version 9, expected 0; plan again") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWithoutAWayBack(t *testing.T) {
	t.Parallel()
	b := drivers(t)["sqlite"](t)
	req := b.step(1, "create table a (id int)", "")
	b.apply(req)
	if _, err := b.provider().Rollback(t.Context(), req); !errors.Is(err, providers.ErrIrreversible) {
		t.Errorf("got %v", err)
	}
	b.verdict(req, providers.Done)
}

func TestTableOfItsOwn(t *testing.T) {
	t.Parallel()
	b := drivers(t)["sqlite"](t)
	req := b.step(1, "create table a (id int)", "drop table a")
	req.Settings = json.RawMessage(strings.Replace(string(req.Settings), `"migrations"`, `"table":"changes","migrations"`, 1))
	b.apply(req)
	b.want("select version || '' from changes", "1")
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://u:secret-word@h/d":                 "expected one that begins with redshift:",
		"redshift://u:secret-word@127.0.0.1:1/d?a=b":   "connect",
		"redshift://u:secret%20word@127.0.0.1:1/d?a=b": "connect",
	} {
		settings, err := json.Marshal(map[string]string{"name": "o", "driver": "redshift", "url": url, "migrations": "m"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.New("redshift").Observe(t.Context(), providers.ObserveRequest{Address: "database.o", Settings: settings})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestLinked(t *testing.T) {
	t.Parallel()
	if got := other.Linked(); !slices.Equal(got, []string{"cockroach", "cockroachdb", "crdb-postgres", "redshift"}) {
		t.Errorf("linked: %q", got)
	}
	if other.Package("sqlserver") != "sqlserver" || other.Package("ysql") != "yugabytedb" || other.Package("abacus") != "" {
		t.Error("the packages of other drivers are not known")
	}
}
