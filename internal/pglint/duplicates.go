package pglint

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// twice meets a column that a statement names twice, or adds to a table that
// has it: the server refuses either.
func twice(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return once(n.CreateStmt.GetRelation(), defined(n.CreateStmt.GetTableElts()))
	case *pg.Node_InsertStmt:
		return once(n.InsertStmt.GetRelation(), targets(n.InsertStmt.GetCols()))
	case *pg.Node_UpdateStmt:
		return once(n.UpdateStmt.GetRelation(), targets(n.UpdateStmt.GetTargetList()))
	case *pg.Node_AlterTableStmt:
		return l.addedTwice(n.AlterTableStmt)
	}
	return nil
}

func defined(elements []*pg.Node) (names []string) {
	for _, e := range elements {
		if d := e.GetColumnDef(); d != nil {
			names = append(names, d.GetColname())
		}
	}
	return names
}

// targets leaves out parts of a column: a[1] and a[2] may both get a value.
func targets(list []*pg.Node) (names []string) {
	for _, t := range list {
		if r := t.GetResTarget(); len(r.GetIndirection()) == 0 {
			names = append(names, r.GetName())
		}
	}
	return names
}

func once(relation *pg.RangeVar, names []string) []hit {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return duplicate(relation, name, "-- each column once; "+sqlscan.Identifier(name)+" stands there twice\n")
		}
		seen[name] = true
	}
	return nil
}

func duplicate(relation *pg.RangeVar, column, instead string) []hit {
	return []hit{{"duplicate-column", pgrule.Names{Table: pgschema.NameOf(relation).String(), Column: sqlscan.Identifier(column), Whole: instead}}}
}

// addedTwice only trusts a schema of which everything was understood.
func (l look) addedTwice(a *pg.AlterTableStmt) []hit {
	var names []string
	t := l.schema.Tables[pgschema.NameOf(a.GetRelation())]
	for _, n := range a.GetCmds() {
		c := n.GetAlterTableCmd()
		if c.GetSubtype() == pg.AlterTableType_AT_DropColumn {
			return nil // which may make room
		}
		if c.GetSubtype() != pg.AlterTableType_AT_AddColumn || c.GetMissingOk() {
			continue
		}
		d := c.GetDef().GetColumnDef()
		if t != nil && len(l.schema.Unsure) == 0 && t.Column(d.GetColname()) != nil {
			return duplicate(a.GetRelation(), d.GetColname(),
				lines("-- if it may be there already:", "ALTER TABLE "+sql(t.Name)+" ADD COLUMN IF NOT EXISTS "+quotedPart(d.GetColname())+" "+l.schema.TypeOf(d.GetTypeName()).String()))
		}
		names = append(names, d.GetColname())
	}
	return once(a.GetRelation(), names)
}
