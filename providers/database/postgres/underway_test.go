package postgres_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// migrating begins what looks like a migration's transaction, which holds its
// lock until the returned function is called, and returns its process id.
func (b *bench) migrating(application string) (pid string, end func()) {
	b.t.Helper()
	c, err := b.db.Conn(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	object := int32(crc32.ChecksumIEEE([]byte("orders\x00schema_migrations")))
	err = c.QueryRowContext(b.t.Context(), fmt.Sprintf(
		"set application_name = '%s'; begin; select pg_advisory_xact_lock(%d, %d); select pg_backend_pid()", application, 0x10c557e9, object)).Scan(new(string))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := c.QueryRowContext(b.t.Context(), "select pg_backend_pid()").Scan(&pid); err != nil {
		b.t.Fatal(err)
	}
	return pid, func() {
		b.t.Helper()
		if _, err := c.ExecContext(b.t.Context(), "rollback; reset application_name"); err != nil {
			b.t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// What another run does is not in flight for this one.
func TestProbeKnowsOtherRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int)", "drop table a")
	for _, test := range []struct {
		application string
		want        providers.Verdict
	}{
		{"lockstep/r2/database.orders", providers.Absent},
		{"lockstep/r10/database.orders", providers.Absent},
		{"psql", providers.InFlight},
		{"", providers.InFlight},
	} {
		_, end := b.migrating(test.application)
		b.verdict(req, test.want)
		end()
	}
	b.verdict(req, providers.Absent)
}

// A transaction that keeps out of every table is named, too, with the way to
// end it.
func TestWhoIsNotAloneIsNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int)", "drop table a")
	req.Step.Timeout = plans.Duration(time.Second)
	pid, end := b.migrating("stands-still")
	_, err := postgres.New().Apply(t.Context(), req)
	if !errors.Is(err, providers.ErrBlocked) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"it needs the end of another migration's transaction", "blocked by pid " + pid + " (user postgres, stands-still, idle in transaction",
		"SELECT pg_terminate_backend(" + pid + ")",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	end()
	b.apply(req)
}
