package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// statementIndex finds the statement that a line belongs to.
type statementIndex map[string][]plans.Statement

func newStatementIndex(all []plans.Statement) statementIndex {
	index := statementIndex{}
	for i := range all {
		index[all[i].File] = append(index[all[i].File], all[i])
	}
	for _, list := range index {
		slices.SortStableFunc(list, func(a, b plans.Statement) int { return cmp.Compare(a.Line, b.Line) })
	}
	return index
}

// find returns the last statement that begins at or above the line and reaches
// down to it; nil for a finding about the file as a whole.
func (x statementIndex) find(file string, line int) *plans.Statement {
	list := x[file]
	for i := len(list) - 1; i >= 0 && line > 0; i-- {
		s := &list[i]
		if s.Line <= line {
			if line > s.Line+strings.Count(s.SQL, "\n") {
				return nil
			}
			return s
		}
	}
	return nil
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
