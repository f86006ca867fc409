package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// judgeMySQLAlter judges ALTER TABLE by the algorithm that InnoDB takes for
// each clause. Source: MySQL 8.0 Reference Manual, "Online DDL Operations";
// MariaDB Knowledge Base, "InnoDB Online DDL Overview".
func judgeMySQLAlter(s sqlscan.Statement, known tables) judgement {
	r := read(s)
	r.accept("ALTER")
	for r.acceptAny("ONLINE", "OFFLINE", "IGNORE") {
		continue
	}
	if !r.accept("TABLE") {
		return judgement{class: plans.ClassExpand, unsure: true}
	}
	r.accept("IF", "EXISTS")
	table := r.name()
	j := judgement{class: plans.ClassExpand}
	clauses := r.clauses()
	for _, clause := range clauses {
		a := mysqlAlteration{alteration{judgement: &j, table: table, known: known}}
		a.judge(clause)
	}
	options(&j, r)
	if known.has(table) {
		j.scans, j.rewrites = nil, nil
	}
	return j
}

// options: with ALGORITHM or LOCK the server refuses where it could not do as
// it is told, so what they say is certain.
func options(j *judgement, r *reader) {
	has := func(option, value string) bool { return r.has(option, value) || r.hasAssigned(option, value) }
	if has("ALGORITHM", "INSTANT") || has("ALGORITHM", "NOCOPY") {
		j.rewrites, j.unsure = nil, false
	}
	if has("ALGORITHM", "INSTANT") {
		j.scans = nil
	}
	if has("LOCK", "NONE") {
		for i, l := range j.locks {
			if l.Mode == mdlSharedNoWrite {
				j.locks[i].Mode = mdlSharedUpgradable
			}
		}
	}
	if has("ALGORITHM", "COPY") && !has("LOCK", "NONE") {
		for _, l := range j.locks {
			j.lock(mdlSharedNoWrite, l.Relation)
			j.rewrites = appendNew(j.rewrites, l.Relation)
			break
		}
	}
}

// hasAssigned finds option = value.
func (r *reader) hasAssigned(option, value string) bool {
	for i := 0; i+2 < len(r.tokens); i++ {
		if r.tokens[i].Is(option) && r.tokens[i+1].Symbol("=") && r.tokens[i+2].Is(value) {
			return true
		}
	}
	return false
}

func appendNew(list []string, name string) []string {
	for _, have := range list {
		if have == name {
			return list
		}
	}
	return append(list, name)
}

// mysqlAlteration judges one clause of ALTER TABLE. Every form takes the
// metadata lock EXCLUSIVE at its begin and end, for a moment.
type mysqlAlteration struct{ alteration }

func (a mysqlAlteration) judge(r *reader) {
	a.lock(mdlExclusive, a.table)
	switch {
	case r.accept("ADD"):
		a.add(r)
	case r.accept("DROP"):
		a.drop(r)
	case r.acceptAny("MODIFY", "CHANGE"):
		r.accept("COLUMN")
		r.accept("IF", "EXISTS")
		a.breaks(a.table, a.known, "changes the column "+a.table+"."+r.name())
		a.copies()
		a.unsure = true // a longer VARCHAR or a new default needs no copy
	case r.accept("RENAME"):
		if r.acceptAny("INDEX", "KEY") {
			return
		}
		a.breaks(a.table, a.known, "renames "+a.table+" or a column of it")
	case r.accept("ALTER"):
		a.column(r)
	default:
		a.other(r)
	}
}

// copies says that the whole table is written anew while writes wait.
func (a mysqlAlteration) copies() {
	a.lock(mdlSharedNoWrite, a.table)
	a.rewrites = appendNew(a.rewrites, a.table)
}

// index is built while reads and writes go on, but for FULLTEXT and SPATIAL.
func (a mysqlAlteration) index(unique, special bool) {
	a.lock(mdlExclusive, a.table)
	a.scans = appendNew(a.scans, a.table)
	mode := mdlSharedUpgradable
	if special {
		mode = mdlSharedNoWrite
	}
	a.lock(mode, a.table)
	if unique {
		a.breaks(a.table, a.known, "makes values of "+a.table+" unique, which code that writes duplicates does not survive")
	}
	if a.known.has(a.table) {
		a.scans = nil
	}
}

