package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	migratedb "github.com/golang-migrate/migrate/v4/database"
	migratepg "github.com/golang-migrate/migrate/v4/database/postgres"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// behind is the bench's database behind a pooler; b.db goes past it.
func (b *bench) behind(mode string) *bench {
	b.t.Helper()
	pooled := *b
	pooled.url = cluster.Pooler(b.t, mode).URL(b.get(`SELECT current_database()`))
	return &pooled
}

// lease changes a request's database block to lock = "lease".
func (b *bench) lease(req providers.Request) providers.Request {
	req.Settings = b.settings("")
	req.Settings = []byte(strings.Replace(string(req.Settings), `"driver":"postgres"`, `"driver":"postgres","lock":"lease"`, 1))
	return req
}

func TestPoolerIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			b := newBench(t).behind(mode)
			if state := b.observe(); !state.Pooled {
				t.Fatalf("behind a pooler: %+v", state)
			}
			_, err := postgres.New().Apply(t.Context(), b.step(1, "create table a (id int)", "drop table a"))
			if !errors.Is(err, database.ErrPooled) || !strings.Contains(err.Error(), "direct_url") {
				t.Fatalf("apply: %v", err)
			}
			b.want(`SELECT count(*) FROM pg_class WHERE relname = 'a'`, "0")
		})
	}
}

func TestDirectURLGoesPastThePooler(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	direct := b.url
	pooled := b.behind("transaction")
	req := pooled.step(1, "create table a (id int)", "drop table a")
	req.Settings = []byte(strings.Replace(string(pooled.settings("")), `"driver":"postgres"`, fmt.Sprintf(`"driver":"postgres","direct_url":%q`, direct), 1))
	b.apply(req)
	b.want(`SELECT version, dirty FROM schema_migrations`, "1,f")
}

// TestLeaseThroughPoolers lets three runs apply the same files at once, each
// with a process of its own in all but name, behind each kind of pooler.
func TestLeaseThroughPoolers(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"transaction":  "create table a (id int primary key); insert into a values (1)",
		"concurrently": "create index concurrently things_n on things (n)",
	}
	for _, mode := range []string{"session", "transaction"} {
		for name, up := range files {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.exec(`CREATE TABLE things (n int); INSERT INTO things SELECT generate_series(1, 1000)`)
				pooled := b.behind(mode)
				together(t, pooled, up)
				b.want(`SELECT count(*), max(version) FROM lockstep.history`, "1,1")
				b.want(`SELECT version, dirty FROM schema_migrations`, "1,f")
				b.want(`SELECT count(*) FROM pg_index WHERE NOT indisvalid`, "0")
				b.want(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
					AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, "0")
				b.want(`SELECT run, expires_at <= clock_timestamp() FROM lockstep.lease`, `"",t`)
			})
		}
	}
}

