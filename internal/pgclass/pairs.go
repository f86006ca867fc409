package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// pair corrects the rulings of units that mean something else together. after
// knows the schema behind them.
func pair(units []unit, after judging) {
	if len(units) < 2 {
		return
	}
	after.keptAsView(units)
	switchedBack(units)
	after.swapped(units)
	after.numberedAgain(units)
	after.madeAgain(units)
	after.enumsAgain(units)
	after.defaultsAgain(units)
}

// keptAsView finds relations that are renamed or moved and leave a view with
// all released columns under their old name: running code notices nothing.
func (j judging) keptAsView(units []unit) {
	for i := range units {
		old, now, is := renamedRelation(units[i].Tree)
		if !is || units[i].Class != plans.ClassSplit {
			continue
		}
		for v := i + 1; v < len(units); v++ {
			if !j.standsIn(units[v], old, now) {
				continue
			}
			units[i].ruling = expand(units[i].act, "renames %s to %s, and line %d leaves a view under the old name", old, now, units[v].Line).
				back(units[i].reverse(old, now))
			units[v].ruling = expand(units[v].act, "keeps %s for running code as a view", old).back("DROP VIEW " + sqlName(old))
			renamesBehind(units, old, now)
			break
		}
		takenAgain(units[i:], old)
	}
}

// takenAgain leaves no files to copy to a rename whose old name something else
// gets: they would make a view of that name.
func takenAgain(units []unit, old pgschema.Name) {
	u := &units[0]
	for _, v := range units[1:] {
		if u.Class == "split" && slices.Contains(makesNames(v.Tree), relationName(old)) {
			u.ruling = ask(u.act, "%s, and line %d gives its name to what does not have all of it: let the view have every column of %s that running code reads", u.Reason, v.Line, old)
		}
	}
}

// reverse is the RENAME or SET SCHEMA back, of a table.
func (u unit) reverse(old, now pgschema.Name) string {
	if u.Tree.GetRenameStmt().GetRenameType() == pg.ObjectType_OBJECT_TABLE {
		return "ALTER TABLE " + sqlName(now) + " RENAME TO " + ident(old.Local)
	}
	if u.Tree.GetAlterObjectSchemaStmt().GetObjectType() == pg.ObjectType_OBJECT_TABLE {
		return "ALTER TABLE " + sqlName(now) + " SET SCHEMA " + ident(old.Schema)
	}
	return ""
}

// renamedRelation is the old and the new name of a table or view.
func renamedRelation(tree *pg.Node) (old, now pgschema.Name, is bool) {
	if m := tree.GetAlterObjectSchemaStmt(); m.GetRelation() != nil {
		old = pgschema.NameOf(m.GetRelation())
		return old, pgschema.Name{Schema: m.GetNewschema(), Local: old.Local}, true
	}
	r := tree.GetRenameStmt()
	switch r.GetRenameType() {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		old = pgschema.NameOf(r.GetRelation())
		return old, pgschema.Name{Schema: old.Schema, Local: r.GetNewname()}, true
	}
	return old, now, false
}

// standsIn reports whether a unit makes a view that has everything that
// running code reads of a relation, under its old name.
func (j judging) standsIn(u unit, old, now pgschema.Name) bool {
	v := u.Tree.GetViewStmt()
	if v == nil || pgschema.NameOf(v.GetView()) != old || !slices.Contains(pgschema.MentionsOf(v.GetQuery()).Relations, now) {
		return false
	}
	was := j.released.Tables[old]
	if was == nil {
		return slices.Contains(u.outputs, everything)
	}
	return len(was.Columns) > 0 && !slices.ContainsFunc(was.Columns, func(c *pgschema.Column) bool { return !slices.Contains(u.outputs, c.Name) })
}

// renamesBehind are columns that get other names behind the view.
func renamesBehind(units []unit, old, now pgschema.Name) {
	for i := range units {
		r := units[i].Tree.GetRenameStmt()
		of := pgschema.NameOf(r.GetRelation())
		if r.GetRenameType() == pg.ObjectType_OBJECT_COLUMN && (of == old || of == now) && (units[i].Class == plans.ClassSplit || units[i].Class == plans.ClassAsk) {
			units[i].ruling = expand(units[i].act, "renames %s behind the view %s, which keeps the old name for running code", quotedPart(r.GetSubname()), old).
				back("ALTER TABLE " + sqlName(now) + " RENAME COLUMN " + ident(r.GetNewname()) + " TO " + ident(r.GetSubname()))
		}
	}
}

// switchedBack finds triggers that are turned off and on again: the lock that
// the first takes keeps writes of running code away until the end.
func switchedBack(units []unit) {
	for i := range units {
		table, off, name := triggerSwitch(units[i].Tree)
		if table == (pgschema.Name{}) || !off {
			continue
		}
		for k := i + 1; k < len(units); k++ {
			if t, off, n := triggerSwitch(units[k].Tree); t == table && !off && n == name {
				units[i].ruling = neutral(units[i].act, "turns triggers of %s off until line %d turns them on again", table, units[k].Line)
				units[k].ruling = neutral(units[k].act, "turns triggers of %s on again", table)
				break
			}
		}
	}
}

// triggerSwitch is which triggers of which table a unit turns off or on; the
// table is zero for another unit.
func triggerSwitch(tree *pg.Node) (table pgschema.Name, off bool, name string) {
	a := tree.GetAlterTableStmt()
	if len(a.GetCmds()) != 1 {
		return table, false, ""
	}
	c := a.GetCmds()[0].GetAlterTableCmd()
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_DisableTrig, pg.AlterTableType_AT_EnableTrig:
		name = c.GetName()
	case pg.AlterTableType_AT_DisableTrigAll, pg.AlterTableType_AT_EnableTrigAll:
		name = "ALL"
	case pg.AlterTableType_AT_DisableTrigUser, pg.AlterTableType_AT_EnableTrigUser:
		name = "USER"
	default:
		return table, false, ""
	}
	off = c.GetSubtype() == pg.AlterTableType_AT_DisableTrig || c.GetSubtype() == pg.AlterTableType_AT_DisableTrigAll ||
		c.GetSubtype() == pg.AlterTableType_AT_DisableTrigUser
	return pgschema.NameOf(a.GetRelation()), off, name
}

// stagesOf says that a constraint is added without reading the table and then
// validated in one transaction, which keeps the first lock over the scan; it
// is empty when that is not so.
func stagesOf(units []unit) (reason string) {
	for i, u := range units {
		key := altered(u.Tree, pg.AlterTableType_AT_AddColumn, pg.AlterTableType_AT_AddConstraint)
		if u.Class != "contract" || len(key) == 0 {
			continue
		}
		for _, v := range units[i+1:] {
			if validates(v.Tree) && slices.Equal(key, altered(v.Tree, pg.AlterTableType_AT_AddColumn, pg.AlterTableType_AT_ValidateConstraint)) {
				return lineReason(u, "%s; line %d validates it, and in one transaction the first lock is held over the scan", u.Reason, v.Line)
			}
		}
	}
	return ""
}
