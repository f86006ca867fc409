package mysql

// altered reads ALTER TABLE; of the other forms the catalog tells little.
// Source: MySQL 8.0 Reference Manual, "ALTER TABLE Statement".
func altered(r *nameReader) []wish {
	for r.accept("ONLINE", "OFFLINE", "IGNORE") {
		continue
	}
	if !r.accept("TABLE") {
		return []wish{{}}
	}
	repeatable := r.acceptAll("IF", "EXISTS")
	table := r.name()
	var list []wish
	for _, clause := range r.clauses() {
		for _, w := range clause.alteration(table) {
			if repeatable && w.kind == wishTable {
				w.kind = wishUnknown
			}
			list = append(list, w)
		}
	}
	return list
}

// alteration reads one clause.
func (r *nameReader) alteration(table string) []wish {
	switch {
	case r.accept("ADD"):
		return r.addition(table)
	case r.accept("DROP"):
		return []wish{r.removal(table)}
	case r.accept("RENAME"):
		return r.renaming(table)
	case r.accept("CHANGE"):
		r.accept("COLUMN")
		from, to := r.name(), r.name()
		if from == to {
			return []wish{{kind: wishRepeatable}}
		}
		return []wish{{wishColumn, table, from, true}, {wishColumn, table, to, false}}
	case r.accept("EXCHANGE", "REORGANIZE", "COALESCE", "TRUNCATE", "REMOVE", "PARTITION", "IMPORT", "DISCARD"):
		return []wish{{}}
	default:
		// MODIFY, ALTER COLUMN, CONVERT, ENGINE, COMMENT, ...: the second time
		// the table already is so.
		return []wish{{kind: wishRepeatable}}
	}
}

func (r *nameReader) addition(table string) []wish {
	constraint := ""
	if r.accept("CONSTRAINT") && !r.is("CHECK") && !r.is("FOREIGN") && !r.is("UNIQUE") && !r.is("PRIMARY") {
		if r.acceptAll("IF", "NOT", "EXISTS") {
			return []wish{{kind: wishRepeatable}}
		}
		constraint = r.name()
	}
	switch {
	case r.acceptAll("PRIMARY", "KEY"):
		return []wish{{wishIndex, table, "PRIMARY", false}}
	case r.accept("UNIQUE"), r.accept("FULLTEXT"), r.accept("SPATIAL"):
		r.accept("INDEX", "KEY")
		return []wish{r.indexNamed(table, constraint)}
	case r.accept("INDEX", "KEY"):
		return []wish{r.indexNamed(table, "")}
	case r.acceptAll("FOREIGN", "KEY"), r.accept("CHECK"):
		if constraint == "" {
			return []wish{{}} // the server gives it a name
		}
		return []wish{{wishConstraint, table, constraint, false}}
	case r.accept("PARTITION"):
		r.symbol("(")
		if r.accept("PARTITION") {
			return []wish{{wishPartition, table, r.name(), false}}
		}
		return []wish{{}}
	}
	r.accept("COLUMN")
	return r.columns(table)
}

// columns reads one column, or a list of them in parentheses.
func (r *nameReader) columns(table string) []wish {
	if !r.symbol("(") {
		if r.acceptAll("IF", "NOT", "EXISTS") {
			return []wish{{kind: wishRepeatable}}
		}
		return []wish{{wishColumn, table, r.name(), false}}
	}
	inner := &nameReader{tokens: r.tokens[r.at : len(r.tokens)-1]}
	var list []wish
	for _, column := range inner.clauses() {
		list = append(list, wish{wishColumn, table, column.name(), false})
	}
	return list
}

func (r *nameReader) indexNamed(table, constraint string) wish {
	if r.acceptAll("IF", "NOT", "EXISTS") {
		return wish{kind: wishRepeatable}
	}
	if r.more() && !r.tokens[r.at].Symbol("(") && !r.is("USING") {
		return wish{wishIndex, table, r.name(), false}
	}
	if constraint != "" {
		return wish{wishIndex, table, constraint, false}
	}
	return wish{} // the server gives it a name
}

func (r *nameReader) removal(table string) wish {
	w := wish{kind: wishColumn, table: table, gone: true}
	switch {
	case r.acceptAll("PRIMARY", "KEY"):
		return wish{wishIndex, table, "PRIMARY", true}
	case r.acceptAll("FOREIGN", "KEY"), r.accept("CONSTRAINT", "CHECK"):
		w.kind = wishConstraint
	case r.accept("INDEX", "KEY"):
		w.kind = wishIndex
	case r.accept("PARTITION"):
		w.kind = wishPartition
	default:
		r.accept("COLUMN")
	}
	if r.acceptAll("IF", "EXISTS") {
		return wish{kind: wishRepeatable}
	}
	w.name = r.name()
	return w
}

func (r *nameReader) renaming(table string) []wish {
	kind := wishTable
	switch {
	case r.accept("COLUMN"):
		kind = wishColumn
	case r.accept("INDEX", "KEY"):
		kind = wishIndex
	}
	if kind == wishTable {
		r.accept("TO", "AS")
		return []wish{{wishTable, table, "", true}, {wishTable, r.name(), "", false}}
	}
	if r.acceptAll("IF", "EXISTS") {
		return []wish{{kind: wishRepeatable}}
	}
	from := r.name()
	r.through("TO")
	return []wish{{kind, table, from, true}, {kind, table, r.name(), false}}
}