// together applies one file by three runs at once: each ends well, and one of
// them has done it.
func together(t *testing.T, b *bench, up string) {
	t.Helper()
	const runs = 3
	results, errs := make([]providers.Result, runs), make([]error, runs)
	var all sync.WaitGroup
	for i := range runs {
		req := b.lease(b.step(1, up, "select 1"))
		req.Run, req.Progress = fmt.Sprintf("r%d", i), nil
		all.Go(func() { results[i], errs[i] = postgres.New().Apply(t.Context(), req) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, r := range results {
		if r.Changed {
			changed++
		}
	}
	if changed != 1 {
		t.Fatalf("%d of %d runs changed something, expected one: %v", changed, runs, results)
	}
}

func TestStatementPoolingIsExplained(t *testing.T) {
	t.Parallel()
	b := newBench(t).behind("statement")
	_, err := postgres.New().Apply(t.Context(), b.lease(b.step(1, "create table a (id int)", "drop table a")))
	if err == nil || !strings.Contains(err.Error(), "pool_mode statement") || !strings.Contains(err.Error(), "direct_url") {
		t.Fatalf("apply: %v", err)
	}
	_, err = postgres.New().Observe(t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: block(b.url, "")})
	if err == nil || !strings.Contains(err.Error(), "pool_mode statement") {
		t.Fatalf("observe: %v", err)
	}
}

// TestPoolerThatLeavesSettingsOut: what the url asks for is had, or refused.
func TestPoolerThatLeavesSettingsOut(t *testing.T) {
	t.Parallel()
	b := newBench(t).behind("transaction")
	for setting, want := range map[string]string{
		"search_path=other":                  "leaves out the url's search_path",
		"options=-c%20statement_timeout%3D9": "ignore_startup_parameters",
	} {
		_, err := postgres.New().Observe(t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: block(b.url+"&"+setting, `,"lock":"lease"`)})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "direct_url") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

// TestLeaseLeavesNothingWithOthers: what a file sets for its session must not
// reach the next user of the connection.
func TestLeaseLeavesNothingWithOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pooled := b.behind("transaction")
	pooled.apply(pooled.lease(pooled.step(1,
		"set search_path = pg_catalog; create table public.a (id int); create temp table mine (id int); select pg_advisory_lock(4711); set lock_timeout = 7", "")))
	next := *pooled
	next.db = open(t, pooled.url)
	next.db.SetMaxOpenConns(1)
	for range 10 {
		next.want(`SELECT current_setting('search_path'), current_setting('lock_timeout'), current_setting('statement_timeout'),
			to_regclass('mine') IS NULL`, `"""$user"", public",0,0,t`)
	}
	b.want(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711`, "0")
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestLeaseIsFenced: a process that was paused while another took its lease
// over writes nothing when it wakes up.
func TestLeaseIsFenced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.lease(b.step(1, "create table a (id int)", "drop table a"))
	req.Record = func(any) error { return nil }
	overtaken := false
	req.Progress = func(string) {}
	blob := req.Blob
	req.Blob = func(d plans.Digest) ([]byte, error) {
		if !overtaken { // the lease is taken by now, the transaction not begun
			overtaken = true
			b.exec(`UPDATE lockstep.lease SET fence = fence + 1, run = 'other'`)
		}
		return blob(d)
	}
	_, err := postgres.New().Apply(context.Background(), req)
	if err == nil || !strings.Contains(err.Error(), "not ours any more") {
		t.Fatalf("apply: %v", err)
	}
	b.want(`SELECT count(*) FROM pg_class WHERE relname = 'a'`, "0")
	b.want(`SELECT run FROM lockstep.lease`, "other")
}

// TestLeaseAndLocksKeepEachOtherOut: a run with a lease and one with
// golang-migrate's locks, whoever comes first.
func TestLeaseAndLocksKeepEachOtherOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.lease(b.step(1, "create table a (id int)", "drop table a")))

	holder := migrateLock(t, b)
	second := b.lease(b.step(2, "create table b (id int)", "drop table b"))
	second.LockPatience = 1
	_, err := postgres.New().Apply(t.Context(), second)
	wants(t, err, providers.ErrBlocked, "pid", "user postgres", "unnamed application", "the server's own host", "--lock-timeout")
	if _, err := holder.ExecContext(t.Context(), `SELECT pg_advisory_unlock_all()`); err != nil {
		t.Fatal(err)
	}

	b.exec(`UPDATE lockstep.lease SET run = 'r-0007', step = 'x', host = 'ci-3', expires_at = clock_timestamp() + interval '1 hour'`)
	third := b.step(2, "create table b (id int)", "drop table b")
	third.LockPatience = 1
	_, err = postgres.New().Apply(t.Context(), third)
	wants(t, err, providers.ErrBlocked, "run r-0007 has the lease", "host ci-3")
	b.want(`SELECT count(*) FROM pg_class WHERE relname = 'b'`, "0")
	b.want(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, "0")

	// It expires, and is taken over with a higher fence.
	b.exec(`UPDATE lockstep.lease SET expires_at = clock_timestamp()`)
	b.apply(b.lease(b.step(2, "create table b (id int)", "drop table b")))
	b.want(`SELECT fence FROM lockstep.lease`, "2")
}

// migrateLock holds golang-migrate's lock as its command line takes it.
func migrateLock(t *testing.T, b *bench) *sql.Conn {
	t.Helper()
	key, err := migratedb.GenerateAdvisoryLockId("/"+b.get(`SELECT current_database()`), "public", "schema_migrations")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.ExecContext(t.Context(), `SELECT pg_advisory_lock($1)`, key); err != nil {
		t.Fatal(err)
	}
	return conn
}

func wants(t *testing.T, err, target error, parts ...string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, expected %v", err, target)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

// TestBothSpellingsOfGolangMigrate: its library, handed a connection, hashes
// another name than its command line does.
func TestBothSpellingsOfGolangMigrate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	byHand, err := migratepg.WithInstance(open(t, b.url), &migratepg.Config{})
	if err != nil {
		t.Fatal(err)
	}
	byURL, err := (&migratepg.Postgres{}).Open(b.url)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]migratedb.Driver{"connection": byHand, "url": byURL} {
		if err := other.Lock(); err != nil {
			t.Fatal(err)
		}
		for how, ask := range map[string]func(providers.Request) providers.Request{
			"locks": func(r providers.Request) providers.Request { return r }, "lease": b.lease,
		} {
			req := ask(b.step(1, "create table a (id int)", "drop table a"))
			req.LockPatience = 1
			if _, err := postgres.New().Apply(t.Context(), req); !errors.Is(err, providers.ErrBlocked) {
				t.Errorf("golang-migrate by %s, Lockstep by %s: %v", name, how, err)
			}
		}
		if err := other.Unlock(); err != nil {
			t.Fatal(err)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
	b.apply(b.step(1, "create table a (id int)", "drop table a"))
}

// TestAnExpiredLeaseIsTakenOver although its holder was killed in the middle
// of a transaction: that one is ended, and cannot commit any more.
func TestAnExpiredLeaseIsTakenOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.lease(b.step(1, "create table a (id int)", "drop table a")))
	dead, err := open(t, b.url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dead.Rollback() }() // it has been ended
	b.exec(`UPDATE lockstep.lease SET run = 'dead', application = 'lockstep/dead/x', expires_at = clock_timestamp()`)
	for _, statement := range []string{
		`SET LOCAL application_name = 'lockstep/dead/x'`, `CREATE TABLE zombie (id int)`, `SELECT FROM lockstep.lease FOR KEY SHARE`,
	} {
		if _, err := dead.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	b.apply(b.lease(b.step(2, "create table b (id int)", "drop table b")))
	if err := dead.Commit(); err == nil {
		t.Error("the dead run's transaction has committed")
	}
	b.want(`SELECT relname FROM pg_class WHERE relname IN ('zombie', 'b') AND relkind = 'r'`, "b")
	b.want(`SELECT fence FROM lockstep.lease`, "2")
}
