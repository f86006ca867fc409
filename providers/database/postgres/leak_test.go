package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
)

// What a migration leaves in its session must not be there for the next one,
// whether the next one gets the same connection or another.
func TestNothingOfASessionReachesTheNextMigration(t *testing.T) {
	t.Parallel()
	leaves := map[string]string{
		"search_path":        "set search_path = elsewhere",
		"setting":            "set work_mem = '77MB'",
		"setting of its own": "set app.tenant = 'acme'",
		"set_config":         "select set_config('work_mem', '77MB', false)",
		"role":               "set role %ROLE%",
		"authorization":      "set session authorization %ROLE%",
		"temporary table":    "create temp table mine (id int)",
		"prepared statement": "prepare mine as select 1",
		"advisory lock":      "select pg_advisory_lock(4711)",
		"channel":            "listen mine",
		"cursor":             "declare mine cursor with hold for select 1",
		"sequence":           "select nextval('numbers')",
		"lock_timeout":       "set lock_timeout = '77s'",
		"timeouts":           "set statement_timeout = '77s'; set idle_in_transaction_session_timeout = '77s'",
		"durability":         "set synchronous_commit = off",
		"trust":              "set session_replication_role = replica",
		"read only":          "set default_transaction_read_only = on",
		"isolation":          "set default_transaction_isolation = serializable",
	}
	const look = `create table seen as select
		current_setting('search_path') as path, current_user::text as who, session_user::text as whose,
		current_setting('work_mem') as memory, coalesce(current_setting('app.tenant', true), '') as tenant,
		to_regclass('pg_temp.mine')::text as temporary, (select count(*) from pg_prepared_statements where name = 'mine') as prepared,
		(select count(*) from pg_cursors) as cursors, (select count(*) from pg_listening_channels()) as channels,
		(select count(*) from pg_locks where locktype = 'advisory' and objid = 4711
			and database = (select oid from pg_database where datname = current_database())) as advisory,
		current_setting('lock_timeout') <> '77s' as lock_timeout, current_setting('statement_timeout') <> '77s' as statement_timeout,
		current_setting('idle_in_transaction_session_timeout') as idle, current_setting('synchronous_commit') as durable,
		current_setting('session_replication_role') as replication, current_setting('transaction_isolation') as isolation`
	for name, leave := range leaves {
		for _, same := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", same session: ", same), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				role := "weak_" + b.get("SELECT current_database()")
				b.exec("create role " + role + "; create schema elsewhere; create sequence numbers; grant all on schema public, elsewhere to " + role + "; grant all on sequence numbers to " + role)
				url := b.url
				t.Cleanup(func() { dropRole(t, url, role) })
				var held *providers.Held
				if same {
					held = new(providers.Held)
					defer held.Close()
				}
				step := func(version int, up string) {
					req := b.planned(b.step(version, up, "select 1"))
					req.Held = held
					b.apply(req)
				}
				step(1, "create table first as select pg_backend_pid() as pid")
				step(2, strings.ReplaceAll(leave, "%ROLE%", role))
				step(3, look)
				step(4, "create table last as select pg_backend_pid() as pid")
				b.want("SELECT * FROM seen", `"""$user"", public",postgres,postgres,4MB,"",,0,0,0,0,t,t,10s,on,origin,"read committed"`)
				if same {
					b.want("SELECT first.pid = last.pid FROM first, last", "t") // else it shows nothing
				}
			})
		}
	}
}
