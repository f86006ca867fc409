package mysql_test

import (
	"context"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	forms := map[string]struct{ up, down, mode string }{
		"statement":   {"create table first (id int);\nalter table busy add column step int;", "alter table busy drop column step;\ndrop table first;", "statement"},
		"transaction": {"update busy set n = 7;\ninsert into busy (id) values (2);", "delete from busy where id = 2;\nupdate busy set n = 1;", "transaction"},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, providertest.Case{
				New: func(*testing.T) providers.Provider { return mysql.New() },
				Target: func(t *testing.T) providertest.Fixture {
					b := newBench(t)
					b.exec("create table busy (id int primary key, n int); insert into busy values (1, 1)")
					b.apply(b.step(1, "create table base (id int)", "drop table base"))
					req := b.step(2, form.up, form.down)
					req.Step.Migration.Mode = form.mode
					return fixture(b, req)
				},
			})
		})
	}
}

func fixture(b *bench, req providers.Request) providertest.Fixture {
	return providertest.Fixture{
		Step: req.Step, Settings: req.Settings, Blob: req.Blob,
		Observe: providers.ObserveRequest{Address: "database.orders", Settings: b.database()},
		Signature: func(*testing.T) string {
			return b.signature() + b.get("select concat_ws(' ', id, n) from busy order by id")
		},
		Interrupt: b.block,
		Crash: func(t *testing.T, _ providers.Provider, req providers.Request) {
			underWay, release := b.block(t)
			b.kill(t, req, underWay)
			release()
		},
		Break: func(t *testing.T) {
			if err := cluster.Server(t).Exec("DROP DATABASE " + b.name); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// block holds a row and with it a metadata lock, so that both forms have to
// wait until release is called. underWay returns when they do.
func (b *bench) block(t *testing.T) (underWay, release func()) {
	t.Helper()
	tx, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(context.Background(), "update busy set n = n where id = 1"); err != nil {
		t.Fatal(err)
	}
	release = func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
	return func() {
		b.await(t, `SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()
			AND (info LIKE 'alter table busy%' OR info LIKE 'update busy set n = 7%')`)
	}, release
}
