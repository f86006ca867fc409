package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// planned adds what the plan says of the files' locks.
func (b *bench) planned(req providers.Request) providers.Request {
	b.t.Helper()
	m := req.Step.Migration
	verdict, _ := sqlcheck.Classify(plans.MigrationFile{
		Up:   plans.SQLFile{Path: "m/0001_step.up.sql", Bytes: b.blobs[m.Up]},
		Down: plans.SQLFile{Path: "m/0001_step.down.sql", Bytes: b.blobs[m.Down]},
	}, "postgres")
	if len(verdict.Statements) == 0 {
		b.t.Fatalf("%s: no statement", b.blobs[m.Up])
	}
	req.Step.Statements, req.Step.Rollback.Locks, m.Mode = verdict.Statements, verdict.DownLocks, verdict.Mode
	return req
}

const shop = `
create schema app; create schema "Odd.One";
create table parents (id int primary key, code text unique);
create table orders (id int primary key, a int, b int, parent int, constraint orders_parent_fk foreign key (parent) references parents);
create table app.orders (id int); create table app.only_there (id int);
create table "Odd.One"."T""x" (id int);
create index orders_a on orders (a);
create view seen as select id from app.orders;
create materialized view counted as select count(*) from app.orders;
create sequence numbers;
create table parted (id int, k int) partition by list (k);
create table parted_1 partition of parted for values in (1);
create table parted_2 partition of parted for values in (2);
create table split (id int) partition by range (id);
create table split_rest partition of split default;
create table loose (id int, k int);
create table base (id int); create table derived () inherits (base);
create unlogged table caches (id int);
create function g() returns trigger language plpgsql as 'begin return new; end';
`

// heldAsleep lists the strongest lock on each table that a file holds
// while it sleeps, as another session sees them.
func (b *bench) heldAsleep(number int, sql string) string {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	req := b.planned(b.step(number, sql, "select 1"))
	ended := make(chan error, 1)
	go func() {
		_, err := postgres.New().Apply(ctx, req)
		ended <- err
	}()
	b.await(b.t, `SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND wait_event = 'PgSleep' AND datname = current_database()`)
	var got string
	err := b.db.QueryRowContext(b.t.Context(), `
		SELECT coalesce(string_agg(what, ', ' ORDER BY what), '') FROM (
			SELECT DISTINCT ON (l.relation) l.mode || ' ' || l.relation::regclass::text AS what FROM pg_locks l
			JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p') JOIN pg_stat_activity a USING (pid)
			WHERE a.application_name LIKE 'lockstep/%' AND a.datname = current_database()
			  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
			  AND c.relnamespace IS DISTINCT FROM to_regnamespace('lockstep') AND c.relname NOT LIKE 'schema_migrations%'
			ORDER BY l.relation, array_position(ARRAY['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock'], l.mode)) x`).Scan(&got)
	if err != nil {
		b.t.Error(err)
	}
	cancel()
	if err := <-ended; err == nil {
		b.t.Errorf("%s: it was not cancelled", sql)
	}
	return got
}

