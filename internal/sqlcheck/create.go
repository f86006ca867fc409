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
	r.accept("OR", "REPLACE")
	for r.acceptAny("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "VIRTUAL", "CONSTRAINT") {
		continue
	}
	switch {
	case r.accept("TABLE"):
		r.accept("IF", "NOT", "EXISTS")
		j.creates = []string{r.name()}
		for _, parent := range r.after("REFERENCES") {
			if !known[parent] && parent != j.creates[0] {
				j.lock(shareRowExclusive, parent)
			}
		}
		if r.accept("PARTITION", "OF") {
			j.lock(accessExclusive, r.name())
		}
	case r.accept("TRIGGER"):
		for _, table := range r.after("ON") {
			j.lock(shareRowExclusive, table)
			break
		}
		j.unsure = true
	}
	return j
}

type index struct {
	name, table  string
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
	r.accept("ONLY")
	ix.table = r.name()
	return ix, true
}

func judgeIndex(ix index, known tables) judgement {
	j := judgement{class: plans.ClassExpand}
	if known[ix.table] {
		return j
	}
	mode := share
	if ix.concurrently {
		mode = shareUpdateExclusive
	}
	j.lock(mode, ix.table)
	j.scans = []string{ix.table}
	if ix.unique {
		j.breaks(ix.table, known, "makes values of "+ix.table+" unique, which code that writes duplicates does not survive")
	}
	return j
}
