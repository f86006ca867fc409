package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

func judgeAlter(s sqlscan.Statement, known tables) judgement {
	r := read(s)
	r.accept("ALTER")
	if !r.accept("TABLE") {
		return judgeAlterOther(r)
	}
	r.accept("IF", "EXISTS")
	only := r.accept("ONLY")
	table := r.name()
	r.symbol("*")
	j := judgement{class: plans.ClassExpand}
	for _, clause := range r.clauses() {
		a := alteration{judgement: &j, table: table, only: only, known: known}
		a.judge(clause)
	}
	if known.has(table) {
		j.scans, j.rewrites = nil, nil
	}
	return j
}

// alteration judges one clause of ALTER TABLE. Lock modes are those of the
// ALTER TABLE page of PostgreSQL's documentation: ACCESS EXCLUSIVE unless it
// names another one.
type alteration struct {
	*judgement
	table string
	only  bool
	known tables
}

// self is the lock on the altered table.
func (a alteration) self(mode string) { a.take(mode, named{a.table, a.only}) }

func (a alteration) judge(r *reader) {
	switch {
	case r.accept("ADD"):
		a.add(r)
	case r.accept("DROP"):
		a.drop(r)
	case r.accept("ALTER"):
		r.accept("COLUMN")
		column := r.name()
		a.column(column, r)
	case r.accept("RENAME"):
		a.take(accessExclusive, named{a.table, a.only || r.peek().Is("TO")})
		if r.accept("CONSTRAINT") {
			return
		}
		a.breaks(a.table, a.known, "renames "+a.table+" or a column of it")
	case r.accept("VALIDATE", "CONSTRAINT"):
		a.self(shareUpdateExclusive)
		a.scans = append(a.scans, a.table)
	default:
		a.other(r)
	}
}

func (a alteration) other(r *reader) {
	switch {
	case r.accept("SET", "SCHEMA"):
		a.breaks(a.table, a.known, "moves "+a.table+" to another schema")
	case r.accept("SET", "LOGGED"), r.accept("SET", "UNLOGGED"), r.accept("SET", "TABLESPACE"), r.accept("SET", "ACCESS", "METHOD"):
		a.rewrites = append(a.rewrites, a.table)
	case r.accept("ENABLE", "ROW"), r.accept("FORCE", "ROW"):
		a.breaks(a.table, a.known, "hides rows of "+a.table+" by row level security")
	case r.accept("DETACH", "PARTITION"):
		a.breaks(a.table, a.known, "takes a partition away from "+a.table)
		mode, partition := accessExclusive, r.name()
		if r.has("CONCURRENTLY") {
			mode = shareUpdateExclusive
		}
		a.lockOnly(mode, a.table)
		a.lock(mode, partition)
		return
	case r.accept("ATTACH", "PARTITION"):
		a.lockOnly(shareUpdateExclusive, a.table)
		a.lock(accessExclusive, r.name())
		return
	case r.accept("INHERIT"), r.accept("NO", "INHERIT"):
		a.self(accessExclusive)
		a.lockOnly(shareUpdateExclusive, r.name())
		return
	case r.has("TRIGGER") && r.acceptAny("ENABLE", "DISABLE"):
		a.self(shareRowExclusive)
		return
	case r.accept("CLUSTER"), r.accept("SET", "WITHOUT", "CLUSTER"), r.sets() && !r.has("user_catalog_table"):
		a.self(shareUpdateExclusive)
		return
	case r.acceptAny("ENABLE", "DISABLE", "NO", "FORCE", "OWNER", "REPLICA", "OF", "NOT"), r.sets():
	default:
		a.unsure = true
	}
	a.self(accessExclusive)
}

func (a alteration) add(r *reader) {
	if !isConstraint(r) {
		a.addColumn(r)
		return
	}
	a.breaks(a.table, a.known, "adds a constraint to "+a.table+", which code that writes other values does not survive")
	if !r.has("NOT", "VALID") && !r.has("USING", "INDEX") {
		a.scans = append(a.scans, a.table)
	}
	if !r.has("FOREIGN", "KEY") {
		a.self(accessExclusive)
		return
	}
	a.self(shareRowExclusive)
	for _, parent := range r.after("REFERENCES") {
		a.lock(shareRowExclusive, parent)
	}
}

func isConstraint(r *reader) bool {
	for _, word := range []string{"CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "EXCLUDE"} {
		if r.peek().Is(word) {
			return true
		}
	}
	return false
}

func (a alteration) addColumn(r *reader) {
	a.self(accessExclusive)
	r.accept("COLUMN")
	r.accept("IF", "NOT", "EXISTS")
	column := r.name()
	filled := r.has("DEFAULT") || r.has("GENERATED") || r.has("SERIAL") || r.has("BIGSERIAL") || r.has("SMALLSERIAL")
	if r.has("NOT", "NULL") && !filled {
		a.breaks(a.table, a.known, "adds "+a.table+"."+column+" without a default, which INSERTs of running code do not fill")
	}
	if r.has("SERIAL") || r.has("BIGSERIAL") || r.has("SMALLSERIAL") || r.has("GENERATED") {
		a.rewrites = append(a.rewrites, a.table)
	}
	if r.has("CHECK") || r.has("UNIQUE") || r.has("PRIMARY", "KEY") {
		a.scans = append(a.scans, a.table)
	}
	for _, parent := range r.after("REFERENCES") {
		a.lock(shareRowExclusive, parent)
	}
}

func (a alteration) drop(r *reader) {
	a.self(accessExclusive)
	if r.accept("CONSTRAINT") {
		a.breaks(a.table, a.known, "drops a constraint of "+a.table)
		return
	}
	r.accept("COLUMN")
	r.accept("IF", "EXISTS")
	a.breaks(a.table, a.known, "drops the column "+a.table+"."+r.name())
	a.loses = !a.known.has(a.table)
}

func (a alteration) column(column string, r *reader) {
	name := a.table + "." + column
	switch {
	case r.accept("SET", "STATISTICS"), r.sets():
		a.self(shareUpdateExclusive)
		return
	case r.accept("SET", "NOT", "NULL"):
		a.breaks(a.table, a.known, "forbids NULL in "+name)
		a.scans = append(a.scans, a.table)
	case r.accept("TYPE"), r.accept("SET", "DATA", "TYPE"):
		a.breaks(a.table, a.known, "changes the type of "+name)
		a.rewrites, a.unsure = append(a.rewrites, a.table), true
	case r.accept("DROP", "DEFAULT"), r.accept("DROP", "IDENTITY"), r.accept("DROP", "EXPRESSION"):
		a.breaks(a.table, a.known, "drops what fills "+name)
	}
	a.self(accessExclusive)
}
