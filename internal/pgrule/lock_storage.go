package pgrule

// storage are the rules about where and how a table is kept.
func storage() []Rule {
	return []Rule{
		{
			Code: "table-rewrite", ID: "PG-L65", Severity: warning, Verdict: Neutral, Look: []Role{DBA},
			Title: "CLUSTER and VACUUM FULL write the whole table anew while nobody can use it.",
			Why: "ACCESS EXCLUSIVE is held until the last row and index is written, and the disk holds both copies meanwhile. " +
				"Plain VACUUM makes room for new rows beside traffic, and pg_repack packs a table beside it.",
			Instead: "-- in a file of its own:\n" +
				"VACUUM (ANALYZE) {table};",
			Manual: manual + "routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY",
		},
		{
			Code: "table-storage", ID: "PG-L66", Severity: warning, Verdict: Split, Look: []Role{DBA},
			Title: "LOGGED, UNLOGGED, another access method or tablespace writes the whole table anew.",
			Why: "ACCESS EXCLUSIVE is held until the last row and index is written, and since PostgreSQL 15 on the sequences that the table owns as well. " +
				"A new table that is filled in batches and takes over the name keeps nobody waiting.",
			Instead: "CREATE TABLE {name} (LIKE {table} INCLUDING ALL);\n" +
				"-- keep it equal by a trigger, fill it with a backfill block, and swap the names",
			Manual: manual + "sql-altertable.html",
		},
		{
			Code: "owner-to", ID: "PG-L67", Severity: note, Verdict: Neutral, Look: []Role{DBA, Security},
			Title: "A new owner needs the table and each of its indexes alone for a moment.",
			Why: "ACCESS EXCLUSIVE is taken on all of them for a change of the catalog. " +
				"The owner may do everything with the table, and row level security does not bind it.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "sql-altertable.html",
		},
	}
}
