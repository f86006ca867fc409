package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

func judgeCreate(s sqlscan.Statement, known tables) judgement {
	if index, ok := createIndex(s); ok {
		return judgeIndex(index, known)
	}
	j := judgement{class: plans.ClassExpand}
	r := read(s)
	r.accept("CREATE")
	replace := r.accept("OR", "REPLACE")
	for r.acceptAny("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "VIRTUAL", "CONSTRAINT", "RECURSIVE") {
		continue
	}
	switch {
	case r.accept("TABLE"):
		r.accept("IF", "NOT", "EXISTS")
		j.creates = []string{withoutDefault(r.name())}
		for _, parent := range r.after("REFERENCES") {
			if withoutDefault(parent) != j.creates[0] {
				j.lock(shareRowExclusive, parent)
			}
		}
		createsChild(&j, r)
	case r.accept("VIEW"):
		if replace {
			j.lock(accessExclusive, r.name())
		}
	default:
		createsOn(&j, r)
	}
	return j
}

// createsChild: the parent of a new partition or child table.
func createsChild(j *judgement, r *reader) {
	if r.accept("PARTITION", "OF") {
		j.lockOnly(accessExclusive, r.name())
		return
	}
	for r.at < len(r.tokens) && !r.peek().Is("INHERITS") {
		r.at++
	}
	r.at++
	if r.symbol("(") {
		for _, parent := range r.names() {
			j.lockOnly(shareUpdateExclusive, parent.relation)
		}
	}
}

// createsOn: objects that belong to a table.
func createsOn(j *judgement, r *reader) {
	mode, before := accessExclusive, "ON"
	switch {
	case r.accept("TRIGGER"):
		mode = shareRowExclusive
	case r.accept("POLICY"):
	case r.accept("RULE"):
		before = "TO"
	case r.accept("STATISTICS"):
		mode, before = shareUpdateExclusive, "FROM"
	case r.accept("PUBLICATION"):
		mode, before = shareUpdateExclusive, "TABLE"
	default:
		return
	}
	if tables := r.after(before); len(tables) > 0 {
		j.lock(mode, tables[0])
	}
}

type index struct {
	name, table  string
	only         bool
	unique       bool
	concurrently bool
	ifNotExists  bool
}

// createIndex reads CREATE [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON table.
func createIndex(s sqlscan.Statement) (index, bool) {
	if !s.Starts("CREATE", "INDEX") && !s.Starts("CREATE", "UNIQUE", "INDEX") {
		return index{}, false
	}
	r := read(s)
	r.accept("CREATE")
	ix := index{unique: r.accept("UNIQUE")}
	r.accept("INDEX")
	ix.concurrently = r.accept("CONCURRENTLY")
	ix.ifNotExists = r.accept("IF", "NOT", "EXISTS")
	if !r.peek().Is("ON") {
		ix.name = r.name()
	}
	r.accept("ON")
	ix.only = r.accept("ONLY")
	ix.table = r.name()
	return ix, true
}

func judgeIndex(ix index, known tables) judgement {
	j := judgement{class: plans.ClassExpand}
	if known.has(ix.table) {
		return j
	}
	mode := share
	if ix.concurrently {
		mode = shareUpdateExclusive
	}
	j.take(mode, named{ix.table, ix.only})
	j.scans = []string{ix.table}
	if ix.unique {
		j.breaks(ix.table, known, "makes values of "+ix.table+" unique, which code that writes duplicates does not survive")
	}
	return j
}
