package pgrule

// neutral are the rules about statements that code does not notice.
func neutral() []Rule {
	const page = manual + "sql-altertable.html"
	return []Rule{
		{
			Code: "column-statistics", ID: "PG-N01", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "Statistics targets and options of a column change the catalog alone.",
			Why: "SHARE UPDATE EXCLUSIVE lets others read and write, and waits for VACUUM and for indexes that are being built. " +
				"The planner knows more only after the next ANALYZE.",
			Instead: "{statement};\n" +
				"ANALYZE {table} ({column});",
			Manual: page,
		},
		{
			Code: "validate-constraint", ID: "PG-N02", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "VALIDATE CONSTRAINT reads the whole table while others read and write.",
			Why: "SHARE UPDATE EXCLUSIVE is held until the last row is checked, and a foreign key holds ROW SHARE on the other table. " +
				"It fails when a row breaks the constraint, so it belongs behind the backfill.",
			Instead: "-- in a file of its own, with a long timeout:\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
			Manual: page + "#SQL-ALTERTABLE-NOTES",
		},
		{
			Code: "alter-constraint", ID: "PG-N03", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "Renaming a constraint, or deferring it, needs the table alone for a moment.",
			Why: "ACCESS EXCLUSIVE is taken for a change of the catalog. " +
				"ON CONFLICT ON CONSTRAINT in code names it, and needs the new name then.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: page,
		},
		{
			Code: "rename-index", ID: "PG-N04", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "Renaming an index keeps nobody waiting since PostgreSQL 12.",
			Why: "SHARE UPDATE EXCLUSIVE on the index lets others use it; PostgreSQL 11 takes ACCESS EXCLUSIVE. " +
				"Only hints and scripts that name the index notice.",
			Instead: "{statement};",
			Manual:  manual + "sql-alterindex.html",
		},
		{
			Code: "table-upkeep", ID: "PG-N05", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "Comments, statistics and storage parameters keep no reader or writer waiting.",
			Why: "SHARE UPDATE EXCLUSIVE waits for VACUUM and for indexes that are being built, and they wait for it. " +
				"The one exception is user_catalog_table, which takes ACCESS EXCLUSIVE.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: page,
		},
	}
}
