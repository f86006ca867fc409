package database

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// locks are those that the plan knows of one direction, one of a kind.
func (t *task) locks(direction string) []plans.Lock {
	if direction == Down {
		return t.request.Step.Rollback.Locks
	}
	var list []plans.Lock
	for _, s := range t.request.Step.Statements {
		for _, l := range s.Locks {
			if !slices.Contains(list, l) {
				list = append(list, l)
			}
		}
	}
	return list
}

// locksOf are the file's locks that the i-th statement can take: it names the
// relation.
func (w Work) locksOf(i int) []plans.Lock {
	var list []plans.Lock
	for _, l := range w.Locks {
		if names(w.Statements[i], l.Relation) {
			list = append(list, l)
		}
	}
	return list
}

func names(statement sqlscan.Statement, relation string) bool {
	wanted := sqlscan.Names(relation)
	return len(wanted) > 0 && slices.ContainsFunc(statement.Tokens(), func(t sqlscan.Token) bool {
		return t.Name() == wanted[len(wanted)-1]
	})
}