func TestLocksAreTakenBeforehand(t *testing.T) {
	t.Parallel()
	const sleep = "select pg_sleep(600);"
	tests := []struct{ sql, want string }{
		{sleep + "alter table orders add c int", "AccessExclusiveLock orders"},
		{sleep + "alter table public.orders add c int", "AccessExclusiveLock orders"},
		{sleep + "create index on orders (b)", "ShareLock orders"},
		{sleep + "alter table orders alter a set not null", "AccessExclusiveLock orders"},
		{sleep + "alter table orders add foreign key (a) references parents", "ShareRowExclusiveLock orders, ShareRowExclusiveLock parents"},
		{sleep + "alter table orders validate constraint orders_parent_fk", "ShareUpdateExclusiveLock orders"},
		{sleep + "create trigger g before insert on orders for each row execute function g()", "ShareRowExclusiveLock orders"},
		{sleep + "create table made (id int, parent int references parents)", "ShareRowExclusiveLock parents"},
		{sleep + "create table made (id int); alter table made add b int", ""},
		// the strongest mode of each relation, in one order
		{
			sleep + "create index on parents (code); create index on orders (b); alter table orders add c int; comment on table parents is 'x'",
			"AccessExclusiveLock orders, ShareRowExclusiveLock parents",
		},
		// names
		{sleep + `alter table "Odd.One"."T""x" add b int`, `AccessExclusiveLock "Odd.One"."T""x"`},
		{sleep + "alter table app.orders add b int", "AccessExclusiveLock app.orders"},
		{sleep + "alter table only_there add b int", ""},
		{"set local search_path = app, public;" + sleep + "alter table orders add c int; alter table parents add c int", "AccessExclusiveLock app.orders, AccessExclusiveLock parents"},
		{"set search_path to 'app', '$user';" + sleep + "alter table orders add c int", "AccessExclusiveLock app.orders"},
		{sleep + "set search_path = app; alter table orders add c int; alter table public.parents add c int", "AccessExclusiveLock app.orders, AccessExclusiveLock parents"},
		{"select set_config('search_path', 'app', true);" + sleep + "alter table orders add c int", ""},
		// what cannot be locked, or would lock more than it should
		{sleep + "alter table if exists nowhere add c int; alter table nowhere.t add c int", ""},
		{sleep + "create or replace view seen as select id from app.orders", ""},
		{sleep + "refresh materialized view counted", ""},
		{sleep + "alter sequence numbers increment by 2", ""},
		{sleep + "alter table pg_catalog.pg_class add c int", ""},
		{sleep + "update orders set a = 1; insert into parents values (1)", ""},
		// an index stands for its table
		{sleep + "drop index orders_a", "AccessExclusiveLock orders"},
		{sleep + "alter index orders_a rename to orders_a2", ""},
		// partitions and children
		{sleep + "alter table parted add c int", "AccessExclusiveLock parted, AccessExclusiveLock parted_1, AccessExclusiveLock parted_2"},
		{sleep + "create index on parted (id)", "ShareLock parted, ShareLock parted_1, ShareLock parted_2"},
		{sleep + "alter table parted rename to cut", "AccessExclusiveLock parted"},
		{sleep + "alter table parted detach partition parted_2", "AccessExclusiveLock parted, AccessExclusiveLock parted_2"},
		{sleep + "alter table parted attach partition loose for values in (3)", "AccessExclusiveLock loose, ShareUpdateExclusiveLock parted"},
		{sleep + "create table parted_3 partition of parted for values in (3)", "AccessExclusiveLock parted"},
		{sleep + "create table split_1 partition of split for values from (1) to (2)", "AccessExclusiveLock split, AccessExclusiveLock split_rest"},
		{sleep + "alter table split attach partition base for values from (1) to (2)", "AccessExclusiveLock base, AccessExclusiveLock derived, AccessExclusiveLock split_rest, ShareUpdateExclusiveLock split"},
		{sleep + "alter table base add c int", "AccessExclusiveLock base, AccessExclusiveLock derived"},
		{sleep + "create index on base (id)", "ShareLock base"},
		{sleep + "alter table only base add constraint c check (id > 0) no inherit", "AccessExclusiveLock base"},
		// foreign keys: the table at the other end is locked as well
		{sleep + "drop table orders", "AccessExclusiveLock orders, AccessExclusiveLock parents"},
		{sleep + "alter table orders drop constraint orders_parent_fk", "AccessExclusiveLock orders, AccessExclusiveLock parents"},
		{sleep + "alter table orders drop column parent", "AccessExclusiveLock orders, AccessExclusiveLock parents"},
		{sleep + "alter table orders drop column b", "AccessExclusiveLock orders"},
		{sleep + "drop table parents cascade", "AccessExclusiveLock orders, AccessExclusiveLock parents"},
		{sleep + "truncate parents cascade", "AccessExclusiveLock orders, AccessExclusiveLock parents"},
		{sleep + "truncate caches", "AccessExclusiveLock caches"},
	}
	b := newBench(t)
	b.exec(shop)
	for i, tt := range tests {
		if got := b.heldAsleep(i+1, tt.sql); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.sql, got, tt.want)
		}
	}
}

