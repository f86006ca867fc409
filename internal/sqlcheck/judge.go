package sqlcheck

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// judgement is what the rules say of one statement.
type judgement struct {
	class  plans.Class // empty: says nothing about the file's class
	reason string      // follows "line N", for contract
	locks  []plans.Lock
	// rewrites and scans name tables whose whole content is written or read.
	rewrites, scans []string
	creates         []string
	index           bool   // the locks are on an index, and with it on its table
	loses           bool   // data or objects are gone afterwards
	unsure          bool   // the figures are assumed, not certain by rule
	unseen          string // what runs without being in the file
}

// tables is a set of table names that no released code knows.
type tables map[string]bool

func newTables(names []string) tables {
	t := make(tables, len(names))
	for _, n := range names {
		t.add(n)
	}
	return t
}

func (t tables) add(name string) { t[withoutDefault(name)] = true }

func (t tables) has(name string) bool { return t[withoutDefault(name)] }

// withoutDefault leaves the schema out that is meant when none is named.
func withoutDefault(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "public."), "main.")
}

// judge is the classifier: one statement, and the tables that are new. Nobody
// is kept waiting by a lock on those.
func judge(s sqlscan.Statement, known tables) judgement {
	j := judgeStatement(s, known)
	j.locks = slices.DeleteFunc(j.locks, func(l plans.Lock) bool { return known.has(l.Relation) })
	return j
}

func judgeStatement(s sqlscan.Statement, known tables) judgement {
	if len(s.Words) == 0 {
		return judgement{class: plans.ClassExpand, unsure: true}
	}
	switch s.Words[0] {
	case "CREATE":
		return judgeCreate(s, known)
	case "ALTER":
		return judgeAlter(s, known)
	case "DROP":
		return judgeDrop(s, known)
	case "TRUNCATE":
		return judgeTruncate(s, known)
	case "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "WITH":
		return judgeRows(s, known)
	case "REVOKE":
		return judgement{class: plans.ClassContract, reason: "takes a right away"}
	case "SET", "RESET", "PRAGMA":
		return judgement{}
	case "GRANT":
		return judgement{class: plans.ClassExpand}
	default:
		return judgeUpkeep(s)
	}
}

// Lock modes by PostgreSQL's own names.
// Source: PostgreSQL documentation, "Explicit Locking", table-level locks.
const (
	rowExclusive         = "RowExclusiveLock"
	shareUpdateExclusive = "ShareUpdateExclusiveLock"
	share                = "ShareLock"
	shareRowExclusive    = "ShareRowExclusiveLock"
	exclusive            = "ExclusiveLock"
	accessExclusive      = "AccessExclusiveLock"
)

func (j *judgement) lock(mode, relation string) { j.take(mode, named{relation: relation}) }

// lockOnly is for statements that leave partitions and child tables alone.
func (j *judgement) lockOnly(mode, relation string) { j.take(mode, named{relation, true}) }

func (j *judgement) take(mode string, n named) {
	l := plans.Lock{Mode: mode, Relation: n.relation, Only: n.only}
	if n.relation != "" && !slices.Contains(j.locks, l) {
		j.locks = append(j.locks, l)
	}
}

// breaks marks the statement as contract unless the table is new.
func (j *judgement) breaks(table string, known tables, reason string) {
	if known.has(table) || j.class == plans.ClassContract {
		return
	}
	j.class, j.reason = plans.ClassContract, reason
}
