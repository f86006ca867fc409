package pgclass

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

func lineReason(u unit, reason string, values ...any) string {
	return fmt.Sprintf("line %d %s", u.Line, fmt.Sprintf(reason, values...))
}

// swapped finds a table that takes another one's place: it is made, filled from
// the old one, and renamed when that one has been dropped or renamed.
func (j judging) swapped(units []unit) {
	for i := range units {
		from, to, is := renamedRelation(units[i].Tree)
		if !is || !units[i].free || j.released.Tables[to] == nil {
			continue
		}
		gone := slices.IndexFunc(units[:i], func(u unit) bool { return takesTable(u.Tree, to) })
		if gone < 0 {
			continue
		}
		filled := slices.IndexFunc(units[:i], func(u unit) bool { return fills(u.Tree, from, to) })
		j.swap(units, swap{from: from, to: to, gone: gone, filled: filled, rename: i})
	}
}

// swap is a table that takes another one's place; the numbers are of units,
// filled is negative where no rows are copied.
type swap struct {
	from, to             pgschema.Name
	gone, filled, rename int
}

func (j judging) swap(units []unit, s swap) {
	u := &units[s.gone]
	switch {
	case !j.compatible(s):
		u.ruling = ask(u.act, "takes %s away, and line %d puts %s in its place, which is another table for running code: let %s keep its name, keep both in step by triggers, and drop the old one after the deployment", s.to, units[s.rename].Line, s.from, s.from)
	case s.filled < 0:
		u.ruling = ask(u.act, "takes %s away, and line %d puts %s in its place without its rows: copy them in the same file, behind LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", s.to, units[s.rename].Line, s.from, sqlName(s.to))
	case !slices.ContainsFunc(units[:s.filled], func(u unit) bool { return keepsWritersOut(u.Tree, s.to) }):
		u.ruling = ask(u.act, "takes %s away after line %d has copied it, and rows that running code writes between are lost: begin the file with LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE, and it is for before the deployment", s.to, units[s.filled].Line, sqlName(s.to))
	default:
		u.ruling = expand(u.act, "takes %s away, and line %d puts %s with the same columns and rows in its place", s.to, units[s.rename].Line, s.from)
		units[s.filled].ruling = expand(units[s.filled].act, "copies %s into %s", s.to, s.from)
		units[s.rename].ruling = expand(units[s.rename].act, "puts %s in the place of %s", s.from, s.to)
	}
	u.Loses, u.settled = s.filled < 0, true
}

// compatible reports whether the table has every released column of the other
// one with its type, and none more that INSERTs of running code would leave
// out wrongly.
func (j judging) compatible(s swap) bool {
	was, t := j.released.Tables[s.to], j.now.Tables[s.to]
	if j.now.Tables[s.from] != nil {
		t = j.now.Tables[s.from]
	}
	if t == nil || len(t.Columns) == 0 {
		return false
	}
	for _, c := range was.Columns {
		if k := t.Column(c.Name); k == nil || !k.Type.Equal(c.Type) {
			return false
		}
	}
	return !slices.ContainsFunc(t.Columns, func(c *pgschema.Column) bool {
		k := was.Column(c.Name)
		return c.NotNull && !j.filled(c) && (k == nil || !k.NotNull)
	})
}

func takesTable(tree *pg.Node, n pgschema.Name) bool {
	if old, _, is := renamedRelation(tree); is {
		return old == n
	}
	return slices.Contains(takesNames(tree), relationName(n))
}

func fills(tree *pg.Node, from, to pgschema.Name) bool {
	s := tree.GetInsertStmt()
	return s != nil && pgschema.NameOf(s.GetRelation()) == from && slices.Contains(pgschema.MentionsOf(s.GetSelectStmt()).Relations, to)
}

// shareMode is the weakest lock that keeps all writers out, as the grammar
// numbers them (lockdefs.h).
const shareMode = 5

func keepsWritersOut(tree *pg.Node, n pgschema.Name) bool {
	l := tree.GetLockStmt()
	return l.GetMode() >= shareMode && slices.ContainsFunc(l.GetRelations(), func(r *pg.Node) bool { return pgschema.NameOf(r.GetRangeVar()) == n })
}
