package postgres_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	forms := map[string]struct{ up, down, mode string }{
		"transaction": {"create table step (id int); insert into step select * from busy", "drop table step", "transaction"},
		"statement":   {"create index concurrently step on busy (id)", "drop index concurrently step", "statement"},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, providertest.Case{
				New: func(*testing.T) providers.Provider { return postgres.New() },
				Target: func(t *testing.T) providertest.Fixture {
					b := newBench(t)
					b.exec("create table busy (id int)")
					b.apply(b.step(1, "select 1", "select 1"))
					req := b.step(2, form.up, form.down)
					req.Step.Migration.Mode = form.mode
					return fixture(b, req)
				},
			})
		})
	}
}

func fixture(b *bench, req providers.Request) providertest.Fixture {
	var block struct {
		Database json.RawMessage `json:"database"`
	}
	if err := json.Unmarshal(b.settings(""), &block); err != nil {
		b.t.Fatal(err)
	}
	return providertest.Fixture{
		Step: req.Step, Settings: req.Settings, Blob: req.Blob,
		Observe:   providers.ObserveRequest{Address: "database.orders", Settings: block.Database},
		Signature: func(*testing.T) string { return b.signature() },
		Interrupt: func(t *testing.T) (underWay, release func()) { return b.block(t) },
		Crash:     func(t *testing.T, _ providers.Provider, req providers.Request) { b.crash(t, req) },
		Break:     func(t *testing.T) { b.drop(t) },
	}
}

// drop makes the database unreachable.
func (b *bench) drop(t *testing.T) {
	t.Helper()
	name := b.get("SELECT current_database()")
	admin, err := sql.Open("postgres", cluster.Server(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		t.Fatal(err)
	}
}

// block holds a lock that both forms wait for, until release is called.
// underWay returns when the migration waits.
func (b *bench) block(t *testing.T) (underWay, release func()) {
	t.Helper()
	tx, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(context.Background(), "lock table busy in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	release = func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
	return func() {
		b.await(t, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'busy'::regclass")
	}, release
}

// await polls until the query says true.
func (b *bench) await(t *testing.T, query string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var reached bool
		if err := b.db.QueryRowContext(context.Background(), query).Scan(&reached); err != nil {
			t.Errorf("%s: %v", query, err)
			return
		}
		if reached {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("never: %s", query)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// crash ends the step's backends from outside while they work, as the death
// of their client does.
func (b *bench) crash(t *testing.T, req providers.Request) {
	t.Helper()
	underWay, release := b.block(t)
	ended := make(chan error, 1)
	go func() {
		_, err := postgres.New().Apply(context.Background(), req)
		ended <- err
	}()
	underWay()
	b.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND datname = current_database()")
	if err := <-ended; err == nil {
		t.Error("the step whose connections were ended says that it is done")
	}
	release()
}
