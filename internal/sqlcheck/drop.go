package sqlcheck

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

func judgeDrop(s sqlscan.Statement, known tables) judgement {
	j := judgement{class: plans.ClassExpand}
	r := read(s)
	r.accept("DROP")
	if !r.accept("TABLE") {
		return dropOther(r)
	}
	r.accept("IF", "EXISTS")
	for _, table := range r.names() {
		if known[table] {
			continue
		}
		j.lock(accessExclusive, table)
		j.loses = true
		j.breaks(table, known, "drops the table "+table)
	}
	return j
}

func dropOther(r *reader) judgement {
	kind := strings.ToLower(r.peek().Text)
	if r.accept("MATERIALIZED") {
		kind = "materialized view"
	}
	r.at++
	r.accept("CONCURRENTLY")
	r.accept("IF", "EXISTS")
	return judgement{
		class: plans.ClassContract, reason: "drops the " + kind + " " + r.name(),
		loses: kind == "schema" || kind == "database", unsure: true,
	}
}

func judgeTruncate(s sqlscan.Statement, known tables) judgement {
	j := judgement{class: plans.ClassExpand}
	r := read(s)
	r.accept("TRUNCATE")
	r.accept("TABLE")
	for _, table := range r.names() {
		if known[table] {
			continue
		}
		j.lock(accessExclusive, table)
		j.loses = true
		j.breaks(table, known, "empties the table "+table)
	}
	return j
}
