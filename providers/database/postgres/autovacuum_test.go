package postgres_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
)

// An autovacuum gives way to a request that waits for a second. Ours never
// wait so long, so they would wait for hours if it was not told.
func TestAnAutovacuumGivesWay(t *testing.T) {
	t.Parallel()
	cluster.Server(t) // skips where there is none
	server, err := pgtest.Start(pgtest.Options{Settings: map[string]string{"autovacuum": "on", "autovacuum_naptime": "1s"}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, url: server.URL("postgres"), blobs: map[plans.Digest][]byte{}}
	if b.db, err = sql.Open("postgres", b.url); err != nil {
		t.Fatal(err)
	}
	defer func() {
		b.db.Close()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	// So slow that it would take minutes.
	b.exec(`create table busy (id int, filler text) with (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
		autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 1000000);
		insert into busy select g, repeat('x', 500) from generate_series(1, 20000) g`)
	b.exec("delete from busy where id % 2 = 0")
	b.await(t, "SELECT count(*) = 1 FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE a.backend_type = 'autovacuum worker' AND l.relation = 'busy'::regclass AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted")
	b.apply(b.planned(b.step(1, "alter table busy add c int", "select 1")))
	said := strings.Join(b.lines, "\n")
	if !strings.Contains(said, "(autovacuum, ") || !strings.Contains(said, "a superuser: SELECT pg_cancel_backend(") || !strings.Contains(said, "ended an autovacuum (pid ") {
		t.Errorf("said %s", said)
	}
}
