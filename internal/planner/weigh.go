package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// weigh puts what was measured in the place of what the rules say.
func (j judge) weigh(m *migration) {
	if j.postgres == nil {
		return
	}
	m.verdict.Statements = j.measured(m)
	weighLosses(&m.verdict, m.evidence.Rehearsal)
	weighClass(&m.verdict, *m.evidence)
}

// unseen reports whether something of the statement could not be measured:
// the rehearsal says so as "FILE:LINE: what and why".
func unseen(r plans.Rehearsal, s plans.Statement) bool {
	place := fmt.Sprintf("%s:%d: ", s.File, s.Line)
	return slices.ContainsFunc(r.Unseen, func(text string) bool { return strings.HasPrefix(text, place) })
}

// both adds to what was measured what the rule knows beyond it. Where that is
// anything, the figures are no more than the rule's.
func both(measured, ruled plans.Statement) plans.Statement {
	for _, l := range ruled.Locks {
		if !slices.ContainsFunc(measured.Locks, func(have plans.Lock) bool { return have.Relation == l.Relation }) {
			measured.Locks = append(measured.Locks, l)
			measured.Source = ruled.Source
		}
	}
	add := func(list *[]string, names []string) {
		for _, n := range names {
			if !slices.Contains(*list, n) {
				*list = append(*list, n)
				measured.Source = ruled.Source
			}
		}
	}
	add(&measured.Rewrites, ruled.Rewrites)
	add(&measured.Scans, ruled.Scans)
	return measured
}

// weighClass lets the statements that the application runs decide. What the
// author says counts more, and data that is lost is lost whoever reads it.
func weighClass(v *sqlcheck.Verdict, e Evidence) {
	q, r := e.Queries, e.Rehearsal
	if q == nil || v.Said {
		return
	}
	switch v.Class {
	case plans.ClassExpand, plans.ClassData, plans.ClassNeutral:
		if b, n := firstBreak(q.Breaks); n > 0 {
			v.Class = plans.ClassContract
			v.Reason = fmt.Sprintf("by evidence: %s (%s)%s; the rules alone say %s", b.Summary, b.Where, andMore(n-1), v.Reason)
		}
	case plans.ClassContract:
		if !q.ExpandSafe || q.Tried == 0 || len(v.Loses) > 0 || !onlyReadBy(v.Statements) {
			return
		}
		if why := undecided(q, r); why != "" {
			v.Reason += fmt.Sprintf("; %s, which decides nothing: %s", safeWords(q), why)
			return
		}
		v.Class = plans.ClassExpand
		v.Reason = fmt.Sprintf("rule says contract: %s; by evidence expand: %s", v.Reason, safeWords(q))
	}
}

// undecided says why it does not follow from statements that work before and
// after a file that nothing uses what it drops; "" when it does: everything that
// ran for long was seen, and nothing else goes with what the file names.
func undecided(q *plans.QueryEvidence, r plans.Rehearsal) string {
	switch {
	case len(q.Doubts) > 0:
		return q.Doubts[0]
	case r.Basis != "target":
		return "it was tried on the folder's schema, not on the target's own"
	case len(r.Dropped) == 0:
		return "it was not seen what it drops"
	case len(r.Naming) > 0:
		return r.Naming[0]
	}
	for _, d := range r.Dropped {
		if d.Why != "named" && d.Kind != "index" {
			return fmt.Sprintf("%s %s goes with it", d.Kind, d.Identity)
		}
	}
	return ""
}

// weighLosses: of code that nobody can read, what is gone on the throw-away
// server, or was written anew there, is lost. What goes along by CASCADE stands
// in no statement at all.
func weighLosses(v *sqlcheck.Verdict, r plans.Rehearsal) {
	for _, d := range r.Dropped {
		if d.Why == "cascade" && (d.Kind == "table" || d.Kind == "table column") {
			v.Loses = append(v.Loses, fmt.Sprintf("measured: line %d drops %s %s along, with what is in it", d.Line, d.Kind, d.Identity))
		}
	}
	if len(v.Unread) == 0 {
		return
	}
	for _, what := range r.Gone {
		v.Loses = append(v.Loses, "measured: "+what+" is gone after it")
	}
	for _, s := range v.Statements {
		for _, relation := range s.Rewrites {
			v.Loses = append(v.Loses, fmt.Sprintf("measured: line %d empties %s or writes it anew", s.Line, relation))
		}
	}
}

// onlyReadBy reports whether a file drops nothing but what statements read or
// call by name, so that preparing them tells. What rejects rows, takes rights
// away or hides rows shows when statements run, and no one runs there.
func onlyReadBy(statements []plans.Statement) bool {
	kinds := []string{"VIEW", "MATERIALIZED", "FUNCTION", "AGGREGATE"} // a procedure is called, which cannot be prepared
	return len(statements) > 0 && !slices.ContainsFunc(statements, func(s plans.Statement) bool {
		words := strings.Fields(strings.ToUpper(s.SQL))
		return len(words) < 2 || words[0] != "DROP" || !slices.Contains(kinds, words[1])
	})
}

func safeWords(q *plans.QueryEvidence) string {
	were := "were"
	if q.Tried == 1 {
		were = "was"
	}
	words := fmt.Sprintf("%s of %s %s prepared before and after, none breaks", count(q.Tried, "statement"), listed(q.From), were)
	if q.Unjudged > 0 {
		words += fmt.Sprintf(" (%d more could not be judged)", q.Unjudged)
	}
	return words
}

// firstBreak returns the first statement that needs the migration to come
// after the deployment, and how many there are.
func firstBreak(breaks []plans.QueryBreak) (first plans.QueryBreak, n int) {
	for _, b := range breaks {
		if b.Contract {
			if n == 0 {
				first = b
			}
			n++
		}
	}
	return first, n
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n)
}
