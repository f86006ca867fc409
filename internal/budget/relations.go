package budget

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Relations are those whose figures an estimate of the statements asks for,
// sorted, one of a name.
func Relations(statements []plans.Statement) []string {
	var names []string
	for _, st := range statements {
		for _, l := range st.Locks {
			names = append(names, l.Relation)
		}
		names = append(append(names, st.Rewrites...), st.Scans...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Figures finds a relation in a survey; nil when it has no figures of it. A
// rehearsal names schemas where the statement left it to the search_path: a
// name without a schema stands for the only one of that name.
func Figures(s plans.Survey, relation string) *plans.RelationFigures {
	var alike []int
	for i := range s.Relations {
		if s.Relations[i].Relation == relation {
			return &s.Relations[i]
		}
		if same(s.Relations[i].Relation, relation) {
			alike = append(alike, i)
		}
	}
	if len(alike) != 1 {
		return nil
	}
	return &s.Relations[alike[0]]
}

// same reports whether two names may be one relation's: they are equal where
// both name a schema.
func same(a, b string) bool {
	if a == b {
		return true
	}
	left, right := sqlscan.Names(a), sqlscan.Names(b)
	if len(left) == 0 || len(right) == 0 || len(left) == len(right) {
		return slices.Equal(left, right) && len(left) > 0
	}
	return left[len(left)-1] == right[len(right)-1]
}

// load is how much a statement reads or writes: of all its relations together,
// and the names of those without figures.
type load struct {
	bytes, indexBytes int64
	rows              int64 // -1: nobody has counted
	known             int
	missing           []string
}

// loadOf adds up relations. Indexes count with their table where both are
// named.
func loadOf(s plans.Survey, relations []string) load {
	var l load
	tables := slices.ContainsFunc(relations, func(name string) bool {
		f := Figures(s, name)
		return f != nil && !isIndex(f)
	})
	for _, name := range relations {
		f := Figures(s, name)
		switch {
		case f == nil:
			l.missing = append(l.missing, name)
		case tables && isIndex(f):
		default:
			l.known++
			l.bytes, l.indexBytes = l.bytes+f.Bytes, l.indexBytes+f.IndexBytes
			if f.Rows < 0 {
				l.rows = -1
			} else if l.rows >= 0 {
				l.rows += f.Rows
			}
		}
	}
	return l
}

func isIndex(f *plans.RelationFigures) bool { return f.Bytes == 0 && f.IndexBytes > 0 }

// count is a range of the number of rows. Where nobody has counted, rows have
// between 30 bytes, the least with a header, and 2,000, about the most that is
// kept outside of TOAST.
// Source: PostgreSQL documentation, "Database Page Layout" and "TOAST".
func (l load) count() (low, high float64) {
	if l.rows >= 0 {
		return float64(l.rows), float64(l.rows)
	}
	return float64(l.bytes) / 2000, float64(l.bytes) / 30
}
