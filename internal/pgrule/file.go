package pgrule

// files are the rules about how a migration file is written and run.
func files() []Rule {
	return []Rule{
		{
			Code: "no-way-back", ID: "PG-F01", Severity: warning, Verdict: Neutral, Look: []Role{Release},
			Title: "There is nothing that takes the migration back.",
			Why: "A run that fails behind it can undo everything else and not this. " +
				"A down file does, or the author's reason why there is none: \"-- lockstep:irreversible REASON\".",
			Instead: "-- in the down file:\n" +
				"ALTER TABLE {table} DROP COLUMN {column};",
		},
		{
			Code: "unnamed-index", ID: "PG-F02", Severity: refused, Verdict: Expand, Look: []Role{DBA},
			Title: "An index that is built CONCURRENTLY without a name cannot be found again after a crash.",
			Why: "What was under way is looked up in the catalog by its name. " +
				"Without one, the next try would build a second index beside an INVALID one.",
			Instead: "-- in a file of its own:\n" +
				"CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			Manual: manual + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		},
		{
			Code: "session-setting", ID: "PG-F03", Severity: warning, Verdict: Neutral, Look: []Role{DBA},
			Title: "SET without LOCAL would outlive the migration.",
			Why: "Behind a pooler the connection, and the setting with it, goes on to someone else. " +
				"SET LOCAL ends with the transaction.",
			Instead: "SET LOCAL work_mem = '64MB';",
			Manual:  manual + "sql-set.html",
		},
		{
			Code: "duplicate-column", ID: "PG-F05", Severity: refused, Verdict: Expand, Look: []Role{DBA},
			Title: "A column stands there twice.",
			Why: "The server refuses the statement. " +
				"A name that was meant to be another one is found here and not in production.",
			Instead: "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {type};",
			Manual:  manual + "sql-createtable.html",
		},
		{
			Code: "has-dependents", ID: "PG-F06", Severity: refused, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Something that stays depends on what is dropped.",
			Why: "The server refuses the statement without CASCADE, and with it drops what depends on it as well. " +
				"What depends on it is changed or dropped before, by a statement that names it.",
			Instead: "-- what depends on it first:\n" +
				"{statement};",
			Manual: manual + "ddl-depend.html",
		},
		{
			Code: "refused-by-server", ID: "PG-F07", Severity: refused, Verdict: Neutral, Look: []Role{DBA},
			Title: "The server refuses the statement on this schema, whatever rows there are.",
			Why: "The file would fail on every database that the files before it have made. " +
				"It is found here and not in production.",
			Instead: "-- as the finding says, for example without ONLY or CONCURRENTLY:\n" +
				"{statement};",
			Manual: manual + "sql-altertable.html",
		},
		{
			Code: "needs-newer-server", ID: "PG-F08", Severity: refused, Verdict: Neutral, Look: []Role{DBA},
			Title: "A later version of PostgreSQL is the first that knows the statement.",
			Why: "The server refuses it as a syntax error, or does something else than is meant. " +
				"It can wait for the upgrade, or be written in the words of the version that is there.",
			Instead: "SELECT current_setting('server_version_num'); -- what the server is",
			Manual:  manual + "release.html",
		},
		{
			Code: "copy-stdin", ID: "PG-F04", Severity: refused, Verdict: Neutral, Look: []Role{DBA},
			Title: "COPY FROM STDIN needs a client that sends the rows.",
			Why: "A migration is sent as statements, and the rows behind this one are not any. " +
				"Few rows are written as INSERT, and many are loaded by a backfill block or by the application.",
			Instead: "INSERT INTO {table} ({column}) VALUES (1), (2), (3);",
			Manual:  manual + "sql-copy.html",
		},
	}
}
