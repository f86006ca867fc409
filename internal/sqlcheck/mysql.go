package sqlcheck

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Metadata locks by the names of performance_schema.metadata_locks. Whoever
// waits for an EXCLUSIVE one makes everyone behind it wait, readers too.
// Source: MySQL 8.0 Reference Manual, "Metadata Locking".
const (
	mdlExclusive        = "EXCLUSIVE metadata lock"
	mdlSharedNoWrite    = "SHARED_NO_WRITE metadata lock"
	mdlSharedUpgradable = "SHARED_UPGRADABLE metadata lock"
	mdlSharedWrite      = "SHARED_WRITE metadata lock"
)

// judgeMySQL is the classifier for MySQL and MariaDB.
func judgeMySQL(s sqlscan.Statement, known tables) judgement {
	j := judgeMySQLStatement(s, known)
	j.unsure = j.unsure || s.ExecutableComment()
	var kept []plans.Lock
	for _, l := range j.locks {
		if mode, ok := metadataLock(l.Mode); ok && !known.has(l.Relation) {
			kept = append(kept, plans.Lock{Mode: mode, Relation: l.Relation})
		}
	}
	j.locks = kept
	return j
}

// metadataLock says in MySQL's terms what the common rules say in
// PostgreSQL's.
func metadataLock(mode string) (string, bool) {
	switch mode {
	case rowExclusive:
		return mdlSharedWrite, true
	case accessExclusive, exclusive, shareRowExclusive:
		return mdlExclusive, true
	case share, shareUpdateExclusive:
		return mdlSharedUpgradable, true
	default:
		return mode, strings.HasSuffix(mode, "metadata lock")
	}
}

func judgeMySQLStatement(s sqlscan.Statement, known tables) judgement {
	if len(s.Words) == 0 {
		return judgement{class: plans.ClassExpand, unsure: true}
	}
	switch s.Words[0] {
	case "ALTER":
		return judgeMySQLAlter(s, known)
	case "CREATE":
		if j, ok := judgeMySQLIndex(s, known); ok {
			return j
		}
	case "RENAME":
		return judgeMySQLRename(s, known)
	case "DROP":
		if s.Starts("DROP", "INDEX") {
			return judgeMySQLDropIndex(s, known)
		}
	case "PREPARE", "DEALLOCATE", "SHOW", "DESCRIBE", "DO":
		return judgement{unsure: s.Starts("DO")}
	case "CALL", "EXECUTE", "BEGIN":
		return judgement{class: plans.ClassExpand, unsure: true, unseen: s.Words[0]}
	case "OPTIMIZE", "REPAIR":
		r := read(s)
		r.at++
		r.accept("TABLE")
		j := judgement{class: plans.ClassExpand, unsure: true}
		for _, table := range r.names() {
			j.rewrites = append(j.rewrites, table.relation)
			j.lock(mdlSharedUpgradable, table.relation)
		}
		return j
	}
	return judgeStatement(s, known)
}

// judgeMySQLIndex reads CREATE [UNIQUE|FULLTEXT|SPATIAL] INDEX name ON table.
func judgeMySQLIndex(s sqlscan.Statement, known tables) (judgement, bool) {
	r := read(s)
	r.accept("CREATE")
	r.accept("OR", "REPLACE")
	unique, special := r.accept("UNIQUE"), r.acceptAny("FULLTEXT", "SPATIAL")
	if !r.accept("INDEX") {
		return judgement{}, false
	}
	r.accept("IF", "NOT", "EXISTS")
	r.name()
	for !r.end() && !r.accept("ON") {
		r.at++
	}
	j := judgement{class: plans.ClassExpand}
	a := mysqlAlteration{alteration{judgement: &j, table: r.name(), known: known}}
	a.index(unique, special)
	options(&j, r)
	return j, true
}

func judgeMySQLDropIndex(s sqlscan.Statement, known tables) judgement {
	r := read(s)
	r.accept("DROP", "INDEX")
	r.accept("IF", "EXISTS")
	name := r.name()
	r.accept("ON")
	table := r.name()
	j := judgement{class: plans.ClassExpand}
	j.lock(mdlExclusive, table)
	j.breaks(table, known, "drops the index "+name)
	return j
}

func judgeMySQLRename(s sqlscan.Statement, known tables) judgement {
	r := read(s)
	r.accept("RENAME")
	j := judgement{class: plans.ClassExpand}
	if !r.acceptAny("TABLE", "TABLES") {
		return judgement{class: plans.ClassExpand, unsure: true} // RENAME USER
	}
	for _, pair := range r.clauses() {
		table := pair.name()
		j.lock(mdlExclusive, table)
		j.breaks(table, known, "renames the table "+table)
	}
	return j
}
