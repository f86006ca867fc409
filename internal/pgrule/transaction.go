package pgrule

// transactions are the rules about what may stand together in a transaction.
func transactions() []Rule {
	return []Rule{
		{
			Code: "mixed-transaction", ID: "PG-T01", Severity: refused, Verdict: Split, Look: []Role{DBA},
			Title: "The statement cannot run in a transaction, and the file has others.",
			Why: "CONCURRENTLY, VACUUM, CREATE DATABASE and ALTER SYSTEM commit on their own, and the server refuses them among other statements. " +
				"Alone in its file it runs by itself, and a failure leaves nothing else half done.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		},
		{
			Code: "statement-after-access-exclusive", ID: "PG-T04", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "What stands behind an ACCESS EXCLUSIVE lock runs while nobody can use the table.",
			Why: "Locks are held until the transaction ends, however short their own statement was. " +
				"In a file of its own, the statement that needs the lock gives it back at once.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "explicit-locking.html#LOCKING-TABLES",
		},
		{
			Code: "not-valid-and-validate-one-transaction", ID: "PG-T05", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "NOT VALID and VALIDATE in one transaction keep everyone out while the table is read.",
			Why: "The lock of the first statement is held until the transaction ends, so validation runs under it. " +
				"In files of their own, others read and write while the rows are checked.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "sql-altertable.html#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "wide-lock-window", ID: "PG-T06", Severity: note, Verdict: Split, Look: []Role{DBA},
			Title: "Locks on several tables in one transaction add up, and can deadlock.",
			Why: "Each lock may be waited for as long as lock_timeout allows while those before it are held. " +
				"Traffic that takes the same tables in another order ends one of the two.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "explicit-locking.html#LOCKING-DEADLOCKS",
		},
		{
			Code: "transaction-control", ID: "PG-T08", Severity: refused, Verdict: Neutral, Look: []Role{DBA},
			Title: "BEGIN, COMMIT and their like have no place inside of a migration.",
			Why: "The file runs in one transaction together with its receipt, which makes it all or nothing. " +
				"A statement that ends it would leave what stands before it without one.",
			Instead: "-- the statements alone, without BEGIN and COMMIT:\n" +
				"ALTER TABLE {table} ADD COLUMN {column} {type};",
			Manual: manual + "tutorial-transactions.html",
		},
		{
			Code: "uncommitted-transaction", ID: "PG-T09", Severity: refused, Verdict: Neutral, Look: []Role{DBA},
			Title: "The file begins a transaction and does not end it.",
			Why: "A tool that sends the file as it is leaves the transaction open, or has it rolled back when the connection ends. " +
				"Locks that it took are held until then.",
			Instead: "-- the statements alone, without BEGIN:\n" +
				"ALTER TABLE {table} ADD COLUMN {column} {type};",
			Manual: manual + "sql-begin.html",
		},
		{
			Code: "new-enum-value", ID: "PG-T10", Severity: warning, Verdict: Expand, Look: []Role{DBA},
			Title: "A new value of an enum cannot be used in the transaction that adds it.",
			Why: "The server refuses the use, unless the type was made in the same transaction; PostgreSQL 11 refuses to add it in one at all. " +
				"In files of their own, the value is there before it is used.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TYPE {type} ADD VALUE {default};\n" +
				"{statement};",
			Manual: manual + "sql-altertype.html",
		},
		{
			Code: "unreadable-statement", ID: "PG-T12", Severity: warning, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "What DO, CALL, EXECUTE or a function runs cannot be read from the file.",
			Why: "Its locks and losses are not known before it has run; a rehearsal measures them. " +
				"On which side of the deployment it belongs only its author can say.",
			Instead: "-- lockstep:phase expand REASON\n" +
				"-- or better the statements themselves:\n" +
				"ALTER TABLE {table} ADD COLUMN {column} {type};",
			Manual: manual + "sql-do.html",
		},
		{
			Code: "multiple-alter-table", ID: "PG-T13", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Off: true,
			Title: "Several ALTER TABLE of one table could be one.",
			Why: "One statement with several parts reads or writes the table once, and waits for its lock once. " +
				"Parts that have to be in files of their own must stay there.",
			Instead: "ALTER TABLE {table} ADD COLUMN {column} {type}, ADD COLUMN {name} {type};",
			Manual:  manual + "sql-altertable.html",
		},
		{
			Code: "rerunnable", ID: "PG-T14", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Off: true,
			Title: "A statement outside of a transaction cannot be run again after a failure.",
			Why: "Other tools begin the file anew, and what is there already fails. " +
				"Lockstep looks up what is there and goes on behind it, so it needs no IF EXISTS, which can also hide an INVALID index.",
			Instead: "-- each in a file of its own:\n" +
				"DROP INDEX CONCURRENTLY IF EXISTS {name};\n" +
				"CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			Manual: manual + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		},
	}
}
