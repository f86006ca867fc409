package pgrule

// constraints are the rules about constraints of a table that is there.
func constraints() []Rule {
	const page = manual + "sql-altertable.html"
	return []Rule{
		{
			Code: "add-check-validated", ID: "PG-L40", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A CHECK reads the whole table while nobody can use it.",
			Why: "Every row is checked under ACCESS EXCLUSIVE. " +
				"Added NOT VALID it holds for new rows at once, and VALIDATE checks the others while they are read and written.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
			Manual: page + "#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "add-fk-validated", ID: "PG-L41", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A foreign key reads both tables while nobody can write to either.",
			Why: "SHARE ROW EXCLUSIVE is held on both while every row is looked up. " +
				"Added NOT VALID it holds for new rows at once, and VALIDATE looks up the others while both are written.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
			Manual: page + "#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "fk-not-valid-on-partitioned", ID: "PG-L42", Severity: refused, Verdict: Split, Look: []Role{DBA}, Until: 17,
			Title: "A NOT VALID foreign key on a partitioned table is refused before PostgreSQL 18.",
			Why: "The server takes it on a single partition alone. " +
				"There it can be added NOT VALID, and validated while others read and write.",
			Instead: "-- for each partition, each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
			Manual: page,
		},
		{
			Code: "fk-without-index", ID: "PG-L43", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "A foreign key without an index on its columns makes every DELETE on the other table read this one.",
			Why: "Deleting a row there, or changing its key, looks for rows here that refer to it. " +
				"Without an index that begins with the key's columns, the whole table is read each time.",
			Instead: "-- in a file of its own, before the foreign key:\n" +
				"CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			Manual: manual + "ddl-constraints.html#DDL-CONSTRAINTS-FK",
		},
		{
			Code: "add-unique", ID: "PG-L44", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A UNIQUE constraint builds its index while nobody can use the table.",
			Why: "The index is built from all rows under ACCESS EXCLUSIVE. " +
				"Built CONCURRENTLY first, it becomes the constraint by a change of the catalog alone.",
			Instead: "-- each in a file of its own:\n" +
				"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({column});\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name};",
			Manual: page,
		},
		{
			Code: "add-primary-key", ID: "PG-L45", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A PRIMARY KEY builds its index while nobody can use the table.",
			Why: "The index is built under ACCESS EXCLUSIVE, and columns that may be NULL are read once more. " +
				"With NOT NULL first and an index that was built CONCURRENTLY, it is a change of the catalog alone.",
			Instead: "-- each in a file of its own, after the columns are NOT NULL:\n" +
				"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({column});\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name};",
			Manual: page,
		},
		{
			Code: "pk-using-index-nullable", ID: "PG-L46", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "PRIMARY KEY USING INDEX on a column that may be NULL reads the whole table while nobody can use it.",
			Why: "The key makes the column NOT NULL, which checks every row under ACCESS EXCLUSIVE. " +
				"A column that is NOT NULL already is not read.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};\n" +
				"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\n" +
				"-- then add the key USING INDEX, and drop the CHECK",
			Manual: page,
		},
		{
			Code: "add-exclusion", ID: "PG-L47", Severity: warning, Verdict: Split, Look: []Role{DBA, Release},
			Title: "An EXCLUDE constraint builds its index and checks every row while nobody can use the table.",
			Why: "It takes far longer than the index alone, under ACCESS EXCLUSIVE, and has neither a NOT VALID nor a USING INDEX form. " +
				"A new table that has it from the start, and is filled in batches, keeps nobody waiting.",
			Instead: "CREATE TABLE {name} (LIKE {table} INCLUDING ALL, {definition});\n" +
				"-- keep it equal by a trigger, fill it with a backfill block, and swap the names",
			Manual: manual + "sql-createtable.html#SQL-CREATETABLE-EXCLUDE",
		},
		{
			Code: "drop-foreign-key", ID: "PG-L48", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Dropping a foreign key needs both tables alone.",
			Why: "ACCESS EXCLUSIVE is taken on this table and on the one that it refers to, because triggers of both go. " +
				"Traffic that locks them in another order can deadlock with it, so take the other table first.",
			Instead: "LOCK TABLE {other}, {table} IN ACCESS EXCLUSIVE MODE;\n" +
				"ALTER TABLE {table} DROP CONSTRAINT {name};",
			Manual: manual + "explicit-locking.html#LOCKING-DEADLOCKS",
		},
		{
			Code: "drop-constraint", ID: "PG-L49", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Without the constraint, nothing refuses what code relied on it to refuse.",
			Why: "Adding it again fails if rows that break it have come in meanwhile, and ON CONFLICT needs its unique index. " +
				"Dropping a key with CASCADE takes ACCESS EXCLUSIVE on every table that refers to it.",
			Instead: "-- after the deployment, in a file of its own:\n" +
				"{statement};",
			Manual: page,
		},
		{
			Code: "not-enforced", ID: "PG-L50", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Since: 18,
			Title: "A NOT ENFORCED constraint documents and checks nothing.",
			Why: "The server neither reads rows nor refuses any because of it. " +
				"To have new rows checked and old ones not yet, add it NOT VALID.",
			Instead: "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;",
			Manual:  manual + "sql-createtable.html",
		},
	}
}