func (a mysqlAlteration) add(r *reader) {
	if r.accept("CONSTRAINT") && !r.peek().Is("FOREIGN") && !r.peek().Is("CHECK") && !r.peek().Is("UNIQUE") && !r.peek().Is("PRIMARY") {
		r.name()
	}
	switch {
	case r.acceptAny("INDEX", "KEY"):
		a.index(false, false)
	case r.acceptAny("FULLTEXT", "SPATIAL"):
		a.index(false, true)
	case r.accept("UNIQUE"):
		a.index(true, false)
	case r.accept("PRIMARY", "KEY"):
		a.breaks(a.table, a.known, "adds a primary key to "+a.table+", which code that writes duplicates does not survive")
		a.copies()
	case r.peek().Is("FOREIGN"), r.peek().Is("CHECK"):
		a.breaks(a.table, a.known, "adds a constraint to "+a.table+", which code that writes other values does not survive")
		a.copies()
		for _, parent := range r.after("REFERENCES") {
			a.lock(mdlExclusive, parent)
		}
	case r.accept("PARTITION"):
	default:
		a.addColumn(r)
	}
}

func (a mysqlAlteration) addColumn(r *reader) {
	r.accept("COLUMN")
	r.accept("IF", "NOT", "EXISTS")
	column := a.table + "." + r.name()
	filled := r.has("DEFAULT") || r.has("AUTO_INCREMENT") || r.has("AS") || r.has("GENERATED")
	if r.has("NOT", "NULL") && !filled {
		a.breaks(a.table, a.known, "adds "+column+" without a default, which INSERTs of running code do not fill")
	}
	if r.has("AUTO_INCREMENT") || r.has("STORED") || r.has("PERSISTENT") || r.has("PRIMARY", "KEY") {
		a.copies()
	}
	if r.has("UNIQUE") {
		a.index(true, false)
	}
}

func (a mysqlAlteration) drop(r *reader) {
	switch {
	case r.accept("PRIMARY", "KEY"):
		a.breaks(a.table, a.known, "drops the primary key of "+a.table)
		a.copies()
	case r.acceptAny("INDEX", "KEY"):
		a.breaks(a.table, a.known, "drops an index of "+a.table)
	case r.accept("FOREIGN", "KEY"), r.acceptAny("CONSTRAINT", "CHECK"):
		a.breaks(a.table, a.known, "drops a constraint of "+a.table)
	case r.accept("PARTITION"):
		a.breaks(a.table, a.known, "drops a partition of "+a.table)
		a.loses = !a.known.has(a.table)
	default:
		r.accept("COLUMN")
		r.accept("IF", "EXISTS")
		a.breaks(a.table, a.known, "drops the column "+a.table+"."+r.name())
		a.loses = !a.known.has(a.table)
		// INSTANT since MySQL 8.0.29 and MariaDB 10.4, before it a rebuild.
		a.rewrites, a.unsure = appendNew(a.rewrites, a.table), true
	}
}

func (a mysqlAlteration) column(r *reader) {
	if r.acceptAny("INDEX", "CHECK", "CONSTRAINT") {
		a.unsure = true
		return
	}
	r.accept("COLUMN")
	column := r.name()
	if r.accept("DROP", "DEFAULT") {
		a.breaks(a.table, a.known, "drops what fills "+a.table+"."+column)
	}
}

func (a mysqlAlteration) other(r *reader) {
	switch {
	case r.peek().Is("ALGORITHM"), r.peek().Is("LOCK"), r.peek().Is("COMMENT"), r.peek().Is("AUTO_INCREMENT"), r.peek().Is("DEFAULT"):
	case r.accept("TRUNCATE", "PARTITION"), r.accept("DISCARD"):
		a.breaks(a.table, a.known, "empties a partition of "+a.table)
		a.loses = !a.known.has(a.table)
	case r.acceptAny("ENGINE", "CONVERT", "ROW_FORMAT", "KEY_BLOCK_SIZE", "ORDER", "FORCE", "CHARACTER", "CHARSET"),
		r.acceptAny("PARTITION", "REORGANIZE", "COALESCE", "REMOVE", "REBUILD"):
		a.copies()
		a.unsure = true
	case r.accept("EXCHANGE", "PARTITION"):
		a.breaks(a.table, a.known, "exchanges a partition of "+a.table)
	default:
		a.unsure = true
	}
}
