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

// A backfill says that its lock may go: the farewell behind it may be lost, and
// a server that does not notice would keep the lock.
func TestABackfillGivesItsLockBackInWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(10)
	p := b.behindProxy()
	p.Arm(faultproxy.Fault{})
	b.apply(b.filling(nil))
	said := p.Seen(faultproxy.Client)
	if !slices.ContainsFunc(said, func(m faultproxy.Message) bool { return strings.Contains(m.String(), "pg_advisory_unlock") }) {
		t.Errorf("not a word of its lock in %d messages", len(said))
	}
}
