package sqlcheck

import "github.com/lockstep-dev/lockstep/plans"

// judgeAlterOther judges ALTER of anything but a table.
func judgeAlterOther(r *reader) judgement {
	kind := r.kind()
	j := judgement{class: plans.ClassExpand}
	switch {
	case kind == "index", kind == "system":
	case r.has("RENAME", "TO"), r.has("RENAME", "VALUE"), r.has("RENAME", "ATTRIBUTE"), r.has("SET", "SCHEMA"):
		j.class, j.reason = plans.ClassContract, "renames what code may use"
	case kind == "type" && r.has("DROP", "ATTRIBUTE"):
		j.class, j.reason = plans.ClassContract, "drops an attribute"
	case kind == "domain" && (r.has("ADD") || r.has("SET", "NOT", "NULL")):
		j.class, j.reason = plans.ClassContract, "constrains a domain"
	}
	r.accept("IF", "EXISTS")
	j.lockAltered(kind, r)
	return j
}

// lockAltered takes what the kind of object asks for. Source: the "Parameters"
// of PostgreSQL's ALTER pages, and pg_locks while each form ran.
func (j *judgement) lockAltered(kind string, r *reader) {
	switch kind {
	case "index":
		j.lockIndex(r)
	case "view", "materialized view", "foreign table":
		j.lock(accessExclusive, r.name())
	case "sequence":
		mode := shareRowExclusive
		if r.has("RENAME") || r.has("OWNER", "TO") || r.has("SET") {
			mode = accessExclusive
		}
		j.lock(mode, r.name())
	case "policy", "trigger", "rule":
		for _, table := range r.after("ON")[:min(1, len(r.after("ON")))] {
			j.lock(accessExclusive, table)
		}
	case "publication":
		r.name()
		if r.acceptAny("ADD", "SET", "DROP") && r.accept("TABLE") {
			j.takeAll(shareUpdateExclusive, r.names())
		}
	default:
		j.unsure = true
	}
}

// lockIndex: most forms leave the index usable.
func (j *judgement) lockIndex(r *reader) {
	j.index = true
	mode := shareUpdateExclusive
	for _, parameter := range []string{"buffering", "fastupdate", "gin_pending_list_limit", "pages_per_range", "autosummarize", "tablespace"} {
		if r.has(parameter) {
			mode = accessExclusive
		}
	}
	j.lock(mode, r.name())
	if r.accept("ATTACH", "PARTITION") {
		j.lock(accessExclusive, r.name())
	}
}