// Whatever a statement locks against somebody on a table that was there before
// is held before the first statement runs: nothing is waited for later, with
// locks in hand. The server itself is asked.
func TestNothingElseIsLockedLater(t *testing.T) {
	t.Parallel()
	statements := []string{
		"alter table orders add c int", "alter table orders add c bigserial", "alter table orders add c int references parents", "alter table orders add c int unique check (c > 0)",
		"alter table orders drop a", "alter table orders drop column parent", "alter table orders alter b type bigint", "alter table parents alter id type bigint",
		"alter table orders alter parent type bigint", "alter table orders alter a set not null", "alter table orders alter a set default 1", "alter table orders alter a set statistics 5",
		"alter table orders alter a set storage plain", "alter table orders alter id add generated by default as identity",
		"alter table orders add foreign key (a) references parents", "alter table orders add foreign key (a) references parents not valid", "alter table orders add foreign key (a) references orders",
		"alter table orders add check (a > 0)", "alter table orders add unique (a)", "alter table orders validate constraint orders_parent_fk", "alter table orders drop constraint orders_parent_fk",
		"alter table orders rename a to c", "alter table orders rename to orders2", "alter table orders rename constraint orders_parent_fk to fk2", "alter table orders set schema app2",
		"alter table orders owner to postgres", "alter table orders set (fillfactor = 70)", "alter table orders set unlogged", "alter table orders enable row level security",
		"alter table orders replica identity full", "alter table orders cluster on orders_a", "alter table orders set without cluster", "alter table orders disable trigger all",
		"alter table loose inherit plain", "alter table derived no inherit base",
		"create index on orders (a)", "create unique index on orders (a)", "create index on parted (id)", "create index on only parted (id)", "drop index orders_a",
		"alter index orders_a rename to orders_a2", "alter index orders_a set (fillfactor = 70)", "reindex table orders", "reindex index orders_a",
		"create trigger g after insert on orders for each row execute function g()", "create trigger g after insert on parted for each row execute function g()",
		"create rule r as on delete to orders do instead nothing", "create policy p on orders using (true)", "create statistics st on a, b from orders", "create publication pub for table orders",
		"create view v as select * from orders", "create or replace view seen as select id from app.orders", "create materialized view v as select * from orders", "refresh materialized view counted",
		"drop table orders", "drop table parents cascade", "drop table parted", "drop table loose, derived", "drop view seen", "drop materialized view counted", "drop sequence numbers",
		"truncate loose", "truncate parents cascade", "truncate parted",
		"create table n (id int references parents)", "create table n (like orders)", "create table n () inherits (base)", "create table n as select * from orders",
		"create table n partition of parted for values in (3)", "create table n partition of split for values from (1) to (2)",
		"alter table parted attach partition loose for values in (3)", "alter table split attach partition plain for values from (1) to (2)",
		"alter table parted detach partition parted_1", "alter table parted add c int", "alter table parted alter k set not null", "alter table parted drop id", "alter table parted rename id to c",
		"alter table parted add unique (k)", "alter table parted add foreign key (id) references parents", "alter table loose add foreign key (k) references keyed",
		"alter table base add c int", "alter table only base add check (id > 0) no inherit", "alter table base alter id type bigint", "alter table base rename id to c",
		"comment on table orders is 'x'", "comment on column orders.a is 'x'", "analyze orders", "cluster orders using orders_a", "lock table orders in share mode", "lock parted",
		"alter table orders add c int; create index on orders (c); comment on table parents is 'x'", "grant select on orders to pg_monitor", "insert into orders values (1)",
	}
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec(shop + "create schema app2; create table plain (id int); create table keyed (k int primary key) partition by list (k); create table keyed_1 partition of keyed for values in (1)")
			for n := i; n < len(statements); n += 4 {
				before := b.heldAsleep(2*n+1, "select pg_sleep(600); "+statements[n])
				after := b.heldAsleep(2*n+2, statements[n]+"; select pg_sleep(600)")
				if before != after {
					t.Errorf("%s\nbefore %s\nafter  %s", statements[n], before, after)
				}
			}
		})
	}
}

// A role that may not lock a table may still alter it: the file does it.
func TestLocksThatTheRoleMayNotTake(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	role := "owner_" + b.get("SELECT current_database()")
	b.exec(fmt.Sprintf(`create role %[1]s login; grant all on schema public to %[1]s; grant create on database %[2]s to %[1]s;
		create table mine (id int); alter table mine owner to %[1]s; revoke update, delete, truncate on mine from %[1]s;
		create table ours (id int); alter table ours owner to %[1]s; create table theirs (id int)`, role, b.get("SELECT current_database()")))
	url := b.url
	t.Cleanup(func() { dropRole(t, url, role) })
	b.url = strings.Replace(b.url, "//postgres@", "//"+role+"@", 1)
	if got := b.heldAsleep(1, "select pg_sleep(600); alter table mine add a int; alter table ours add a int; alter table theirs add a int"); got != "AccessExclusiveLock ours" {
		t.Errorf("got %s", got)
	}
	b.apply(b.planned(b.step(1, "alter table mine add a int; alter table ours add a int", "alter table mine drop a; alter table ours drop a")))
}

func dropRole(t *testing.T, url, role string) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "drop owned by "+role+" cascade; drop role "+role); err != nil {
		t.Error(err)
	}
}
