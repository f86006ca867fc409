package pgrule

// alterColumn are the rules about columns that are there.
func alterColumn() []Rule {
	const page = manual + "sql-altertable.html"
	const swap = "ALTER TABLE {table} ADD COLUMN {name} {type};\n" +
		"-- keep it equal by a trigger and fill it with a backfill block; release code that uses it; then, after the deployment:\n" +
		"ALTER TABLE {table} DROP COLUMN {column};"
	return []Rule{
		{
			Code: "alter-type-rewrite", ID: "PG-L20", Severity: warning, Verdict: Split, Look: []Role{DBA, Release},
			Title: "This change of type writes the whole table anew.",
			Why: "The new type is stored in another way, so the table and all of its indexes are written while ACCESS EXCLUSIVE keeps everyone out. " +
				"A new column that is kept equal and filled in batches lets old and new code run side by side.",
			Instead: swap,
			Manual:  page + "#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "alter-type-noop", ID: "PG-L21", Severity: note, Verdict: Expand, Look: []Role{DBA},
			Title: "This change of type changes the catalog alone.",
			Why: "Rows and indexes stay as they are, and ACCESS EXCLUSIVE is held for a moment. " +
				"Statements that connections have prepared on the column still fail once.",
			Instead: "-- safe as it is, in a file of its own; recycle pooled connections after it:\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type};",
			Manual: page + "#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "timestamp-to-timestamptz", ID: "PG-L22", Severity: warning, Verdict: Split, Look: []Role{DBA, Release},
			Title: "timestamp to timestamptz depends on the session's time zone.",
			Why: "With any zone but UTC the whole table is written anew under ACCESS EXCLUSIVE, and before PostgreSQL 12 with UTC as well. " +
				"The zone also decides which instants the values become.",
			Instead: "SET LOCAL timezone = 'UTC';\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} TYPE timestamptz;",
			Manual: manual + "datatype-datetime.html#DATATYPE-TIMEZONES",
		},
		{
			Code: "alter-type-index-rebuild", ID: "PG-L23", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "This change of type or collation builds the column's indexes anew.",
			Why: "The table stays as it is, but its rows sort otherwise, so each index on the column is built again under ACCESS EXCLUSIVE. " +
				"An index that is dropped before and built CONCURRENTLY after keeps nobody waiting.",
			Instead: "-- each in a file of its own:\n" +
				"DROP INDEX CONCURRENTLY {name};\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type};\n" +
				"CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			Manual: page,
		},
		{
			Code: "alter-type-check-rescan", ID: "PG-L24", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "This change of type checks the column's CHECK constraints again.",
			Why: "Every row is read under ACCESS EXCLUSIVE, although none is written. " +
				"A CHECK that is dropped before and added again NOT VALID is validated while others read and write.",
			Instead: "ALTER TABLE {table} DROP CONSTRAINT {name};\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type};\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;\n" +
				"-- in a file of its own:\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
			Manual: page,
		},
		{
			Code: "alter-type-view-dependency", ID: "PG-L25", Severity: warning, Verdict: Split, Look: []Role{DBA, Release},
			Title: "The type of a column that a view, rule or materialized view uses cannot be changed.",
			Why: "The server refuses the statement. " +
				"A view that is dropped and created again in the same transaction is never missing for others.",
			Instead: "DROP VIEW {name};\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type};\n" +
				"CREATE VIEW {name} AS {definition};",
			Manual: page,
		},
		{
			Code: "set-not-null", ID: "PG-L26", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "SET NOT NULL reads the whole table while nobody can use it.",
			Why: "Every row is checked under ACCESS EXCLUSIVE, unless a validated CHECK already says the same, which PostgreSQL 12 and later take for proof. " +
				"Code that writes NULL fails from the moment the CHECK is there, validated or not.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\n" +
				"ALTER TABLE {table} DROP CONSTRAINT {name};",
			Manual: page,
		},
		{
			Code: "set-not-null-same-transaction", ID: "PG-L27", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "CHECK, VALIDATE and SET NOT NULL in one transaction keep everyone out while the table is read.",
			Why: "ACCESS EXCLUSIVE of the first statement is held until the transaction ends, so validation runs under it. " +
				"In files of their own, validation holds SHARE UPDATE EXCLUSIVE, and others read and write.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;",
			Manual: page + "#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "set-expression", ID: "PG-L28", Severity: warning, Verdict: Split, Look: []Role{DBA, Release}, Since: 17,
			Title: "SET EXPRESSION on a stored generated column writes the whole table anew.",
			Why: "Each row's value is computed again, so the table and all of its indexes are written while ACCESS EXCLUSIVE keeps everyone out. " +
				"Code that knows the old meaning reads the new one at once.",
			Instead: swap,
			Manual:  page,
		},
		{
			Code: "column-storage", ID: "PG-L29", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "Storage, compression, expression and identity of a column need the table alone for a moment.",
			Why: "ACCESS EXCLUSIVE is taken for a change of the catalog; an identity's sequence is locked as well. " +
				"It is short by itself, and long when the statements around it are.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: page,
		},
		{
			Code: "drop-column", ID: "PG-L30", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A dropped column takes its values along, and breaks code that still names it.",
			Why: "The values cannot be brought back: adding the column again gives an empty one. " +
				"ACCESS EXCLUSIVE is short, but it is also taken on the column's indexes and, for a foreign key, on the table that it refers to.",
			Instead: "-- release code that does not name the column; then rename it away, and drop it when nobody misses it:\n" +
				"ALTER TABLE {table} RENAME COLUMN {column} TO {name};\n" +
				"-- in a later change set:\n" +
				"ALTER TABLE {table} DROP COLUMN {name};",
			Manual: page,
		},
	}
}
