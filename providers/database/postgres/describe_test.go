package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// Most errors of the catalog come without a position, and a file of several
// statements goes over as one: a line is given where it is known, and nothing
// is said that may be wrong.
func TestErrorsNameTheirStatement(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table there (id int, name text); create procedure commits() language plpgsql as 'begin commit; end'")
	for up, want := range map[string]string{
		"create table a (id int);\nalter table there add name text":                           "up.sql: column \"name\" of relation \"there\" already exists (SQLSTATE 42701); most likely line 2: of the file's 2 statements",
		"create table a (id int);\n\ncreate table a (id int)":                                 "up.sql: relation \"a\" already exists (SQLSTATE 42P07); in one of the file's 2 statements: the server does not say in which",
		"\n\ncreate table there (id int)":                                                     "up.sql:3: relation \"there\" already exists",
		"create table a (id int);\nalter table there alter nothing type text using nothing.x": "up.sql:2: missing FROM-clause entry",
		"create table a (id int);\ncall commits()":                                            `up.sql:2: invalid transaction termination (SQLSTATE 2D000); hint: what is called here commits by itself; put "-- lockstep:no-transaction"`,
		"do $$ begin commit; end $$":                                                          "up.sql:1: invalid transaction termination",
	} {
		_, err := postgres.New().Apply(t.Context(), b.step(1, up, ""))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q\ngot  %v\nwant %s", up, err, want)
		}
	}
}

// The server says "user request" of whoever cancels a statement, and the
// driver "bad connection" of whoever ends one.
func TestWhoEndedTheStatementIsSaid(t *testing.T) {
	t.Parallel()
	const sleeping = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(599)%' AND wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid()"
	for name, test := range map[string]struct{ timeout, act, want string }{
		"step's time":       {"1m", "", `the step's time was over, and what ran was cancelled after`},
		"statement timeout": {"1s", "", `a statement took longer than it may; "statement_timeout" in the database block (now 1s) gives it more`},
		"cancelled":         {"1m", "pg_cancel_backend", `cancelled on the server by somebody else (pg_cancel_backend) after`},
		"terminated":        {"1m", "pg_terminate_backend", `an administrator (pg_terminate_backend), the server or the network has cut it`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			req := b.step(1, "create table a (id int); select pg_sleep(599)", "drop table a")
			req.Settings = []byte(strings.Replace(string(req.Settings), `"statement_timeout":"1m"`, `"statement_timeout":"`+test.timeout+`"`, 1))
			ctx, cancel := context.WithCancel(context.Background())
			if name == "step's time" {
				req.Step.Timeout = plans.Duration(2 * time.Second)
				ctx, cancel = context.WithTimeout(context.Background(), 2*time.Second)
			}
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := postgres.New().Apply(ctx, req)
				ended <- err
			}()
			if test.act != "" {
				b.await(t, "SELECT count(*) > 0 "+sleeping)
				b.exec("SELECT " + test.act + "(pid) " + sleeping)
			}
			if err := <-ended; err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			b.want("SELECT to_regclass('a') IS NULL", "t")
		})
	}
}
