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
			Instead: "ALTER FUNCTION {name} SET search_path = {other}, pg_temp;\n" +
				"REVOKE ALL ON FUNCTION {name} FROM PUBLIC;\n" +
				"-- then GRANT EXECUTE to the roles that call it; its schema must not let others CREATE",
			Manual: manual + "sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
		},
		{
			Code: "write-catalog", ID: "PG-S05", Severity: refused, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "Rows of the system's catalogs are not for statements to change.",
			Why: "No check, lock or dependency of the server guards them, sessions go on with what they have cached, and a wrong row can make a table or the database unreadable. " +
				"For what may be changed there is a statement of its own.",
			Instead: "-- the statement that changes the catalog and all that depends on it, for example:\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 500;",
			Manual: manual + "catalogs-overview.html",
		},
		{
			Code: "change-role", ID: "PG-S06", Severity: warning, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "What stands behind it runs with another role's rights, and belongs to that role.",
			Why: "Who approved the plan has seen the rights of the role that connects. " +
				"Objects that are made so have an owner that the next migration may not be a member of.",
			Instead: "-- as the role that connects, and then:\n" +
				"ALTER TABLE {table} OWNER TO CURRENT_USER;",
			Manual: manual + "sql-set-role.html",
		},
		{
			Code: "checks-switched-off", ID: "PG-S07", Severity: warning, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "The setting takes checks of the server away while the file runs.",
			Why: "With session_replication_role = replica no foreign key is checked and no trigger fires, with row_security = off or zero_damaged_pages other guards are gone. " +
				"Rows that come in meanwhile are never checked again.",
			Instead: "SET LOCAL session_replication_role = origin; -- or without the setting",
			Manual:  manual + "runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE",
		},
		{
			Code: "foreign-server", ID: "PG-S08", Severity: warning, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "The statement connects the database with another server.",
			Why: "Rows go there or come from there with rights that are not this database's, and an outage there becomes one here. " +
				"Connections are made where the servers are operated; a migration can count on what is there.",
			Instead: "SELECT srvname, srvowner::regrole FROM pg_foreign_server; -- whether it is there",
			Manual:  manual + "ddl-foreign-data.html",
		},
		{
			Code: "untrusted-code", ID: "PG-S09", Severity: warning, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "Code in C or in an untrusted language can do all that the server's process can.",
			Why: "It reads files, opens connections and survives every right of the database. " +
				"SQL and PL/pgSQL are kept to what their caller may do.",
			Instead: "CREATE FUNCTION {name}() RETURNS void LANGUAGE sql AS 'SELECT';",
			Manual:  manual + "plperl-trusted.html",
		},
		{
			Code: "event-trigger", ID: "PG-S10", Severity: warning, Verdict: Ask, Look: []Role{DBA, Security},
			Title: "An event trigger runs at everybody's changes of the schema, and can refuse them.",
			Why: "Later migrations, maintenance and logins meet it, and one that fails keeps them all out. " +
				"It is made by who operates the server.",
			Instead: "SELECT evtname, evtevent, evtenabled FROM pg_event_trigger; -- what is there",
			Manual:  manual + "event-triggers.html",
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
