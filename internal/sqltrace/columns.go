package sqltrace

import "github.com/lockstep-dev/lockstep/internal/sqlscan"

// Columns are those that a CREATE TABLE names, as traces of their own. They
// are no part of Of, as a change of a column makes it look younger than its
// table. Of IF NOT EXISTS there are none: another file's table may have been
// there.
func Columns(statement sqlscan.Statement) []Trace {
	r := &reader{tokens: statement.Tokens()}
	if !r.take("CREATE") {
		return nil
	}
	r.skip("UNLOGGED", "FOREIGN")
	if !r.take("TABLE") || r.is("IF") {
		return nil
	}
	table, ok := r.name()
	if !ok || !r.symbol("(") {
		return nil
	}
	r.at++
	var columns []Trace
	for {
		if !r.partOfTable() {
			columns = append(columns, r.one(Trace{Kind: Column, On: table})...)
		}
		if !r.comma() {
			return columns
		}
	}
}

// partOfTable reports whether what is next in a table's list is no column, or
// could be none.
func (r *reader) partOfTable() bool {
	return r.is("CONSTRAINT") || r.is("PRIMARY") || r.is("UNIQUE") || r.is("FOREIGN") || r.is("CHECK") || r.is("EXCLUDE") || r.is("LIKE") || r.special()
}
