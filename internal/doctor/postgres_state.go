package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

func postgresSchema(f Postgres) []Sign {
	s := f.Schema
	var signs []Sign
	switch {
	case s.ForeignTable != "":
		signs = append(signs, Sign{"schema", Problem, s.ForeignTable, "the version cannot be read, and nothing can be planned", "take the database over: lockstep import; it says what else to write into the database block"})
	case s.Forbidden:
		signs = append(signs, Sign{
			"schema", Problem, fmt.Sprintf("%s may not read %s or the history", f.User, s.VersionTable), "nothing can be planned",
			fmt.Sprintf("as their owner: GRANT ALL ON %s TO %s; GRANT USAGE ON SCHEMA lockstep TO %s; GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO %s",
				s.VersionTable, f.User, f.User, f.User),
		})
	case s.Unread:
		signs = append(signs, Sign{
			"schema", Note, s.VersionTable + " could not be read", "another tool holds a lock on it, or the server is slow",
			"look at who is in the way: SELECT pid, query FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
		})
	case s.Dirty && cmp.Or(f.Activity.Lease, f.Activity.Holders) != "":
		signs = append(signs, dirtyMeanwhile(s.VersionTable, s.State))
	case s.Dirty:
		signs = append(signs, Sign{
			"schema", Problem, s.VersionTable + " says " + s.State + ", dirty", "another tool failed half-way; what it left is not recorded",
			"lockstep repair shows what is there, statement by statement",
		})
	case s.Unrecorded:
		signs = append(signs, unrecorded())
	default:
		signs = append(signs, well("schema", s.State))
	}
	if n := len(s.InvalidIndex); n > 0 {
		signs = append(signs, Sign{
			"indexes", Note, "INVALID: " + listed(s.InvalidIndex, n), "each costs every write and serves no query",
			"DROP INDEX CONCURRENTLY " + s.InvalidIndex[0] + ", then create it again",
		})
	}
	if n := len(s.NotValidated); n > 0 {
		signs = append(signs, Sign{
			"constraints", Note, "not validated: " + listed(s.NotValidated, n), "rows from before may break them",
			"ALTER TABLE ... VALIDATE CONSTRAINT in a migration of its own",
		})
	}
	return signs
}

// dirtyMeanwhile: a version is dirty as long as golang-migrate's file runs.
func dirtyMeanwhile(table, state string) Sign {
	return Sign{"schema", Problem, table + " says " + state + ", dirty", "a migration is running (see locks), and it is dirty until that ends", "wait for it, then look again"}
}

// unrecorded: another tool may have made what is there.
func unrecorded() Sign {
	return Sign{
		"schema", Note, "there are tables, and neither a version nor a history says where they come from", "all migrations count as not applied",
		"if another tool has migrated it: lockstep import",
	}
}

func postgresLocks(a PostgresActivity, r PostgresRights) Sign {
	if held := cmp.Or(a.Lease, a.Holders); held != "" {
		return Sign{
			"locks", Problem, held, "a migration of this database is running; apply waits for it, then ends with 75",
			"wait for it, or, if nobody works on it: " + ending(r),
		}
	}
	return well("locks", "free: nobody migrates this database")
}

func ending(r PostgresRights) string {
	if r.EndsBackends {
		return "SELECT pg_terminate_backend(PID)"
	}
	return "let its user or a superuser end it: SELECT pg_terminate_backend(PID)"
}

func postgresLong(a PostgresActivity, r PostgresRights) Sign {
	if len(a.Long) == 0 && a.Hidden > 0 {
		return Sign{
			"transactions", Note, fmt.Sprintf("%s of others: the role is not told how long they have been open", counted(a.Hidden, "connection")),
			"a change of a table that one of them has read waits for its end", "as superuser: GRANT pg_read_all_stats TO the role",
		}
	}
	if len(a.Long) == 0 {
		return well("transactions", "none has been open for a minute or longer")
	}
	lines := make([]string, 0, len(a.Long))
	for _, b := range a.Long {
		lines = append(lines, b.String())
	}
	seen := strings.Join(lines, "; ")
	return Sign{
		"transactions", Note, seen, "a change of a table that one of them has read waits for its end, and so does CREATE INDEX CONCURRENTLY",
		strings.Replace(ending(r), "PID", fmt.Sprint(a.Long[0].PID), 1) + ", if nobody needs it",
	}
}

// String names the backend for people.
func (b Backend) String() string {
	text := fmt.Sprintf("pid %d (user %s, %s) open for %s, %s", b.PID, b.User, cmp.Or(b.Application, "unnamed application"), span(b.Age), cmp.Or(b.State, "state hidden"))
	if b.Query != "" {
		text += ": " + b.Query
	}
	return text
}

func postgresPrepared(list []Prepared) Sign {
	lines := make([]string, 0, len(list))
	for _, p := range list {
		lines = append(lines, fmt.Sprintf("%s of %s, %s old", p.ID, p.Owner, span(p.Age)))
	}
	return Sign{
		"prepared", Note, "transactions that wait for COMMIT PREPARED: " + strings.Join(lines, "; "),
		"their locks stay through restarts, until somebody ends them",
		fmt.Sprintf("ask %s, then COMMIT PREPARED or ROLLBACK PREPARED '%s'", list[0].Owner, list[0].ID),
	}
}

// lateReplica is a lag at which readers of the replica notice.
const lateReplica = 10 * time.Second

