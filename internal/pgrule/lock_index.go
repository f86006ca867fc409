package pgrule

// indexes are the rules about indexes.
func indexes() []Rule {
	return []Rule{
		{
			Code: "create-index", ID: "PG-L60", Severity: warning, Verdict: Expand, Look: []Role{DBA},
			Title: "CREATE INDEX lets nobody write to the table while it builds.",
			Why: "SHARE is held on the table, and on all partitions of a partitioned one, while every row is read. " +
				"Built CONCURRENTLY it takes longer, and others read and write meanwhile.",
			Instead: "-- in a file of its own:\n" +
				"CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			Manual: manual + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		},
		{
			Code: "create-index-partitioned", ID: "PG-L61", Severity: refused, Verdict: Split, Look: []Role{DBA},
			Title: "An index on a partitioned table cannot be built CONCURRENTLY.",
			Why: "The server refuses the statement. " +
				"The parent's index is made alone and empty, each partition's is built CONCURRENTLY, and attached to it.",
			Instead: "CREATE INDEX {name} ON ONLY {table} ({column});\n" +
				"-- for each partition, each in a file of its own:\n" +
				"CREATE INDEX CONCURRENTLY partition_index ON partition_table ({column});\n" +
				"ALTER INDEX {name} ATTACH PARTITION partition_index;",
			Manual: manual + "ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
		},
		{
			Code: "index-if-not-exists", ID: "PG-L62", Severity: warning, Verdict: Expand, Look: []Role{DBA},
			Title: "IF NOT EXISTS also accepts an INVALID index that an earlier try left behind.",
			Why: "An index whose concurrent build failed or was cancelled stays, costs every write, and serves no query. " +
				"With IF NOT EXISTS the next try succeeds and leaves it so.",
			Instead: "-- each in a file of its own:\n" +
				"DROP INDEX CONCURRENTLY IF EXISTS {name};\n" +
				"CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			Manual: manual + "sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		},
		{
			Code: "drop-index", ID: "PG-L63", Severity: warning, Verdict: Contract, Look: []Role{DBA},
			Title: "DROP INDEX keeps everyone out of the table.",
			Why: "ACCESS EXCLUSIVE is taken on the table as well as on the index, and everyone queues behind it when it has to wait. " +
				"Dropped CONCURRENTLY, it waits for those who use it, and nobody waits for it.",
			Instead: "-- in a file of its own:\n" +
				"DROP INDEX CONCURRENTLY {name};",
			Manual: manual + "sql-dropindex.html",
		},
		{
			Code: "reindex", ID: "PG-L64", Severity: warning, Verdict: Neutral, Look: []Role{DBA},
			Title: "REINDEX lets nobody write to the table, and stops most readers too.",
			Why: "SHARE is held on the table and ACCESS EXCLUSIVE on the index, which the planner of any query on the table wants to look at. " +
				"Since PostgreSQL 12 an index can be built again CONCURRENTLY.",
			Instead: "-- in a file of its own:\n" +
				"REINDEX {type} CONCURRENTLY {name};",
			Manual: manual + "sql-reindex.html#SQL-REINDEX-CONCURRENTLY",
		},
	}
}
