package pgrule

// bestPractice are rules of taste and foresight; each is off until it is asked
// for.
func bestPractice() []Rule {
	return []Rule{
		{
			Code: "add-column-json", ID: "PG-B01", Severity: note, Verdict: Expand, Look: []Role{DBA}, Off: true,
			Title: "jsonb is the better json.",
			Why: "json has no equality, so SELECT DISTINCT, GROUP BY and UNION over the column fail. " +
				"jsonb has it, and can be indexed.",
			Instead: "ALTER TABLE {table} ADD COLUMN {column} jsonb;",
			Manual:  manual + "datatype-json.html",
		},
		{
			Code: "prefer-type", ID: "PG-B02", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Off: true,
			Title: "Another type of the same kind saves a rewrite later.",
			Why: "int keys run out and serial leaves its sequence to rights of its own, varchar(n) and char(n) are changed sooner or later, timestamp forgets the zone, and money depends on the locale. " +
				"bigint, GENERATED AS IDENTITY, text with a CHECK, timestamptz and numeric do not.",
			Instead: "CREATE TABLE {table} (\n" +
				"  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n" +
				"  {column} text CONSTRAINT {name} CHECK (length({column}) <= 200),\n" +
				"  created_at timestamptz NOT NULL DEFAULT now()\n" +
				");",
			Manual: manual + "datatype.html",
		},
		{
			Code: "naming", ID: "PG-B03", Severity: note, Verdict: Neutral, Look: []Role{DBA}, Off: true,
			Title: "Names, keys and widths that are easy to live with.",
			Why: "A name over 63 bytes is cut without a word, one that the server chose differs between environments, and a table without a key can be neither replicated nor repaired by row. " +
				"Named constraints, a key for each table and few columns for each index avoid that.",
			Instead: "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;",
			Manual:  manual + "sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS",
		},
	}
}
