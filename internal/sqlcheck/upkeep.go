package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// judgeUpkeep judges statements that change neither shape nor rows as far as
// code can see, and still lock.
func judgeUpkeep(s sqlscan.Statement) judgement {
	j := judgement{class: plans.ClassExpand}
	r := read(s)
	verb := r.peek()
	r.at++
	switch {
	case verb.Is("COMMENT"):
		j.lockCommented(r)
	case verb.Is("ANALYZE"), verb.Is("VACUUM"), verb.Is("CLUSTER"):
		j.lockMaintained(verb, r)
	case verb.Is("REINDEX"):
		j.lockReindexed(r)
	case verb.Is("REFRESH") && r.accept("MATERIALIZED", "VIEW"):
		mode := accessExclusive
		if r.accept("CONCURRENTLY") {
			mode = exclusive
		}
		j.lock(mode, r.name())
	case verb.Is("LOCK"):
		j.lockAsked(r)
	default:
		j.unsure = true
	}
	return j
}

func (j *judgement) lockCommented(r *reader) {
	switch {
	case r.accept("ON", "TABLE"):
		j.lockOnly(shareUpdateExclusive, r.name())
	case r.accept("ON", "COLUMN"):
		parts := sqlscan.Names(r.name())
		if len(parts) > 1 {
			j.lockOnly(shareUpdateExclusive, sqlscan.Identifier(parts[:len(parts)-1]...))
		}
	}
}

func (j *judgement) lockMaintained(verb sqlscan.Token, r *reader) {
	full := verb.Is("CLUSTER")
	full = r.options() || full
	for r.acceptAny("FULL", "FREEZE", "VERBOSE", "ANALYZE") {
		full = full || r.tokens[r.at-1].Is("FULL")
	}
	mode := shareUpdateExclusive
	if full {
		mode = accessExclusive
	}
	for _, clause := range r.clauses() {
		only := clause.accept("ONLY")
		name := clause.name()
		if clause.accept("ON") { // CLUSTER index ON table
			name = clause.name()
		}
		j.take(mode, named{name, only})
		if full {
			j.rewrites = append(j.rewrites, name)
		}
	}
}

// options passes over a list in parentheses and reports whether it asks for
// FULL.
func (r *reader) options() (full bool) {
	if !r.symbol("(") {
		return false
	}
	for !r.end() && !r.symbol(")") {
		full = full || r.peek().Is("FULL")
		r.at++
	}
	return full
}

// lockReindexed: an index under work cannot be read, and planning any query
// on its table looks at all of its indexes.
func (j *judgement) lockReindexed(r *reader) {
	concurrently := r.has("CONCURRENTLY")
	r.options()
	kind := r.kind()
	r.accept("CONCURRENTLY")
	switch {
	case kind != "table" && kind != "index":
		j.unsure = true
	case concurrently:
		j.index = kind == "index"
		j.lock(shareUpdateExclusive, r.name())
	case kind == "index":
		j.index = true
		j.lock(accessExclusive, r.name())
	default:
		j.lock(share, r.name())
	}
}

// lockAsked: LOCK TABLE names its mode, or means the strongest.
func (j *judgement) lockAsked(r *reader) {
	r.accept("TABLE")
	list := r.names()
	modes := []struct {
		words []string
		mode  string
	}{
		{[]string{"ACCESS", "SHARE"}, "AccessShareLock"},
		{[]string{"ROW", "SHARE"}, "RowShareLock"},
		{[]string{"ROW", "EXCLUSIVE"}, rowExclusive},
		{[]string{"SHARE", "UPDATE", "EXCLUSIVE"}, shareUpdateExclusive},
		{[]string{"SHARE", "ROW", "EXCLUSIVE"}, shareRowExclusive},
		{[]string{"SHARE"}, share},
		{[]string{"EXCLUSIVE"}, exclusive},
	}
	mode := accessExclusive
	if r.accept("IN") {
		for _, m := range modes {
			if r.accept(append(m.words, "MODE")...) {
				mode = m.mode
			}
		}
	}
	j.takeAll(mode, list)
}
