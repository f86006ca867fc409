package measure

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// needs puts into the world what the statements of the files name and do not
// make. Statements that cannot be parsed need what the server says they lack.
func needs(w *world, files [][]pgsyntax.Statement) {
	for _, list := range files {
		for _, st := range list {
			if st.Tree == nil {
				continue
			}
			one := need{world: w, list: list}
			one.object(st.Tree)
			one.named(st.Tree)
			one.makes(st.Tree)
		}
	}
}

// need is what one statement needs.
type need struct {
	*world
	list []pgsyntax.Statement // the file's
}

// named adds every relation that the statement names anywhere, and gives each
// all columns that are named, but for the other side of a foreign key.
func (n need) named(tree *pg.Node) {
	var tables []pgschema.Name
	hidden, other := map[string]bool{}, map[*pg.RangeVar]bool{}
	pgsyntax.Walk(tree, func(m proto.Message) {
		switch m := m.(type) {
		case *pg.CommonTableExpr:
			hidden[m.GetCtename()] = true
		case *pg.Constraint:
			if m.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
				other[m.GetPktable()] = true
				n.referenced(m)
			}
		}
	})
	pgsyntax.Walk(tree, func(m proto.Message) {
		r, is := m.(*pg.RangeVar)
		if !is || r.GetRelname() == "" || other[r] || hidden[r.GetRelname()] && r.GetSchemaname() == "" || r.GetSchemaname() == "pg_catalog" {
			return
		}
		if name := pgschema.NameOf(r); n.plain(tree, r) && n.relation(name) != nil {
			tables = append(tables, name)
		}
	})
	for _, c := range columns(tree) {
		for _, t := range tables {
			n.column(t, c, "")
		}
	}
}

// plain reports whether a name stands for a relation that may have columns:
// not for an index, a sequence or what the statement makes.
func (n need) plain(tree *pg.Node, r *pg.RangeVar) bool {
	switch x := tree.GetNode().(type) {
	case *pg.Node_AlterTableStmt:
		k := x.AlterTableStmt.GetObjtype()
		return r != x.AlterTableStmt.GetRelation() || k == pg.ObjectType_OBJECT_TABLE
	case *pg.Node_RenameStmt:
		k := x.RenameStmt.GetRenameType()
		return k != pg.ObjectType_OBJECT_INDEX && k != pg.ObjectType_OBJECT_SEQUENCE
	case *pg.Node_ReindexStmt:
		return x.ReindexStmt.GetKind() == pg.ReindexObjectType_REINDEX_OBJECT_TABLE
	case *pg.Node_AlterSeqStmt, *pg.Node_CreateSeqStmt, *pg.Node_CompositeTypeStmt:
		return false
	case *pg.Node_CreateStmt:
		return r != x.CreateStmt.GetRelation()
	case *pg.Node_ViewStmt:
		return r != x.ViewStmt.GetView()
	case *pg.Node_CreateTableAsStmt:
		return r != x.CreateTableAsStmt.GetInto().GetRel()
	case *pg.Node_CreateForeignTableStmt:
		return false
	case *pg.Node_SelectStmt:
		return r != x.SelectStmt.GetIntoClause().GetRel()
	}
	return true
}

// referenced makes the other side of a foreign key, which must be unique.
func (n need) referenced(c *pg.Constraint) {
	table := pgschema.NameOf(c.GetPktable())
	if n.relation(table) == nil {
		return
	}
	keys := words(c.GetPkAttrs())
	if len(keys) == 0 {
		keys = []string{"id"}
	}
	for _, k := range keys {
		n.column(table, k, "")
	}
	n.after("ALTER TABLE %s ADD PRIMARY KEY (%s)", table, list(keys))
}

// columns are the names of columns that the statement speaks of and does not
// make.
func columns(tree *pg.Node) []string {
	var found []string
	pgsyntax.Walk(tree, func(m proto.Message) {
		switch m := m.(type) {
		case *pg.ColumnRef:
			if fields := m.GetFields(); len(fields) > 0 {
				found = append(found, fields[len(fields)-1].GetString_().GetSval())
			}
		case *pg.IndexElem:
			found = append(found, m.GetName())
		case *pg.Constraint:
			found = append(append(append(found, words(m.GetKeys())...), words(m.GetFkAttrs())...), words(m.GetIncluding())...)
		case *pg.AlterTableCmd:
			if ofColumn(m.GetSubtype()) {
				found = append(found, m.GetName())
			}
		case *pg.InsertStmt:
			found = append(found, targets(m.GetCols())...)
		case *pg.UpdateStmt:
			found = append(found, targets(m.GetTargetList())...)
		case *pg.MergeWhenClause:
			found = append(found, targets(m.GetTargetList())...)
		case *pg.OnConflictClause:
			found = append(found, targets(m.GetTargetList())...)
		}
	})
	return found
}

