package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MySQL is what was seen at a database of MySQL or MariaDB.
type MySQL struct {
	Version  string // "10.11.6-MariaDB"
	Refused  string // why no migration can run on this server
	Database string
	User     string // "app@%"
	ReadOnly bool

	// Rights are the privileges on the database, in capitals; Roles says that
	// there may be more of them, from roles.
	Rights []string
	Roles  bool
	Schema MySQLSchema
	// Holder has golang-migrate's lock.
	Holder string
	// SeesActivity is the privilege PROCESS: without it, others' work is not
	// shown.
	SeesActivity bool
	Long         []Backend
	Replicas     int
	// Durable is false when a commit can be lost with the server's power.
	Durable bool
	// ShowsLocks is true when the server tells who holds a metadata lock.
	ShowsLocks  bool
	Size        int64
	Skew        time.Duration
	SkewError   time.Duration
	Connections struct{ Max, Used int }
}

// MySQLSchema is the state of the schema.
type MySQLSchema struct {
	VersionTable string
	State        string
	Dirty        bool
	ForeignTable string   // why the version table is another tool's
	Forbidden    bool     // the user may not read it
	Unrecorded   bool     // there are tables, and neither a version nor a history
	NoRollback   []string // tables of engines without transactions
}

// migrating are the rights that a migration of any kind wants.
var migrating = [...]string{"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"}

// JudgeMySQL turns facts into signs, in the order of a first look.
func JudgeMySQL(f MySQL) []Sign {
	signs := []Sign{mysqlServer(f), mysqlRights(f)}
	signs = append(signs, mysqlSchema(f)...)
	return append(signs, mysqlLocks(f), mysqlLong(f), mysqlReplicas(f), mysqlConnections(f), mysqlSettings(f),
		clock(f.Skew, f.SkewError), well("disk", "database "+Bytes(f.Size)+"; free space cannot be seen from here"))
}

func mysqlServer(f MySQL) Sign {
	name := "MySQL "
	if strings.Contains(strings.ToLower(f.Version), "mariadb") {
		name = ""
	}
	seen := fmt.Sprintf("%s%s, database %s, user %s", name, f.Version, f.Database, f.User)
	switch {
	case f.Refused != "":
		return Sign{"server", Problem, seen + "; " + f.Refused, "no migration can run there", "change the server or the url as said"}
	case f.ReadOnly:
		return Sign{"server", Problem, seen + ", read-only", "a replica cannot be written", "give the primary's url"}
	default:
		return well("server", seen)
	}
}

func mysqlRights(f MySQL) Sign {
	var missing []string
	for _, right := range migrating {
		if !slices.Contains(f.Rights, right) {
			missing = append(missing, right)
		}
	}
	grant := fmt.Sprintf("as an administrator: GRANT ALL ON `%s`.* TO the user", f.Database)
	switch {
	case len(missing) == 0:
		return well("rights", f.User+" may read, write and change the tables of "+f.Database)
	case f.Roles:
		return Sign{"rights", Note, fmt.Sprintf("%s has no %s of its own", f.User, strings.Join(missing, ", ")), "whether a role gives it is not told", "SHOW GRANTS; if none does, " + grant}
	default:
		return Sign{"rights", Problem, fmt.Sprintf("%s has no %s on %s", f.User, strings.Join(missing, ", "), f.Database), "migrations that need it fail, and so do the history's tables", grant}
	}
}

func mysqlSchema(f MySQL) []Sign {
	s := f.Schema
	signs := []Sign{well("schema", s.State)}
	switch {
	case s.ForeignTable != "":
		signs[0] = Sign{"schema", Problem, s.ForeignTable, "the version cannot be read, and nothing can be planned", "take the database over: lockstep import; it says what else to write into the database block"}
	case s.Forbidden:
		signs[0] = Sign{"schema", Problem, f.User + " may not read " + s.VersionTable, "nothing can be planned", fmt.Sprintf("as an administrator: GRANT ALL ON `%s`.* TO the user", f.Database)}
	case s.Unrecorded:
		signs[0] = unrecorded()
	case s.Dirty && f.Holder != "":
		signs[0] = dirtyMeanwhile(s.VersionTable, s.State)
	case s.Dirty:
		signs[0] = Sign{"schema", Problem, s.VersionTable + " says " + s.State + ", dirty", "another tool failed half-way; what it left is not recorded", "lockstep repair shows what is there, statement by statement"}
	}
	if n := len(s.NoRollback); n > 0 {
		signs = append(signs, Sign{"engines", Note, "without transactions: " + listed(s.NoRollback, n), "a migration of their rows that fails stays half-way", "ALTER TABLE ... ENGINE=InnoDB"})
	}
	return signs
}

func mysqlLocks(f MySQL) Sign {
	if f.Holder != "" {
		return Sign{"locks", Problem, f.Holder, "a migration of this database is running; apply waits for it, then ends with 75", "wait for it, or, if nobody works on it: KILL its connection"}
	}
	return well("locks", "free: nobody migrates this database")
}

func mysqlLong(f MySQL) Sign {
	switch {
	case !f.SeesActivity:
		return Sign{
			"transactions", Note, f.User + " is not told what others run", "who is in a migration's way cannot be named",
			"as an administrator: GRANT PROCESS ON *.* TO the user",
		}
	case len(f.Long) == 0:
		return well("transactions", "none has been open for a minute or longer")
	}
	lines := make([]string, 0, len(f.Long))
	for _, b := range f.Long {
		line := fmt.Sprintf("connection %d (user %s) open for %s, %s", b.PID, b.User, span(b.Age), b.State)
		if b.Query != "" {
			line += ": " + b.Query
		}
		lines = append(lines, line)
	}
	return Sign{
		"transactions", Note, strings.Join(lines, "; "), "a change of a table that one of them has used waits for its end, and every later query of the table behind that",
		fmt.Sprintf("KILL %d, if nobody needs it", f.Long[0].PID),
	}
}

func mysqlReplicas(f MySQL) Sign {
	switch {
	case !f.SeesActivity:
		return well("replicas", "the user sees none; it may not be told of them")
	case f.Replicas == 0:
		return well("replicas", "none is connected")
	default:
		return well("replicas", counted(f.Replicas, "replica")+"; how far behind is for each to say: SHOW REPLICA STATUS")
	}
}

func mysqlConnections(f MySQL) Sign {
	c := f.Connections
	seen := fmt.Sprintf("%d of %d are in use", c.Used, c.Max)
	if c.Max-c.Used < needed {
		return Sign{
			"connections", Problem, seen, fmt.Sprintf("an apply needs up to %d, and would take them from the application", needed),
			"end connections that nobody uses, or raise max_connections",
		}
	}
	return well("connections", seen)
}

func mysqlSettings(f MySQL) Sign {
	switch {
	case !f.Durable:
		return Sign{
			"settings", Note, "innodb_flush_log_at_trx_commit is not 1", "a commit, and the record of a migration with it, can be lost when the server's machine fails",
			"SET GLOBAL innodb_flush_log_at_trx_commit = 1",
		}
	case !f.ShowsLocks:
		return Sign{
			"settings", Note, "performance_schema does not show metadata locks", "who is in a migration's way is guessed from open transactions",
			"performance_schema = ON and performance-schema-instrument='wait/lock/metadata/sql/mdl=ON' in the server's configuration",
		}
	default:
		return well("settings", "commits are durable, and the server tells who holds a metadata lock")
	}
}
