package pgrule

// security are the rules about what reaches out of the database or runs with
// the rights of another.
func security() []Rule {
	return []Rule{
		{
			Code: "server-access", ID: "PG-S01", Severity: refused, Verdict: Neutral, Look: []Role{DBA, Security},
			Title: "The statement reaches out of the database: to the server's files, processes or other servers.",
			Why: "Neither a plan nor a rollback can see what it does there. " +
				"Rows come in by INSERT, by a backfill block or by the application.",
			Instead: "INSERT INTO {table} ({column}) VALUES (1), (2), (3);",
			Manual:  manual + "functions-admin.html#FUNCTIONS-ADMIN-GENFILE",
		},
		{
			Code: "copy-program", ID: "PG-S02", Severity: refused, Verdict: Neutral, Look: []Role{DBA, Security},
			Title: "COPY PROGRAM runs a command on the database server.",
			Why: "It runs as the operating system's user of the server, outside of every transaction and rollback. " +
				"Rows come in by INSERT, by a backfill block or by the application.",
			Instead: "INSERT INTO {table} ({column}) VALUES (1), (2), (3);",
			Manual:  manual + "sql-copy.html",
		},
		{
			Code: "security-definer", ID: "PG-S03", Severity: warning, Verdict: Ask, Look: []Role{Security},
			Title: "A SECURITY DEFINER function lends its owner's rights to everyone who may call it.",
			Why: "Everyone may, unless EXECUTE is taken from PUBLIC, and without a search_path of its own a caller decides which objects its names mean. " +
				"Both are closed in the transaction that makes the function.",
			Instead: "ALTER FUNCTION {name} SET search_path = pg_catalog, pg_temp;\n" +
				"REVOKE ALL ON FUNCTION {name} FROM PUBLIC;",
			Manual: manual + "sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
		},
		{
			Code: "create-extension", ID: "PG-S04", Severity: warning, Verdict: Expand, Look: []Role{DBA, Security},
			Title: "An extension brings code into the database that this file does not show.",
			Why: "Its script runs with a superuser's rights where the extension is trusted or the role is one. " +
				"It has to be on every server the migration will meet, so let who operates them provide it, and check for it.",
			Instead: "SELECT name, default_version FROM pg_available_extensions WHERE name = '{name}';",
			Manual:  manual + "sql-createextension.html",
		},
	}
}
