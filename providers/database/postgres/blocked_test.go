package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// What a file locks may be known to nobody beforehand (here: no lock is in
// the plan). Then its own request waits, gives up early, and tries again.
func TestAFileWhoseLocksNobodyKnows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	reader, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.ExecContext(context.Background(), "select * from busy /* the long report */"); err != nil {
		t.Fatal(err)
	}
	req := b.step(1, "alter table busy add b int", "alter table busy drop b")
	said := make(chan string, 100)
	req.Progress = func(line string) { said <- line }
	ended := make(chan error, 1)
	var result providers.Result
	go func() {
		var err error
		result, err = postgres.New().Apply(context.Background(), req)
		ended <- err
	}()
	// A wait of 25 ms may escape the watch on a busy machine, not every one.
	for told := 0; told < 2; {
		line := <-said
		if strings.Contains(line, "needs AccessExclusiveLock on busy; blocked by pid ") && strings.Contains(line, "the long report") &&
			strings.Contains(line, "SELECT pg_terminate_backend(") {
			told++
		}
		if _, err := b.db.ExecContext(context.Background(), "select count(*) from busy"); err != nil {
			t.Fatal(err)
		}
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	f := result.Figures
	if f["lock_wait_ms"].(int64) < f["lock_queued_ms"].(int64) || f["lock_queued_ms"].(int64) == 0 || f["tries"].(int) < 3 {
		t.Errorf("figures %v", f)
	}
}

func TestBlockedForTooLong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	_, release := b.block(t)
	defer release()
	req := b.step(1, "alter table busy add b int", "alter table busy drop b")
	req.Step.Timeout = plans.Duration(3 * time.Second) // several tries on a busy machine, too
	_, err := postgres.New().Apply(t.Context(), req)
	if !errors.Is(err, providers.ErrBlocked) || !strings.Contains(err.Error(), "lock table busy in access exclusive mode") {
		t.Errorf("got %v", err)
	}
	b.verdict(req, providers.Absent)
	// The same when the time is the context's, as it is in a run.
	req.Step.Timeout = 0
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, err := postgres.New().Apply(ctx, req); !errors.Is(err, providers.ErrBlocked) {
		t.Errorf("by the context: got %v", err)
	}
	b.verdict(req, providers.Absent)
}

// Both spellings of golang-migrate's lock keep us out, and the holder is named.
func TestOtherMigratorHoldsTheLock(t *testing.T) {
	t.Parallel()
	for _, slash := range []string{"", "/"} {
		b := newBench(t)
		name := b.get("SELECT current_database()")
		key, err := database.GenerateAdvisoryLockId(slash+name, "public", "schema_migrations")
		if err != nil {
			t.Fatal(err)
		}
		holder, err := b.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := holder.ExecContext(t.Context(), "set application_name = 'the other'; select pg_advisory_lock("+key+")"); err != nil {
			t.Fatal(err)
		}
		req := b.step(1, "select 1", "select 1")
		req.Step.Timeout = plans.Duration(300 * time.Millisecond)
		_, err = postgres.New().Apply(t.Context(), req)
		if !errors.Is(err, providers.ErrBlocked) || !strings.Contains(err.Error(), "user postgres, the other, from ") {
			t.Errorf("%q: got %v", slash, err)
		}
		b.want("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "1")
		release(t, holder)
		b.apply(req)
	}
}

func release(t *testing.T, c *sql.Conn) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), "select pg_advisory_unlock_all()"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
