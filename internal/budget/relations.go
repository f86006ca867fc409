package budget

import (
	"slices"

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

// Figures finds a relation in a survey; nil when it was not there.
func Figures(s plans.Survey, relation string) *plans.RelationFigures {
	for i := range s.Relations {
		if s.Relations[i].Relation == relation {
			return &s.Relations[i]
		}
	}
	return nil
}

// load is how much a statement reads or writes: of all its relations together,
// and the names of those that were not there.
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
