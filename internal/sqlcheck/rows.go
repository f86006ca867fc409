package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// judgeRows judges statements that change rows and leave the schema alone.
func judgeRows(s sqlscan.Statement, known tables) judgement {
	j := judgement{class: plans.ClassData}
	r := read(s)
	if r.accept("WITH") {
		if !r.has("INSERT", "INTO") && !r.has("UPDATE") && !r.has("DELETE", "FROM") && !r.has("MERGE", "INTO") {
			return judgement{class: plans.ClassExpand, unsure: true}
		}
		j.unsure = true
		return j
	}
	verb := r.peek()
	r.at++
	for r.acceptAny("INTO", "FROM", "ONLY") || r.accept("OR") && r.acceptAny("REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK") {
		continue
	}
	table := r.name()
	if known.has(table) {
		return j
	}
	j.lock(rowExclusive, table)
	if (verb.Is("DELETE") || verb.Is("UPDATE")) && !r.has("WHERE") {
		j.scans = append(j.scans, table)
		j.loses = true
	}
	return j
}
