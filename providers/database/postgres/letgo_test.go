package postgres_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// behindProxy puts a proxy between the steps and the database.
func (b *bench) behindProxy() *faultproxy.Proxy {
	b.t.Helper()
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := faultproxy.Start(b.t.Context(), "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.t.Error(err)
		}
	})
	u.Host, u.RawQuery = p.Address(), "sslmode=disable"
	b.url = u.String()
	return p
}

// A server that does not notice that its client is gone keeps the client's
// locks, and with them everybody else out.
func TestNoLockOutlivesALostConnection(t *testing.T) {
	t.Parallel()
	const body = "create table a (id int); select pg_sleep(0.3)"
	b := newBench(t)
	p := b.behindProxy()
	p.Arm(faultproxy.Fault{})
	b.apply(b.step(1, body, ""))
	sleeps := slices.IndexFunc(p.Seen(faultproxy.Client), func(m faultproxy.Message) bool {
		return strings.Contains(m.String(), "pg_sleep") || strings.Contains(m.String(), "create table")
	})
	if sleeps < 0 {
		t.Fatal("the migration was not seen")
	}
	for after := range 4 { // the migration, and while it sleeps what the guard says
		b := newBench(t)
		p := b.behindProxy()
		p.Arm(faultproxy.Fault{From: faultproxy.Client, Number: sleeps + 1 + after, Hides: faultproxy.HidesFromServer})
		_, err := postgres.New().Apply(t.Context(), b.step(1, body, ""))
		at, cut := p.Happened()
		if !cut {
			t.Error("no connection was cut")
		}
		// A transaction's own locks end with the next try of its run.
		const held = "select l.objid, a.state, a.query from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.objsubid = 1 and a.datname = current_database()"
		for end := time.Now().Add(20 * time.Second); b.get(held) != ""; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("cut behind %s, the step said %v: still locked: %s", at, err, b.get(held))
				break
			}
		}
	}
}

// The same of a backfill's lock, when nothing but the farewell is lost.
func TestNoBackfillsLockOutlivesItsFarewell(t *testing.T) {
	t.Parallel()
	filled := func(arm faultproxy.Fault) (*bench, *faultproxy.Proxy) {
		b := newBench(t)
		b.orders(10)
		p := b.behindProxy()
		req := b.filling(nil)
		p.Arm(arm)
		b.apply(req)
		return b, p
	}
	_, p := filled(faultproxy.Fault{})
	farewells := 0
	for i, m := range p.Seen(faultproxy.Client) {
		if m.String() != "Terminate" {
			continue
		}
		farewells++
		b, p := filled(faultproxy.Fault{From: faultproxy.Client, Number: i + 1, Before: true, Hides: faultproxy.HidesFromServer})
		if _, cut := p.Happened(); !cut {
			t.Errorf("message %d was not cut", i+1)
		}
		// A backend that is ended needs a moment.
		b.await(t, `select count(*) = 0 from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and a.datname = current_database()`)
	}
	if farewells < 2 {
		t.Errorf("%d connections said farewell", farewells)
	}
}
