package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// unit is the smallest piece that has a class: a statement, or one action of
// an ALTER TABLE that has several.
type unit struct {
	pgsyntax.Statement
	of int // the statement that it is a part of
	// whole is true when it is that statement.
	whole bool
	ruling
}

// cut takes statements apart.
func cut(list []pgsyntax.Statement) []unit {
	var units []unit
	for i, st := range list {
		alter := st.Tree.GetAlterTableStmt()
		if len(alter.GetCmds()) < 2 {
			units = append(units, unit{Statement: st, of: i, whole: true})
			continue
		}
		for _, c := range alter.GetCmds() {
			one := &pg.AlterTableStmt{Relation: alter.GetRelation(), Cmds: []*pg.Node{c}, Objtype: alter.GetObjtype(), MissingOk: alter.GetMissingOk()}
			part := st
			part.Tree = &pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: one}}
			units = append(units, unit{Statement: part, of: i})
		}
	}
	return units
}

func unitsOf(units []unit, statement int) []unit {
	from := 0
	for from < len(units) && units[from].of < statement {
		from++
	}
	to := from
	for to < len(units) && units[to].of == statement {
		to++
	}
	return units[from:to]
}

// text is the unit as SQL, empty when it cannot be written.
func (u unit) text() string {
	if u.whole {
		return u.Text
	}
	text, err := pgsyntax.Deparse(u.Tree)
	if err != nil {
		return ""
	}
	return text
}
