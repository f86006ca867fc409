package pgrule

// replication are the rules about replicas, subscribers and operation.
func replication() []Rule {
	return []Rule{
		{
			Code: "refresh-matview", ID: "PG-R01", Severity: warning, Verdict: Neutral, Look: []Role{DBA},
			Title: "REFRESH MATERIALIZED VIEW keeps its readers out while it is computed.",
			Why: "ACCESS EXCLUSIVE is held on the view until the query has run. " +
				"CONCURRENTLY lets readers in, needs a unique index over all rows, and fails without one.",
			Instead: "-- in a file of its own:\n" +
				"REFRESH MATERIALIZED VIEW CONCURRENTLY {name};",
			Manual: manual + "sql-refreshmaterializedview.html",
		},
		{
			Code: "replica-identity", ID: "PG-R10", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "REPLICA IDENTITY decides how much each UPDATE and DELETE writes for subscribers.",
			Why: "FULL writes every old row whole into the WAL, and subscribers may look for it by reading the table. " +
				"A unique index over NOT NULL columns writes its columns alone.",
			Instead: "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name};",
			Manual:  manual + "logical-replication-publication.html",
		},
		{
			Code: "publish-without-identity", ID: "PG-R11", Severity: warning, Verdict: Split, Look: []Role{DBA, Release},
			Title: "A published table without a key refuses UPDATE and DELETE from then on.",
			Why: "The application's next UPDATE fails with \"does not have a replica identity and publishes updates\". " +
				"Give the table a primary key, or a replica identity, before it is published.",
			Instead: "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name};\n" +
				"-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "logical-replication-publication.html",
		},
		{
			Code: "publish-all-tables", ID: "PG-R15", Severity: warning, Verdict: Split, Look: []Role{DBA, Security, Release},
			Title: "FOR ALL TABLES and TABLES IN SCHEMA also publish tables that nobody has thought of yet.",
			Why: "Every table without a key refuses UPDATE and DELETE from then on, those that later files make too, and their rows leave the database. " +
				"A list of tables publishes what it names.",
			Instead: "CREATE PUBLICATION {name} FOR TABLE {table};",
			Manual:  manual + "sql-createpublication.html",
		},
		{
			Code: "logical-replication-order", ID: "PG-R12", Severity: warning, Verdict: Ask, Look: []Role{DBA, Release},
			Title: "Logical replication does not carry changes of the schema to subscribers.",
			Why: "A column that the subscriber does not have stops its apply worker with the first row. " +
				"Add columns there first, and drop them there last.",
			Instead: "-- on the subscriber first, then here:\n" +
				"{statement};",
			Manual: manual + "logical-replication-restrictions.html",
		},
		{
			Code: "wal-volume", ID: "PG-R13", Severity: note, Verdict: Data, Look: []Role{DBA}, Off: true,
			Title: "A rewrite or an UPDATE of all rows writes the table into the WAL, and replicas fall behind.",
			Why: "Measured on 100,000 rows with eight indexes, an UPDATE of all wrote 99 MB and a rewrite 43 MB, where a new column without a volatile default wrote 2 kB. " +
				"In batches with a pace, replicas keep up.",
			Instead: "UPDATE {table} SET {column} = 0\n" +
				"WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} IS NULL LIMIT 1000));\n" +
				"-- again until no row is left, or as a backfill block, which waits for replicas",
			Manual: manual + "wal-configuration.html",
		},
		{
			Code: "search-path-maintenance", ID: "PG-R14", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Since: 17,
			Title: "Maintenance commands run functions with a search_path that has no schema of yours.",
			Why: "Since PostgreSQL 17 a function of an index or materialized view that names a table without its schema fails in REINDEX, REFRESH and their like. " +
				"Names with their schema, or a search_path of the function's own, are found.",
			Instead: "ALTER FUNCTION {name} SET search_path = {other}, pg_temp;",
			Manual:  manual + "sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
		},
	}
}
