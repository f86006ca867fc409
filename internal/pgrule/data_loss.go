package pgrule

// dataLoss are the rules about rows that change in mass or go for good.
func dataLoss() []Rule {
	return []Rule{
		{
			Code: "unbatched-update", ID: "PG-D01", Severity: warning, Verdict: Data, Look: []Role{DBA, Release},
			Title: "UPDATE of a whole table locks every row until it ends.",
			Why: "Writers of these rows wait, replicas fall behind the WAL that it writes, and the old values are gone. " +
				"A backfill block does it in batches with a pace, pauses for replicas, and goes on after a failure.",
			Instead: "UPDATE {table} SET {column} = 0\n" +
				"WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} IS NULL LIMIT 1000));\n" +
				"-- again until no row is left, or as a backfill block",
			Manual: manual + "sql-update.html",
		},
		{
			Code: "unbatched-delete", ID: "PG-D05", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "DELETE of a whole table locks every row until it ends, and nothing brings the rows back.",
			Why: "Writers of these rows wait, replicas fall behind the WAL that it writes, and VACUUM has the whole table to clean. " +
				"In batches others get on in between.",
			Instead: "DELETE FROM {table}\n" +
				"WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} LIMIT 1000));\n" +
				"-- again until no row is left",
			Manual: manual + "sql-delete.html",
		},
		{
			Code: "schema-and-rows-one-transaction", ID: "PG-D02", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "A change of the schema and of rows in one transaction keeps everyone out while the rows change.",
			Why: "ACCESS EXCLUSIVE of the first is held until the last row is written. " +
				"In files of their own, or with the rows in a backfill block, it is held for a moment.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {table} ADD COLUMN {column} {type};\n" +
				"UPDATE {table} SET {column} = DEFAULT WHERE {column} IS NULL;",
			Manual: manual + "explicit-locking.html#LOCKING-TABLES",
		},
		{
			Code: "truncate", ID: "PG-D03", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "TRUNCATE takes all rows, and with CASCADE those of every table that refers to it.",
			Why: "The rows cannot be brought back from the database itself. " +
				"ACCESS EXCLUSIVE is taken on each of these tables, and no ON DELETE trigger runs.",
			Instead: "-- keeps the rows until nobody misses them; in one file:\n" +
				"ALTER TABLE {table} RENAME TO {name};\n" +
				"CREATE TABLE {table} (LIKE {moved} INCLUDING ALL);",
			Manual: manual + "sql-truncate.html",
		},
		{
			Code: "destroy-without-copy", ID: "PG-D04", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Data is destroyed, and nothing shows that it was empty or has been kept.",
			Why: "No down file can bring rows back that nobody has kept. " +
				"A copy, or a check that there is nothing to lose, makes it a decision instead of an accident.",
			Instead: "CREATE TABLE {name} AS TABLE {table};\n" +
				"-- in a later change set:\n" +
				"DROP TABLE {table};",
			Manual: manual + "sql-createtableas.html",
		},
	}
}
