package pgrule

// timeouts are the rules about how long a statement waits, and what for.
func timeouts() []Rule {
	const page = manual + "runtime-config-client.html"
	return []Rule{
		{
			Code: "missing-lock-timeout", ID: "PG-T02", Severity: warning, Verdict: Neutral, Look: []Role{DBA}, Off: true,
			Title: "A lock that is waited for without a bound stops the application.",
			Why: "Everyone who wants the table queues behind a statement that waits for a strong lock, also readers whom the lock's holder would let in. " +
				"Lockstep bounds each wait by the database block's lock_timeout and tries again; a tool that does not, needs the setting on its connection.",
			Instead: "SET LOCAL lock_timeout = '2s';\n" +
				"{statement};",
			Manual: page + "#GUC-LOCK-TIMEOUT",
		},
		{
			Code: "missing-statement-timeout", ID: "PG-T03", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Off: true,
			Title: "A migration without statement_timeout and idle_in_transaction_session_timeout can hold its locks for ever.",
			Why: "A client that stops answering leaves its transaction open, and its locks with it. " +
				"A bound on the connection, and an application_name, let the server end it and people find it.",
			Instead: "SET LOCAL statement_timeout = '60s';\n" +
				"SET LOCAL idle_in_transaction_session_timeout = '60s';\n" +
				"{statement};",
			Manual: page + "#GUC-STATEMENT-TIMEOUT",
		},
		{
			Code: "timeout-and-concurrently", ID: "PG-T07", Severity: warning, Verdict: Neutral, Look: []Role{DBA},
			Title: "A timeout makes a CONCURRENTLY statement fail and leaves an INVALID index.",
			Why: "It waits for every older transaction in the database, and does so as for a lock. " +
				"Nobody queues behind that wait, so it may be long.",
			Instead: "-- in a file of its own, without the timeout:\n" +
				"{statement};",
			Manual: manual + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		},
		{
			Code: "alter-system", ID: "PG-T20", Severity: refused, Verdict: Neutral, Look: []Role{DBA, Security},
			Title: "ALTER SYSTEM changes the whole server, and the setting of a role or database only new sessions.",
			Why: "A migration is about one database, and a rollback would not take the setting back. " +
				"Settings of the server are changed where it is operated.",
			Instead: "-- for this file alone:\n" +
				"SET LOCAL work_mem = '64MB';",
			Manual: manual + "sql-altersystem.html",
		},
	}
}
