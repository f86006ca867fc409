package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// together meets the rules about statements of one transaction that need to
// know all of them.
func (f *fileview) together() {
	begin := 0
	for i, l := range f.looked {
		if l.ends() {
			f.within(f.looked[begin:i])
			begin = i + 1
		}
	}
	f.within(f.looked[begin:])
}

// within looks at the statements of one transaction.
func (f *fileview) within(list []look) {
	altered := map[pgschema.Name]bool{}
	var held []string
	for i, l := range list {
		f.lockStatement(l, list[i+1:])
		f.wide(l, &held)
		table := pgschema.NameOf(l.Tree.GetAlterTableStmt().GetRelation())
		if l.Tree.GetAlterTableStmt().GetObjtype() == pg.ObjectType_OBJECT_TABLE && l.old(table) {
			if altered[table] {
				f.report(l, hit{"multiple-alter-table", pgrule.Names{Table: table.String(), Whole: "-- as one more part of the statement before it, with a comma between\n"}})
			}
			altered[table] = true
		}
	}
}

// wide: locks on several tables add up. One statement that needs two has no
// other form, and what LOCK TABLE has ordered cannot deadlock.
func (f *fileview) wide(l look, held *[]string) {
	var mine []string
	for _, k := range l.effect.Locks {
		if blocking(k.Mode) && f.linter.schema.Indexes[pgschema.NameOfParts([]string{k.Relation})] == nil {
			mine = append(mine, k.Relation)
		}
	}
	added := slices.ContainsFunc(mine, func(relation string) bool { return !slices.Contains(*held, relation) })
	if len(*held) > 0 && added {
		f.report(l, hit{"wide-lock-window", pgrule.Names{Name: mine[0]}})
	}
	*held = append(*held, mine...)
}

// lockStatement: LOCK TABLE is right where statements behind it take as much on
// the same tables; it orders them then.
func (f *fileview) lockStatement(l look, behind []look) {
	s := l.Tree.GetLockStmt()
	if s == nil {
		return
	}
	for _, n := range s.GetRelations() {
		relation := pgschema.NameOf(n.GetRangeVar())
		k := slices.IndexFunc(l.effect.Locks, func(k plans.Lock) bool { return k.Relation == relation.String() })
		if k < 0 || !blocking(l.effect.Locks[k].Mode) {
			continue
		}
		ordered := slices.ContainsFunc(behind, func(b look) bool {
			return slices.ContainsFunc(b.effect.Locks, func(taken plans.Lock) bool { return taken.Relation == relation.String() && blocking(taken.Mode) })
		})
		if !ordered {
			f.report(l, hit{"lock-table", pgrule.Names{Table: relation.String()}})
		}
	}
}

// unindexed meets foreign keys of the file without an index that finds their
// rows, by the schema that the file leads to.
func (f *fileview) unindexed() {
	for _, l := range f.looked {
		a, c := l.Tree.GetAlterTableStmt(), l.Tree.GetCreateStmt()
		table := pgschema.NameOf(a.GetRelation())
		if c != nil {
			table = pgschema.NameOf(c.GetRelation())
		}
		t := f.linter.schema.Tables[table]
		if t == nil || a == nil && c == nil {
			continue
		}
		for _, columns := range referring(l.Tree) {
			if len(columns) > 0 && !f.finds(table, columns) {
				name := named(table, columns, "idx")
				f.report(l, hit{"fk-without-index", pgrule.Names{Table: table.String(), Column: spelled(columns), Name: name}})
			}
		}
	}
}

// referring are the columns of each foreign key that a statement makes.
func referring(tree *pg.Node) (all [][]string) {
	ofColumn := func(d *pg.ColumnDef) {
		if constraintOf(d, pg.ConstrType_CONSTR_FOREIGN) != nil {
			all = append(all, []string{d.GetColname()})
		}
	}
	ofTable := func(k *pg.Constraint) {
		if k.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
			all = append(all, keyColumns(k))
		}
	}
	for _, e := range tree.GetCreateStmt().GetTableElts() {
		ofColumn(e.GetColumnDef())
		ofTable(e.GetConstraint())
	}
	for _, n := range tree.GetAlterTableStmt().GetCmds() {
		ofColumn(n.GetAlterTableCmd().GetDef().GetColumnDef())
		ofTable(n.GetAlterTableCmd().GetDef().GetConstraint())
	}
	return all
}

// finds reports whether an index begins with the columns, in any order.
func (f *fileview) finds(table pgschema.Name, columns []string) bool {
	return slices.ContainsFunc(f.linter.schema.IndexesOf(table), func(i *pgschema.Index) bool {
		if len(i.Parts) < len(columns) || i.Where != nil {
			return false
		}
		for _, p := range i.Parts[:len(columns)] {
			if !slices.Contains(columns, p.Column) {
				return false
			}
		}
		return true
	})
}
