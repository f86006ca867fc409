package pgrule

// triggers are the rules about triggers and rules of tables.
func triggers() []Rule {
	return []Rule{
		{
			Code: "change-trigger", ID: "PG-L90", Severity: warning, Verdict: Ask, Look: []Role{DBA, Release},
			Title: "Making, enabling or disabling a trigger lets nobody write to the table for a moment.",
			Why: "SHARE ROW EXCLUSIVE is taken on the table and on all of its partitions. " +
				"What the trigger does to the writes of old code only its author knows, and DISABLE TRIGGER ALL also stops the checks of foreign keys.",
			Instead: "-- lockstep:phase expand REASON\n" +
				"{statement};",
			Manual: manual + "sql-createtrigger.html",
		},
		{
			Code: "drop-trigger", ID: "PG-L91", Severity: warning, Verdict: Contract, Look: []Role{DBA, Release},
			Title: "Dropping or renaming a trigger, and making a rule, keeps everyone out of the table for a moment.",
			Why: "ACCESS EXCLUSIVE is taken for a change of the catalog. " +
				"What the trigger did for old code is not done any more.",
			Instead: "-- after the deployment, in a file of its own:\n" +
				"{statement};",
			Manual: manual + "sql-droptrigger.html",
		},
	}
}