func postgresReplicas(f Postgres) Sign {
	if len(f.Replicas) == 0 {
		if f.Rights.SeesActivity {
			return well("replicas", "none is connected")
		}
		return well("replicas", "the role sees none; it may not be told of them")
	}
	var lines, late []string
	for _, r := range f.Replicas {
		lines = append(lines, fmt.Sprintf("%s %s, %s behind (%s)", r.Name, r.State, span(r.Lag), Bytes(r.Behind)))
		if r.Lag > lateReplica {
			late = append(late, r.Name)
		}
	}
	sign := well("replicas", strings.Join(lines, "; "))
	if len(late) > 0 {
		sign.Verdict, sign.Why = Note, "the new schema reaches "+strings.Join(late, ", ")+" that much later: code that is deployed at once meets the old one there"
		sign.Next = "find out why it lags before a large migration adds to it"
	}
	return sign
}

// muchWAL is what a forgotten slot has kept when it begins to threaten a disk.
const muchWAL = 1 << 30

func postgresSlots(slots []Slot) (Sign, bool) {
	slots = slices.DeleteFunc(slices.Clone(slots), func(s Slot) bool { return s.Active && s.Retained < muchWAL || s.Retained < lowDisk })
	if len(slots) == 0 {
		return Sign{}, false
	}
	lines := make([]string, 0, len(slots))
	for _, s := range slots {
		state := "active"
		if !s.Active {
			state = "nobody reads it"
		}
		lines = append(lines, fmt.Sprintf("%s keeps %s of WAL (%s)", s.Name, Bytes(s.Retained), state))
	}
	return Sign{
		"slots", Note, strings.Join(lines, "; "), "WAL grows until the disk is full; a large migration writes much of it",
		fmt.Sprintf("if its reader is gone for good: SELECT pg_drop_replication_slot('%s')", slots[0].Name),
	}, true
}

// needed is how many connections an apply has open at one database.
const needed = 4

func postgresConnections(f Postgres) Sign {
	c := f.Connections
	free := c.Max - c.Reserved - c.Used
	seen := fmt.Sprintf("%d of %d are in use, %d are reserved for superusers", c.Used, c.Max, c.Reserved)
	if free < needed {
		return Sign{
			"connections", Problem, seen, fmt.Sprintf("an apply needs up to %d, and would take them from the application", needed),
			"end connections that nobody uses, or raise max_connections",
		}
	}
	return well("connections", seen)
}

// postgresSettings looks at what the role or database presets.
func postgresSettings(f Postgres) Sign {
	if f.Settings["default_transaction_read_only"] == "on" {
		return Sign{
			"settings", Problem, "default_transaction_read_only is on", "nothing can be written",
			fmt.Sprintf("ALTER ROLE %s SET default_transaction_read_only = off, or give a role that may write", f.User),
		}
	}
	var seen []string
	for _, name := range []string{"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "synchronous_commit"} {
		if value := f.Settings[name]; value != "" {
			seen = append(seen, name+" "+value)
		}
	}
	sign := well("settings", strings.Join(seen, ", ")+"; a migration sets its own")
	if f.Pooled && (f.Settings["statement_timeout"] != "0" || f.Settings["lock_timeout"] != "0") {
		sign.Verdict = Note
		sign.Seen = strings.Join(seen, ", ")
		sign.Why = "through a pooler a statement outside of a transaction gets the role's timeouts: CREATE INDEX CONCURRENTLY is cut short, and leaves an INVALID index"
		sign.Next = "give direct_url, or take the role's timeouts off"
	}
	return sign
}

// muchSkew is where times of the journal and of the history no longer agree.
const muchSkew = 5 * time.Second

func clock(skew, slack time.Duration) Sign {
	seen := fmt.Sprintf("the server's is %s %s ours (+/- %s)", span(skew.Abs()), ahead(skew), span(max(slack, time.Millisecond)))
	if skew.Abs()-slack > muchSkew {
		return Sign{"clock", Note, seen, "times in the journal and in the database's history do not agree", "let both follow a time server (timedatectl status)"}
	}
	return well("clock", seen)
}

func ahead(d time.Duration) string {
	if d < 0 {
		return "behind"
	}
	return "ahead of"
}

func postgresStorage(s Storage) Sign {
	seen := "database " + Bytes(s.Database)
	if s.WAL >= 0 {
		seen += ", WAL " + Bytes(s.WAL)
	}
	switch {
	case s.Free < 0:
		return well("disk", seen+"; free space cannot be seen from here")
	case s.Free < s.Database/10 || s.Free < lowDisk:
		return Sign{
			"disk", Note, seen + ", " + Bytes(s.Free) + " free", "a rewrite of a table needs its size again, with indexes, and as much WAL",
			"make room before a migration that rewrites",
		}
	default:
		return well("disk", seen+", "+Bytes(s.Free)+" free")
	}
}

func postgresStatements(s StatStatements) Sign {
	switch {
	case !s.Installed:
		return Sign{
			"statements", Note, "pg_stat_statements is not installed", "which queries a contract migration breaks cannot be looked up",
			"shared_preload_libraries = 'pg_stat_statements', restart, CREATE EXTENSION pg_stat_statements",
		}
	case !s.Readable:
		return Sign{
			"statements", Note, "pg_stat_statements is there and cannot be read", "which queries a contract migration breaks cannot be looked up",
			"as superuser: GRANT pg_read_all_stats TO the role; shared_preload_libraries must name it",
		}
	default:
		return well("statements", "pg_stat_statements can be read")
	}
}
