package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// statementIndex finds the statement that a line belongs to.
type statementIndex map[string][]*plans.Statement

func newStatementIndex(all []plans.Statement) statementIndex {
	index := statementIndex{}
	for i := range all {
		index[all[i].File] = append(index[all[i].File], &all[i])
	}
	for _, list := range index {
		slices.SortStableFunc(list, func(a, b *plans.Statement) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
	}
	return index
}

// find returns the last statement that begins at or before the finding and
// reaches down to its line; nil for a finding about the file as a whole. A
// finding without a column is of the first statement in its line.
func (x statementIndex) find(f plans.Finding) *plans.Statement {
	var first *plans.Statement
	for _, s := range slices.Backward(x[f.File]) {
		switch {
		case f.Line <= 0 || s.Line > f.Line:
		case s.Line == f.Line && f.Column == 0:
			first = s
		case s.Line == f.Line && s.Column > f.Column:
		case first != nil:
			return first
		case f.Line > s.Line+strings.Count(s.SQL, "\n"):
			return nil
		default:
			return s
		}
	}
	return first
}

// effects says in words what a statement keeps others from, and how that is
// known: "AccessExclusiveLock on orders; rewrites orders (rule)".
func effects(s *plans.Statement) string {
	if s == nil {
		return ""
	}
	var parts []string
	for _, l := range s.Locks {
		where := l.Relation
		if l.Only {
			where = "only " + where
		}
		parts = append(parts, fmt.Sprintf("%s on %s", l.Mode, where))
	}
	if len(s.Rewrites) > 0 {
		parts = append(parts, "rewrites "+strings.Join(s.Rewrites, ", "))
	}
	if len(s.Scans) > 0 {
		parts = append(parts, "reads all of "+strings.Join(s.Scans, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	words := strings.Join(parts, "; ")
	if s.Source != "" {
		words += " (" + s.Source + ")"
	}
	return words
}
