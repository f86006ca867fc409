package pgrule

// tables are the rules about making and dropping tables.
func tables() []Rule {
	return []Rule{
		{
			Code: "create-table-with-fk", ID: "PG-L80", Severity: note, Verdict: Expand, Look: []Role{DBA},
			Title: "A new table with a foreign key lets nobody write to the table that it refers to.",
			Why: "SHARE ROW EXCLUSIVE is held there until the transaction ends, so what stands behind it in the file prolongs it. " +
				"Old code that deletes a row there fails once new code refers to it.",
			Instead: "CREATE TABLE {table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {column} {type});\n" +
				"-- in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;",
			Manual: manual + "sql-createtable.html",
		},
		{
			Code: "drop-table", ID: "PG-L81", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A dropped table takes its rows along, and breaks code that still names it.",
			Why: "The rows cannot be brought back from the database itself. " +
				"ACCESS EXCLUSIVE is also taken on every table that it refers to by a foreign key, and CASCADE drops what depends on it.",
			Instead: "-- rename it away, and drop it when nobody misses it:\n" +
				"ALTER TABLE {table} RENAME TO {name};\n" +
				"-- in a later change set:\n" +
				"DROP TABLE {moved};",
			Manual: manual + "sql-droptable.html",
		},
		{
			Code: "lock-table", ID: "PG-L88", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "LOCK TABLE keeps others out until the transaction ends.",
			Why: "SHARE and stronger modes stop writers, ACCESS EXCLUSIVE readers too, and LOCK TABLE without a mode takes that. " +
				"Statements take the locks that they need by themselves; only the order of several is worth saying beforehand.",
			Instead: "LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE; -- lets others read and write, and keeps other changes of the schema out",
			Manual:  manual + "sql-lock.html",
		},
		{
			Code: "inherit", ID: "PG-L87", Severity: note, Verdict: Expand, Look: []Role{DBA},
			Title: "Inheritance needs the child alone for a moment.",
			Why: "ACCESS EXCLUSIVE is taken on the child and SHARE UPDATE EXCLUSIVE on the parent, for a change of the catalog. " +
				"From then on queries on the parent also return the child's rows.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "ddl-inherit.html",
		},
	}
}
