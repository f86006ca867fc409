package pgeffect_test

// exceptions are the rows where rule and measurement differ, each with the
// reason, for all versions or for those behind the name.
func exceptions() map[string]string {
	return map[string]string{
		"add_fk_part 11-12":               "the server checked t by its primary key's index; a rule does not know the plan",
		"create_mv 11-12":                 "the server read id from the primary key's index alone; a rule does not know the plan",
		"reindex_schema 11-13":            "sampled while running, in transactions of its own: the locks were gone before they were seen",
		"reindex_schema 15-17":            "as on 11 to 13",
		"vacuum 11-11":                    "sampled while running: VACUUM was done before its locks were seen",
		"vacuum 17-17":                    "as on 11",
		"detach_part_conc":                "sampled while running: done before its locks were seen; detach_conc_hold has them",
		"do_block_ddl":                    "code is not read: the effect says unknown",
		"add_col_gen_virtual":             "syntax of 18, which the grammar does not know: the effect says unknown",
		"add_col_nn_nodefault_virtualgen": "syntax of 18, which the grammar does not know: the effect says unknown",
		"add_check_not_enforced":          "syntax of 18, which the grammar does not know: the effect says unknown",
		"validate_notnull":                "its set-up, in syntax of 18, is not known, and held a stronger lock on t already",
	}
}

// excuse is why a server does something else than the rule says, and on which
// majors.
type excuse struct {
	from, to int
	reason   string
}

// serverExceptions are the statements of more.sql where that is so.
func serverExceptions() map[string]excuse {
	const (
		noRows    = "nothing is found in an empty table, so no foreign key is looked at"
		emptyRead = "the planner reads an empty table as a whole"
		emptySide = "the referenced side of an empty table is not read; add_fk has it with rows"
		rebuilt   = "the index of an emptied table is built anew from no rows"
	)
	return map[string]excuse{
		"ALTER TABLE c ALTER COLUMN t_id TYPE int":    {11, 18, emptySide},
		"ALTER TABLE t2 VALIDATE CONSTRAINT t2_fk_nv": {11, 18, emptySide},
		"TRUNCATE seqt RESTART IDENTITY":              {11, 18, rebuilt},
		"TRUNCATE small, nopub":                       {11, 18, rebuilt},
		"INSERT INTO c VALUES (1, NULL, 'x')":         {11, 18, "a NULL references nothing; a rule does not look at values"},
		"INSERT INTO part VALUES (1, 1, 'x')":         {11, 18, "a rule does not know which partition a row goes to"},
		"DELETE FROM t WHERE id = 1":                  {11, 18, noRows},
		"DELETE FROM p WHERE id = 1":                  {14, 18, emptyRead},
		"UPDATE c SET note = 'x' WHERE id = 1":        {14, 18, emptyRead},
		"COPY small TO '/dev/null'":                   {11, 12, "the lock is let go when COPY is done"},
	}
}
