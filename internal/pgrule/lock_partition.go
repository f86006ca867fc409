package pgrule

// partitions are the rules about partitioned tables.
func partitions() []Rule {
	const page = manual + "ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE"
	return []Rule{
		{
			Code: "create-partition-of", ID: "PG-L82", Severity: warning, Verdict: Expand, Look: []Role{DBA},
			Title: "CREATE TABLE ... PARTITION OF keeps everyone out of the parent.",
			Why: "ACCESS EXCLUSIVE is taken on the parent, and a default partition is read whole under it. " +
				"A table that is made by itself and attached takes SHARE UPDATE EXCLUSIVE on the parent since PostgreSQL 12.",
			Instead: "CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);\n" +
				"ALTER TABLE {table} ATTACH PARTITION {name} {definition};",
			Manual: page,
		},
		{
			Code: "attach-partition", ID: "PG-L83", Severity: warning, Verdict: Expand, Look: []Role{DBA},
			Title: "ATTACH PARTITION reads the new partition, and the default one, while nobody can use them.",
			Why: "Each row is checked under ACCESS EXCLUSIVE, unless a validated CHECK already says that it fits; on PostgreSQL 11 the parent is locked so as well. " +
				"A default partition needs a CHECK that rules the new range out.",
			Instead: "-- each in a file of its own:\n" +
				"ALTER TABLE {name} ADD CONSTRAINT fits CHECK ({default}) NOT VALID;\n" +
				"ALTER TABLE {name} VALIDATE CONSTRAINT fits;\n" +
				"ALTER TABLE {table} ATTACH PARTITION {name} {definition};\n" +
				"ALTER TABLE {name} DROP CONSTRAINT fits;",
			Manual: page,
		},
		{
			Code: "detach-partition", ID: "PG-L84", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "DETACH PARTITION keeps everyone out of the parent, and takes rows from its queries.",
			Why: "ACCESS EXCLUSIVE is taken on the parent, and since PostgreSQL 14 on the partition too. " +
				"CONCURRENTLY, from 14 on and without a default partition, takes SHARE UPDATE EXCLUSIVE on the parent.",
			Instead: "-- from PostgreSQL 14 on, in a file of its own:\n" +
				"ALTER TABLE {table} DETACH PARTITION {name} CONCURRENTLY;",
			Manual: manual + "sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION",
		},
		{
			Code: "drop-partition", ID: "PG-L85", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Dropping a partition keeps everyone out of the parent.",
			Why: "DROP TABLE of a partition takes ACCESS EXCLUSIVE on the parent as well, and the rows are gone. " +
				"A partition that was detached CONCURRENTLY is a table by itself, whose end nobody waits for.",
			Instead: "-- from PostgreSQL 14 on, each in a file of its own:\n" +
				"ALTER TABLE {table} DETACH PARTITION {name} CONCURRENTLY;\n" +
				"DROP TABLE {name};",
			Manual: page,
		},
		{
			Code: "partitioned-alter", ID: "PG-L86", Severity: warning, Verdict: Expand, Look: []Role{DBA},
			Title: "ALTER TABLE of a partitioned table needs the parent and every partition alone.",
			Why: "ACCESS EXCLUSIVE is taken on all of them one after another, and those taken first are held while the others are waited for. " +
				"Alone in its file, it holds them no longer than the change of the catalog needs.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "sql-altertable.html",
		},
	}
}
