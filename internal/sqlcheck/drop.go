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
	for _, n := range r.names() {
		if known.has(n.relation) {
			continue
		}
		j.take(accessExclusive, n)
		j.loses = true
		j.breaks(n.relation, known, "drops the table "+n.relation)
	}
	return j
}

func dropOther(r *reader) judgement {
	kind := r.kind()
	concurrently := r.accept("CONCURRENTLY")
	r.accept("IF", "EXISTS")
	list := r.names()
	j := judgement{class: plans.ClassContract, loses: kind == "schema" || kind == "database", unsure: r.has("CASCADE")}
	j.reason = "drops the " + kind
	if len(list) > 0 {
		j.reason += " " + list[0].relation
	}
	switch kind {
	case "index":
		mode := accessExclusive
		if concurrently {
			mode = shareUpdateExclusive
		}
		j.index = true
		j.takeAll(mode, list)
	case "view", "materialized view", "sequence", "foreign table":
		j.takeAll(accessExclusive, list)
	case "trigger", "rule", "policy":
		if r.accept("ON") {
			j.lock(accessExclusive, r.name())
		}
	default:
		j.unsure = true
	}
	return j
}

// kind reads what sort of object a statement is about, in lower case.
func (r *reader) kind() string {
	kind := strings.ToLower(r.peek().Text)
	r.at++
	if kind == "materialized" || kind == "foreign" {
		kind += " " + strings.ToLower(r.peek().Text)
		r.at++
	}
	return kind
}

func (j *judgement) takeAll(mode string, list []named) {
	for _, n := range list {
		j.take(mode, n)
	}
}

func judgeTruncate(s sqlscan.Statement, known tables) judgement {
	j := judgement{class: plans.ClassExpand}
	r := read(s)
	r.accept("TRUNCATE")
	r.accept("TABLE")
	for _, n := range r.names() {
		if known.has(n.relation) {
			continue
		}
		j.take(accessExclusive, n)
		j.loses = true
		j.breaks(n.relation, known, "empties the table "+n.relation)
	}
	return j
}
