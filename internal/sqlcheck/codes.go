package sqlcheck

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/plans"
)

// Code describes what a finding's code means.
type Code struct {
	Code     string
	Severity plans.Severity // the usual one
	Title    string         // one sentence
	Why      string
	Fix      string // what to write instead
	URL      string // a page of the server's manual, empty where it is Lockstep's own rule
	ID       string // the other name, empty where there is none
	Off      bool   // only counts when it is asked for
}

// Codes are all codes that judging a file can lead to: PostgreSQL's rules in
// their order, then those about files as such and about other servers.
func Codes() []Code {
	var list []Code
	for _, r := range pgrule.All() {
		list = append(list, Code{
			Code: r.Code, Severity: r.Severity, Title: r.Title, Why: r.Why, Fix: r.Instead, URL: r.Manual, ID: r.ID, Off: r.Off,
		})
	}
	return slices.Concat(list, aboutText(), aboutAnswers(), aboutRuns(), aboutPlaces(), aboutMySQL())
}

// Find returns the description of a code, or of the other name of one.
func Find(name string) (Code, bool) {
	all := Codes()
	if i := slices.IndexFunc(all, func(c Code) bool { return c.Code == name || c.ID != "" && c.ID == name }); i >= 0 {
		return all[i], true
	}
	return Code{}, false
}

// aboutText are codes of files that cannot be read as migrations.
func aboutText() []Code {
	return []Code{
		{
			Code: "sql-syntax", Severity: plans.SeverityError, Title: "The text cannot be cut into statements.",
			Why: "A string, a comment or a routine's body does not end, so nobody can tell what would run.",
			Fix: "close the quote, the comment or the body that the message names",
		},
		{
			Code: "directive", Severity: plans.SeverityError, Title: "A comment for Lockstep cannot be understood.",
			Why: "What the author wants to say about the file would be passed over in silence.",
			Fix: "-- lockstep:phase expand|contract REASON",
		},
		{
			Code: "empty-file", Severity: plans.SeverityError, Title: "The file has no statement.",
			Why: "It would be recorded as applied and has done nothing; mostly something was not saved.",
			Fix: "write the change, or delete the file and its down file",
		},
		{
			Code: "too-many-statements", Severity: plans.SeverityError, Title: "The file has more statements than anybody reviews.",
			Why: "Every statement stands in the plan, and a plan that nobody can read protects nobody.",
			Fix: "split it, or load bulk data by a backfill block",
		},
		{
			Code: "psql-command", Severity: plans.SeverityError, Title: "A line is a command of psql, not SQL.",
			Why: "The server does not know it: psql itself carries it out.",
			Fix: "write the SQL that it stands for",
			URL: "https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-META-COMMANDS",
		},
	}
}

// aboutRuns are codes about how a file runs.
func aboutRuns() []Code {
	return []Code{
		{
			Code: secretInFile, Severity: plans.SeverityWarning, Title: "A password stands in the file.",
			Why: "Whoever reads the repository or a saved plan has it, the server's log and pg_stat_statements may show it, and of a down file lockstep.history keeps the text. Lockstep masks it in what it shows.",
			Fix: "take it out and change it: CREATE ROLE without a password, which is set outside of the repository (\\password in psql, a secret store)",
			URL: "https://www.postgresql.org/docs/current/sql-createrole.html",
		},
		{
			Code: "transaction-wrapper", Severity: plans.SeverityInfo, Title: "BEGIN and COMMIT around the file are left out.",
			Why: "The file runs in one transaction together with its receipt, and its own COMMIT would end that.",
			Fix: "remove both",
		},
		{
			Code: "lock-timeout", Severity: plans.SeverityInfo, Title: "What the file sets for lock_timeout is left out.",
			Why: "The application waits behind every request for a lock that waits, so how long one may is for the database block to say.",
			Fix: "set lock_timeout in the database block",
			URL: "https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT",
		},
		{
			Code: "works-behind-a-lock", Severity: plans.SeverityWarning, Title: "A whole table is read or written while others are kept from it.",
			Why: "How long that takes grows with the table, and everybody who comes later waits.",
			Fix: "do it in a quiet hour, or in steps that hold no such lock",
			URL: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
		},
	}
}

// aboutPlaces are codes of files without a place.
func aboutPlaces() []Code {
	return []Code{
		{
			Code: mustBeSplit, Severity: plans.SeverityWarning, Title: "The file belongs on neither side of a deployment as a whole.",
			Why: "Before the deployment it breaks the code that runs, and after it the new code lacks something. A plan refuses it.",
			Fix: "write the files that the finding prints instead",
		},
		{
			Code: classUnknown, Severity: plans.SeverityWarning, Title: "On which side of a deployment the file belongs, only its author knows.",
			Why: "It runs code that does not stand in it, or what it means lies in the code that uses it. A plan refuses it until the file says so.",
			Fix: "-- lockstep:phase expand|contract REASON",
		},
		{
			Code: downTakesRows, Severity: plans.SeverityWarning, Title: "The down file removes what was there before its up file.",
			Why: "Going back from the migration would lose rows that it has never touched, though the schema may come back.",
			Fix: "take back what the up file does, and nothing else",
		},
		{
			Code: "schema-unknown", Severity: plans.SeverityInfo, Title: "The schema before the pending files is not all known.",
			Why: "It follows from the files that are applied, and one of them is gone or runs code that nobody can read.",
			Fix: "bring the file back from version control",
		},
	}
}

// aboutMySQL are codes of MySQL and MariaDB alone.
func aboutMySQL() []Code {
	const manual = "https://dev.mysql.com/doc/refman/8.4/en/"
	return []Code{
		{
			Code: "client-command", Severity: plans.SeverityError, Title: "A line is a command of the mysql client, not SQL.",
			Why: "The server does not know it: the client itself carries it out.",
			Fix: "end the statement with a semicolon", URL: manual + "mysql-commands.html",
		},
		{
			Code: "use-database", Severity: plans.SeverityError, Title: "USE leads to another database than the plan has looked at.",
			Why: "What runs behind it was checked against the wrong schema.",
			Fix: "remove it; migrate the other database by a database block of its own", URL: manual + "use.html",
		},
		{
			Code: "stops-half-way", Severity: plans.SeverityWarning, Title: "A failure stops the file half-way.",
			Why: "MySQL commits each statement that changes the schema by itself.",
			Fix: "give each statement a file of its own", URL: manual + "implicit-commit.html",
		},
		{
			Code: "cannot-be-looked-up", Severity: plans.SeverityWarning, Title: "Whether the statement ran cannot be looked up after a crash.",
			Why: "It leaves nothing in the catalog, and no transaction holds it together with its receipt.",
			Fix: "put it into a file of its own", URL: manual + "implicit-commit.html",
		},
		{
			Code: "table-copy", Severity: plans.SeverityWarning, Title: "The server may write the whole table anew, and writers wait meanwhile.",
			Why: "A server that may not copy refuses; one that may takes as long as the table is large.",
			Fix: "write ALGORITHM=INPLACE, LOCK=NONE behind it", URL: manual + "innodb-online-ddl-operations.html",
		},
	}
}
