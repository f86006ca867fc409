package doctor

import (
	"fmt"
	"strings"
	"time"
)

// Postgres is what was seen at a PostgreSQL database.
type Postgres struct {
	Version       string // "15.18"
	VersionNumber int    // 150018
	Database      string
	User          string
	Standby       bool
	Pooled        bool
	// Lock is the database block's way of locking, "session" or "lease".
	Lock string
	// OtherTarget says how direct_url's target differs from url's.
	OtherTarget string

	Rights      PostgresRights
	Activity    PostgresActivity
	Schema      PostgresSchema
	Replicas    []Replica
	Statements  StatStatements
	Storage     Storage
	Settings    map[string]string
	Skew        time.Duration // server's clock minus ours
	SkewError   time.Duration // half of the round trip
	Connections struct{ Max, Reserved, Used int }
}

// PostgresRights are what the role may do.
type PostgresRights struct {
	CreateInDatabase bool
	SchemaName       string // the first of the search_path; empty when none exists
	CreateInSchema   bool
	HasBooks         bool // schema lockstep is there
	WritesBooks      bool // and its tables may be written
	Tables           int
	NotOwned         []string // tables that the role can neither alter nor lock
	NotOwnedCount    int
	SeesActivity     bool // pg_read_all_stats
	EndsBackends     bool // pg_signal_backend, or all others have the same role
}

// PostgresActivity is what goes on.
type PostgresActivity struct {
	Holders  string // who holds golang-migrate's locks
	Lease    string // who has Lockstep's lease
	Long     []Backend
	Hidden   int // connections of which the role is not told what they do
	Prepared []Prepared
	Slots    []Slot
}

// Backend is a transaction that has been open for long.
type Backend struct {
	PID                             int
	User, Application, State, Query string
	Age                             time.Duration
}

// Prepared is a transaction that waits for its second phase.
type Prepared struct {
	ID, Owner string
	Age       time.Duration
}

// Slot is a replication slot.
type Slot struct {
	Name     string
	Active   bool
	Retained int64 // bytes of WAL kept for it
}

// Replica is a standby.
type Replica struct {
	Name, State string
	Lag         time.Duration
	Behind      int64 // bytes
}

// StatStatements is the state of the extension pg_stat_statements.
type StatStatements struct{ Installed, Readable bool }

// Storage is the room that there is.
type Storage struct {
	Database int64
	WAL      int64 // below 0 when the role may not see it
	Free     int64 // below 0 when it cannot be seen from here
}

// PostgresSchema is the state of the schema.
type PostgresSchema struct {
	VersionTable string
	State        string // "version 4", "empty"
	Dirty        bool
	Unread       bool   // it did not answer, or not in time
	Forbidden    bool   // the role may not read it
	Unrecorded   bool   // there are tables, and neither a version nor a history
	ForeignTable string // why the version table is another tool's
	InvalidIndex []string
	NotValidated []string
}

// OldestPostgres is the oldest version that Lockstep works with:
// pg_current_xact_id and pg_xact_status(xid8) came with it.
const OldestPostgres = 13

// JudgePostgres turns facts into signs, in the order of a first look.
func JudgePostgres(f Postgres) []Sign {
	signs := []Sign{postgresServer(f), postgresPooler(f)}
	if f.OtherTarget != "" {
		signs = append(signs, Sign{
			"direct_url", Problem, f.OtherTarget, "migrations would run on another database than the application uses",
			"correct direct_url or url in the database block",
		})
	}
	signs = append(signs, postgresRights(f.Rights, f.User)...)
	signs = append(signs, postgresSchema(f)...)
	signs = append(signs, postgresLocks(f.Activity, f.Rights), postgresLong(f.Activity, f.Rights))
	if len(f.Activity.Prepared) > 0 {
		signs = append(signs, postgresPrepared(f.Activity.Prepared))
	}
	signs = append(signs, postgresReplicas(f))
	if s, retained := postgresSlots(f.Activity.Slots); retained {
		signs = append(signs, s)
	}
	return append(signs, postgresConnections(f), postgresSettings(f), clock(f.Skew, f.SkewError), postgresStorage(f.Storage), postgresStatements(f.Statements))
}

