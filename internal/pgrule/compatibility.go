package pgrule

// compatibility are the rules about code that runs while the schema changes.
func compatibility() []Rule {
	return []Rule{
		{
			Code: "cached-plan-result-type", ID: "PG-C01", Severity: note, Verdict: Expand, Look: []Role{DBA, Release}, Off: true,
			Title: "Prepared statements whose result changes fail once on each connection.",
			Why: "\"cached plan must not change result type\" meets SELECT * when a column comes or goes, and a column whose type changes, also without a rewrite. " +
				"Code that lists its columns is only met by the second, and a pool that is recycled by neither.",
			Instead: "SELECT {column} FROM {table}; -- columns by name in the application, and DEALLOCATE or a new connection after the change",
			Manual:  manual + "sql-prepare.html",
		},
		{
			Code: "drop-not-null", ID: "PG-C10", Severity: warning, Verdict: Expand, Look: []Role{Release},
			Title: "Without NOT NULL, old readers meet NULL once new code writes it.",
			Why: "The statement itself breaks nobody, and the first NULL does. " +
				"Going back also needs every NULL filled again.",
			Instead: "-- release readers that take NULL first; then:\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;",
			Manual: manual + "sql-altertable.html",
		},
		{
			Code: "change-default", ID: "PG-C11", Severity: note, Verdict: Ask, Look: []Role{Release},
			Title: "Another default, or none, changes what old INSERTs write.",
			Why: "A first default breaks nobody; a different one gives old code rows that it does not expect, and without one its INSERTs into a NOT NULL column fail. " +
				"Only the author knows whether old code relies on it.",
			Instead: "-- after the deployment, when no code relies on the old default:\n" +
				"{statement};",
			Manual: manual + "sql-altertable.html",
		},
		{
			Code: "enum-add-value-order", ID: "PG-C20", Severity: note, Verdict: Expand, Look: []Role{Release},
			Title: "A new value of an enum without BEFORE or AFTER sorts last.",
			Why: "ORDER BY and comparisons follow the order of the type, which cannot be changed later. " +
				"The value itself cannot be removed either.",
			Instead: "ALTER TYPE {type} ADD VALUE {default} AFTER {other};",
			Manual:  manual + "sql-altertype.html",
		},
		{
			Code: "rename-type", ID: "PG-C21", Severity: warning, Verdict: Split, Look: []Role{Release},
			Title: "A renamed type or value of an enum breaks old code at once.",
			Why: "It takes no lock on a table, so nothing delays it, and old code that writes or casts to the old name fails from then on. " +
				"A new value beside the old one lets both work until the rows are moved.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TYPE {type} ADD VALUE {default};\n" +
				"-- release code that knows both, then move the rows with a backfill block:\n" +
				"UPDATE {table} SET {column} = {default} WHERE {column} = {other};",
			Manual: manual + "sql-altertype.html",
		},
		{
			Code: "enum-value-removal", ID: "PG-C22", Severity: note, Verdict: Expand, Look: []Role{DBA, Release}, Off: true,
			Title: "A value of an enum cannot be removed.",
			Why: "PostgreSQL has no statement for it: a new type and a rewrite of every table that uses the old one are needed. " +
				"A CHECK on a text column, or a table of values, can be changed in place.",
			Instead: "CREATE TABLE {name} (value text PRIMARY KEY);\n" +
				"INSERT INTO {name} VALUES {default};\n" +
				"-- and columns of type text that refer to it",
			Manual: manual + "datatype-enum.html",
		},
		{
			Code: "composite-add-attribute", ID: "PG-C23", Severity: note, Verdict: Expand, Look: []Role{Release},
			Title: "A new attribute of a composite type changes what its readers are sent.",
			Why: "Code that reads the type by position meets one field more, and functions that return it must be made again. " +
				"A table that is made of the type takes part only with CASCADE.",
			Instead: "{statement};",
			Manual:  manual + "sql-altertype.html",
		},
		{
			Code: "rename", ID: "PG-C30", Severity: warning, Verdict: Split, Look: []Role{Release},
			Title: "A renamed or moved table, view, column or schema breaks old code at once, and new code until then.",
			Why: "No moment is right for both versions, and the lock is short enough that nobody notices before the errors come. " +
				"A view under the old name lets both work, and is dropped after the deployment.",
			Instead: "ALTER TABLE {table} RENAME TO {name};\n" +
				"CREATE VIEW {table} AS SELECT * FROM {moved};\n" +
				"-- in one file; after the deployment:\n" +
				"DROP VIEW {table};",
			Manual: manual + "sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS",
		},
		{
			Code: "replace-view", ID: "PG-C31", Severity: note, Verdict: Expand, Look: []Role{Release},
			Title: "CREATE OR REPLACE VIEW may add columns at the end, and nothing else.",
			Why: "The server refuses to remove, rename, reorder or retype a column of the view. " +
				"A view under a new name lets old code keep the one that it knows.",
			Instead: "CREATE VIEW {name} AS {definition};",
			Manual:  manual + "sql-createview.html",
		},
		{
			Code: "drop-cascade", ID: "PG-C32", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "CASCADE drops what the statement does not name.",
			Why: "On a type, domain, function, sequence or extension it takes columns, defaults and triggers of tables along, each under ACCESS EXCLUSIVE. " +
				"Without it the server lists what depends on the object, and each can be looked at.",
			Instead: "-- without CASCADE the server says what would go with it:\n" +
				"DROP TYPE {type} RESTRICT;",
			Manual: manual + "ddl-depend.html",
		},
		{
			Code: "drop-object", ID: "PG-C33", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Without the object, code that still names it fails.",
			Why: "A view, function, type, sequence, schema or publication has users that nobody sees in the database. " +
				"It goes when no running code names it any more, and its definition is kept for the way back.",
			Instead: "-- after the deployment, in a file of its own:\n" +
				"{statement};",
			Manual: manual + "ddl-depend.html",
		},
		{
			Code: "row-level-security", ID: "PG-C40", Severity: warning, Verdict: Contract, Look: []Role{Security, Release},
			Title: "Row level security decides which rows code sees and may write.",
			Why: "Enabled without a policy it shows no row to anyone but the owner, and a changed or dropped policy takes effect for running code at once. " +
				"Policies that are made before it is enabled leave no such moment.",
			Instead: "CREATE POLICY {name} ON {table} USING (true); -- as before, until it says which rows\n" +
				"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
			Manual: manual + "ddl-rowsecurity.html",
		},
		{
			Code: "change-rights", ID: "PG-C41", Severity: warning, Verdict: Contract, Look: []Role{Security, Release},
			Title: "GRANT opens an object to someone, and REVOKE breaks code that uses the right.",
			Why: "A right that is given may be used at once, and one that is taken away fails the next statement that needs it. " +
				"Take it away when no running code needs it any more.",
			Instead: "-- after the deployment, in a file of its own:\n" +
				"{statement};",
			Manual: manual + "ddl-priv.html",
		},
		{
			Code: "replace-function", ID: "PG-C42", Severity: warning, Verdict: Ask, Look: []Role{Security, Release},
			Title: "A replaced function behaves otherwise for old and new code at once.",
			Why: "Both call it by the same name, and an overload with other arguments can make calls ambiguous. " +
				"Under a new name, each version calls the one that it knows.",
			Instead: "CREATE FUNCTION {name}(value {type}) RETURNS {type} LANGUAGE sql IMMUTABLE AS 'SELECT value';",
			Manual:  manual + "sql-createfunction.html",
		},
	}
}
