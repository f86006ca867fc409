package pgrule

// typesAndSequences are the rules about domains and sequences that tables use.
func typesAndSequences() []Rule {
	return []Rule{
		{
			Code: "domain-add-check", ID: "PG-L70", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "A constraint on a domain reads every table that uses it while nobody can write to them.",
			Why: "SHARE is held on all of these tables until the last row is checked. " +
				"Added NOT VALID, it locks no table and holds for new values at once.",
			Instead: "ALTER DOMAIN {type} ADD CONSTRAINT {name} {definition} NOT VALID;",
			Manual:  manual + "sql-alterdomain.html",
		},
		{
			Code: "domain-validate", ID: "PG-L71", Severity: warning, Verdict: Contract, Look: []Role{DBA}, Until: 18,
			Title: "VALIDATE on a domain lets nobody write to the tables that use it, unlike on a table.",
			Why: "SHARE is held on all of them until the last row is checked, on PostgreSQL 11 to 18. " +
				"A CHECK of the table itself is validated while others write.",
			Instead: "-- for each table that uses the domain, each in a file of its own:\n" +
				"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;\n" +
				"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
			Manual: manual + "sql-alterdomain.html",
		},
		{
			Code: "alter-sequence", ID: "PG-L72", Severity: note, Verdict: Neutral, Look: []Role{DBA},
			Title: "ALTER SEQUENCE keeps nextval waiting until its transaction ends.",
			Why: "SHARE ROW EXCLUSIVE on the sequence stops everyone who wants a number, INSERTs among them. " +
				"Values that setval and RESTART have changed do not come back with a rollback.",
			Instead: "-- in a file of its own:\n" +
				"{statement};",
			Manual: manual + "sql-altersequence.html",
		},
	}
}