// ofColumn: the subcommands whose name is a column's that must be there.
func ofColumn(k pg.AlterTableType) bool {
	switch k {
	case pg.AlterTableType_AT_ColumnDefault, pg.AlterTableType_AT_DropNotNull, pg.AlterTableType_AT_SetNotNull,
		pg.AlterTableType_AT_AlterColumnType, pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_SetStorage,
		pg.AlterTableType_AT_SetCompression, pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_SetOptions,
		pg.AlterTableType_AT_ResetOptions, pg.AlterTableType_AT_AddIdentity, pg.AlterTableType_AT_SetExpression:
		return true
	}
	return false
}

func targets(list []*pg.Node) []string {
	var found []string
	for _, t := range list {
		found = append(found, t.GetResTarget().GetName())
	}
	return found
}

func words(list []*pg.Node) []string {
	var found []string
	for _, w := range list {
		found = append(found, w.GetString_().GetSval())
	}
	return found
}

func list(names []string) string {
	text := ""
	for i, n := range names {
		if i > 0 {
			text += ", "
		}
		text += ident(n)
	}
	return text
}

// makes notes what the statement itself makes.
func (n need) makes(tree *pg.Node) {
	switch x := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		n.made[pgschema.NameOf(x.CreateStmt.GetRelation())] = true
	case *pg.Node_CreateForeignTableStmt:
		n.made[pgschema.NameOf(x.CreateForeignTableStmt.GetBaseStmt().GetRelation())] = true
	case *pg.Node_ViewStmt:
		n.made[pgschema.NameOf(x.ViewStmt.GetView())] = true
	case *pg.Node_CreateTableAsStmt:
		n.made[pgschema.NameOf(x.CreateTableAsStmt.GetInto().GetRel())] = true
	case *pg.Node_CreateSeqStmt:
		n.made[pgschema.NameOf(x.CreateSeqStmt.GetSequence())] = true
	case *pg.Node_SelectStmt:
		if into := x.SelectStmt.GetIntoClause(); into != nil {
			n.made[pgschema.NameOf(into.GetRel())] = true
		}
	case *pg.Node_IndexStmt:
		n.made[pgschema.Name{Schema: pgschema.NameOf(x.IndexStmt.GetRelation()).Schema, Local: x.IndexStmt.GetIdxname()}] = true
	case *pg.Node_CreateEnumStmt:
		n.made[pgschema.NameOfParts(words(x.CreateEnumStmt.GetTypeName()))] = true
	case *pg.Node_CreateDomainStmt:
		n.made[pgschema.NameOfParts(words(x.CreateDomainStmt.GetDomainname()))] = true
	case *pg.Node_RenameStmt:
		n.renames(x.RenameStmt)
	case *pg.Node_AlterTableStmt:
		n.adds(x.AlterTableStmt)
	}
}

func (n need) renames(r *pg.RenameStmt) {
	old := pgschema.NameOf(r.GetRelation())
	if r.GetRenameType() == pg.ObjectType_OBJECT_COLUMN {
		n.added[old.String()+"."+r.GetNewname()] = true
		return
	}
	n.made[pgschema.Name{Schema: old.Schema, Local: r.GetNewname()}] = true
}

func (n need) adds(a *pg.AlterTableStmt) {
	table := pgschema.NameOf(a.GetRelation())
	for _, c := range a.GetCmds() {
		def := c.GetAlterTableCmd().GetDef()
		if name := def.GetColumnDef().GetColname(); name != "" && c.GetAlterTableCmd().GetSubtype() == pg.AlterTableType_AT_AddColumn {
			n.added[table.String()+"."+name] = true
		}
		if name := def.GetConstraint().GetConname(); name != "" {
			n.made[pgschema.Name{Schema: table.String(), Local: name}] = true
		}
	}
}
