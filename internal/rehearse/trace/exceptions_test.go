package trace_test

// exceptions are the rows that disagree with the table, by name and aspect,
// each with its reason.
func exceptions(major int) map[string]string {
	found := map[string]string{}
	for _, e := range []struct {
		from, to     int
		what, reason string
	}{
		{12, 18, "add_col_nextval_default locks", "no row, no nextval: the sequence is not locked"},
		{12, 18, "add_col_nn_nodefault outcome", "fails by a row alone; TestSeededRowsFail shows it"},
		{12, 18, "refresh_mv_conc_nouniq outcome", "the row's statement ran without the unique index that the schema has"},
		{13, 18, "drop_expression outcome", "the row's table gens is not in the schema"},

		{12, 18, "add_col_inline_fk_default scans", "the check of a key from no rows does not come to the referenced table"},
		{12, 18, "add_fk scans", "the check of a key from no rows does not come to the referenced table"},
		{13, 18, "add_fk_part scans", "the check of a key from no rows does not come to the referenced table"},
		{12, 18, "add_unique_part scans", "the row counts rows, and its table has none; the scans are real"},
		{12, 18, "set_not_null_part scans", "the row counts rows, and its table has none; the scans are real"},
		{12, 18, "attach_part_default_exists scans", "the row counts rows, and the table that is attached has none; the scan is real"},
		{12, 18, "truncate_cascade scans", "new indexes are built on the new storage, which has no rows to count"},
		{14, 18, "update_where_pk scans", "an empty table is read faster than its index"},
		{12, 18, "select_for_update scans", "an empty table is read faster than its index"},

		{15, 18, "set_unlogged_big rewrites", "the storage of a sequence is no table's"},
		{12, 18, "alter_sequence rewrites", "the storage of a sequence is no table's"},
		{12, 18, "alter_sequence_as rewrites", "the storage of a sequence is no table's"},

		{12, 12, "create_mv scans", "the row counts rows that the session itself has read, and has none on 12 alone; the scan is real"},
		{12, 14, "drop_conc_hold locks", "the index is locked when it is dead and nobody is waited for"},
		{16, 16, "drop_conc_hold locks", "the index is locked when it is dead and nobody is waited for"},
		{18, 18, "drop_conc_hold locks", "the index is locked when it is dead and nobody is waited for"},
		{12, 16, "vacuum locks", "VACUUM waits for its table alone; its index is locked afterwards"},
		{18, 18, "vacuum locks", "VACUUM waits for its table alone; its index is locked afterwards"},
		{12, 18, "vacuum_full locks", "VACUUM FULL waits for its table alone; its index is locked afterwards"},
		{13, 13, "reindex_conc_hold locks", "the lock is that of the new index, which has the old one's name at the end"},
		{15, 17, "reindex_conc locks", "the lock is that of the new index, which has the old one's name at the end"},
	} {
		if e.from <= major && major <= e.to {
			found[e.what] = e.reason
		}
	}
	return found
}
