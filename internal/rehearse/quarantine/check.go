package quarantine

import "fmt"

// check refuses what a rename does not put out of the way.
func (f *facts) check(fill string) error {
	switch {
	case f.kind != "r" && f.kind != "p":
		return refuse("drop it in a migration of its own: nothing is lost that its definition does not bring back", "%s is no table, so it holds no rows to keep", f.quotedTable)
	case f.column == "" && f.part:
		return refuse("take it off its parent first (DETACH PARTITION, NO INHERIT), in a migration of its own", "table %s is part of another table, which would go on filling it", f.quotedTable)
	case f.column == "" && fill != "":
		return refuse("leave --fill out", "--fill is for a column; %s is a table", f.quotedTable)
	case f.column == "":
		return nil
	case f.key:
		return refuse("give the table another key first, in a migration of its own", "column %s is part of the primary key of %s", f.quotedField, f.quotedTable)
	case f.computed.Valid:
		return refuse("drop that one first, in a migration of its own: some versions of PostgreSQL (13) would drop it along without a word", "column %s of %s is computed from column %s", f.computed.String, f.quotedTable, f.quotedField)
	case len(f.views) > 0:
		return refuse("make the view anew without the column first, in a migration of its own: it would go on reading the column by any name, and hinder dropping it",
			"view %s reads column %s of %s", f.views[0].quoted, f.quotedField, f.quotedTable)
	}
	return f.checkValue(fill)
}

// checkValue refuses where rows written during the quarantine cannot leave the
// column out.
func (f *facts) checkValue(fill string) error {
	needs := (f.notNull || f.typeNotNull) && !f.valued
	switch {
	case fill != "" && !needs:
		return refuse("leave --fill out", "column %s of %s may be NULL or has a default: rows that do not name it need no value", f.quotedField, f.quotedTable)
	case needs && f.typeNotNull && fill == "":
		return refuse("give --fill VALUE, which such rows get", "the type of column %s of %s takes no NULL, so rows written during the quarantine need a value", f.quotedField, f.quotedTable)
	}
	for _, u := range f.uniques {
		if fill != "" || u.nullsAreTheSame && !f.valued {
			return refuse("drop the index first, in a migration of its own", "unique index %s would refuse the second row that does not name column %s", u.name, f.quotedField)
		}
	}
	return nil
}

// what it is, in a sentence.
func (f *facts) what() string {
	if f.column == "" {
		return "table " + f.quotedTable
	}
	return fmt.Sprintf("column %s.%s", f.quotedTable, f.quotedField)
}
