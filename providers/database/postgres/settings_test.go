package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// One statement at a time each has a connection of its own: what the file has
// set before holds there all the same, and goes no further than the file.
func TestSettingsHoldInStatementMode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create schema other")
	up := `-- lockstep:no-transaction
set search_path = other;
create table made (id int);
create index concurrently made_id on made (id);
insert into made values (1);
vacuum made;
reset all;
create table plain (id int);
select pg_catalog.set_config('search_path', 'other', false);
alter table made add b int;`
	req := b.step(1, up, "-- lockstep:no-transaction\ndrop table plain;\nset search_path = other;\ndrop table made")
	b.apply(req)
	b.want("SELECT to_regclass('other.made') IS NOT NULL AND to_regclass('other.made_id') IS NOT NULL AND to_regclass('public.plain') IS NOT NULL", "t")
	b.want("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'other' AND table_name = 'made'", "2")
	b.apply(b.step(2, "create table next (id int)", "drop table next"))
	b.want("SELECT to_regclass('public.next') IS NOT NULL", "t")
	b.rollback(b.step(2, "create table next (id int)", "drop table next"))
	b.rollback(req)
	b.want("SELECT to_regclass('other.made') IS NULL AND to_regclass('public.plain') IS NULL", "t")
}

// A setting alone leaves no receipt, and is not what was not finished.
func TestSettingsAreNotHalfAFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table rows (id int)")
	up := "-- lockstep:no-transaction\nset search_path = public;\ninsert into rows values (1);\ncreate table rows (id int)"
	req := b.step(1, up, "delete from rows")
	if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "up.sql") {
		t.Fatalf("got %v", err)
	}
	b.verdict(req, providers.Partial)
	b.want("SELECT count(*) FROM rows", "1")
}

// What a file sets about its waits for locks does not hold: the application
// would wait behind it.
func TestAFileDoesNotSayHowLongItWaits(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"set lock_timeout = 0;", "set local lock_timeout = '1h';", "-- lockstep:no-transaction\nset lock_timeout = 0;"} {
		b := newBench(t)
		b.exec("create table busy (id int)")
		reader, err := b.db.BeginTx(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reader.ExecContext(context.Background(), "select * from busy"); err != nil {
			t.Fatal(err)
		}
		// What DO asks for is known to nobody beforehand.
		req := b.step(1, set+"\ndo $$ begin alter table busy add b int; end $$", "alter table busy drop b")
		req.Step.Timeout = plans.Duration(10 * time.Minute)
		said := make(chan string, 100)
		req.Progress = func(line string) { said <- line }
		ended := make(chan error, 1)
		go func() {
			_, err := postgres.New().Apply(context.Background(), req)
			ended <- err
		}()
		// With the file's own limit the first request would wait for ever.
		for line := ""; !strings.Contains(line, "tries undone") || !strings.Contains(line, "AccessExclusiveLock on busy"); {
			select {
			case line = <-said:
			case err := <-ended:
				t.Fatalf("%q: %v", set, err)
			}
		}
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%q: %v", set, err)
		}
	}
}