func postgresServer(f Postgres) Sign {
	role := "primary"
	if f.Standby {
		role = "standby"
	}
	version, _, _ := strings.Cut(f.Version, " ") // without the distribution's name for it
	seen := fmt.Sprintf("PostgreSQL %s, %s, database %s, user %s", version, role, f.Database, f.User)
	switch {
	case f.VersionNumber < OldestPostgres*10000:
		return Sign{
			"server", Problem, seen, fmt.Sprintf("Lockstep needs version %d or newer: older servers cannot tell what became of a transaction", OldestPostgres),
			"upgrade the server",
		}
	case f.Standby:
		return Sign{"server", Problem, seen, "a standby cannot be written", "give the primary's url"}
	default:
		return well("server", seen)
	}
}

func postgresPooler(f Postgres) Sign {
	switch {
	case f.Pooled && f.Lock == "lease":
		return Sign{
			"pooler", Note, "a connection pooler stands in between, and lock is \"lease\"",
			"other tools are kept out while a migration runs, not between two; timeouts of statements outside of a transaction are the role's own",
			"for all promises: give direct_url, a url that goes past the pooler, and leave lock out",
		}
	case f.Pooled:
		return Sign{
			"pooler", Problem, "a connection pooler stands in between: the backend is another one than the one that greeted us",
			"locks and settings of a session are lost there, or reach others",
			"give direct_url, a url that goes past the pooler, or set lock = \"lease\" in the database block",
		}
	default:
		return well("pooler", "none: the connection leads to the server itself")
	}
}

func postgresRights(r PostgresRights, user string) []Sign {
	var signs []Sign
	switch {
	case r.SchemaName == "":
		signs = append(signs, Sign{
			"rights", Problem, "the search_path names no schema that exists", "migrations would have nowhere to create",
			"create the schema, or set search_path in the url",
		})
	case !r.CreateInSchema:
		signs = append(signs, Sign{
			"rights", Problem, user + " may not create in schema " + r.SchemaName, "migrations that create a table fail",
			fmt.Sprintf("as owner of the schema: GRANT CREATE ON SCHEMA %s TO %s", r.SchemaName, user),
		})
	case !r.HasBooks && !r.CreateInDatabase:
		signs = append(signs, Sign{
			"rights", Problem, user + " may not create a schema in this database", "the history lives in a schema of its own, lockstep",
			fmt.Sprintf("as owner of the database: CREATE SCHEMA lockstep AUTHORIZATION %s", user),
		})
	case r.HasBooks && !r.WritesBooks:
		signs = append(signs, Sign{
			"rights", Problem, user + " may not write to schema lockstep", "every migration writes its receipt there",
			fmt.Sprintf("as owner of the schema: GRANT ALL ON SCHEMA lockstep TO %s; GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO %s", user, user),
		})
	default:
		signs = append(signs, well("rights", user+" may create in schema "+r.SchemaName))
	}
	return append(signs, postgresOwner(r, user), postgresSight(r, user))
}

func postgresOwner(r PostgresRights, user string) Sign {
	if r.NotOwnedCount == 0 {
		return well("owner", fmt.Sprintf("%s owns %s, and may change and lock them", user, counted(r.Tables, "table")))
	}
	return Sign{
		"owner", Note, fmt.Sprintf("%d of %s belong to others: %s", r.NotOwnedCount, counted(r.Tables, "table"), listed(r.NotOwned, r.NotOwnedCount)),
		"migrations that alter them fail, and their locks cannot be taken beforehand", "as superuser: GRANT their owner TO " + user,
	}
}

func postgresSight(r PostgresRights, user string) Sign {
	grant := func(what, why, roles string) Sign {
		return Sign{"sight", Note, user + " " + what, why, "as superuser: GRANT " + roles + " TO " + user}
	}
	switch {
	case r.SeesActivity && r.EndsBackends:
		return well("sight", user+" sees what others run, and may end it")
	case r.SeesActivity:
		return grant("sees what others run, and may not end it", "a person has to end what is in a migration's way", "pg_signal_backend")
	case r.EndsBackends:
		return grant("may end what others run, and is not told what it is", "who is in a migration's way is named without query and age", "pg_read_all_stats")
	default:
		return grant("is not told what others run, and may not end it", "who is in a migration's way is named without query and age, and a person has to end it",
			"pg_read_all_stats, pg_signal_backend")
	}
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// listed names a few of many.
func listed(names []string, all int) string {
	const few = 3
	if len(names) > few {
		names = names[:few]
	}
	text := strings.Join(names, ", ")
	if all > len(names) {
		text += fmt.Sprintf(" and %d more", all-len(names))
	}
	return text
}
