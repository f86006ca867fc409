package pgschema

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// SearchPath is where names without a schema are looked up while one file runs.
// The zero value is PostgreSQL's own: public.
//
// Source: https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH.
type SearchPath struct{ schemas []string }

// Follow returns a statement with its relations, types and functions named in
// full, as the path has it. set is true for a statement that does nothing but
// set the path: the schema need not hear of it.
func (p *SearchPath) Follow(s *Schema, st pgsyntax.Statement) (resolved pgsyntax.Statement, set bool) {
	if v := st.Tree.GetVariableSetStmt(); v.GetName() == "search_path" {
		p.schemas = nil
		for _, a := range v.GetArgs() {
			p.schemas = append(p.schemas, a.GetAConst().GetSval().GetSval())
		}
		return st, true
	}
	if len(p.schemas) == 0 || p.schemas[0] == Public || st.Tree == nil {
		return st, false
	}
	st.Tree, _ = proto.Clone(st.Tree).(*pg.Node)
	if made := madeBy(st.Tree); made != nil && made.GetSchemaname() == "" && made.GetRelpersistence() != "t" {
		made.Schemaname = p.schemas[0]
	}
	Walk(st.Tree, func(m proto.Message) {
		if r, is := m.(*pg.RangeVar); is && r.GetSchemaname() == "" && r.GetRelpersistence() != "t" {
			r.Schemaname = p.schemaOf(s, r.GetRelname())
		}
	})
	p.resolveParts(s, st.Tree)
	return st, false
}

// madeBy is the relation that a statement makes, which goes to the path's first
// schema; nil for another statement.
func madeBy(tree *pg.Node) *pg.RangeVar {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return n.CreateStmt.GetRelation()
	case *pg.Node_CreateTableAsStmt:
		return n.CreateTableAsStmt.GetInto().GetRel()
	case *pg.Node_ViewStmt:
		return n.ViewStmt.GetView()
	case *pg.Node_CreateSeqStmt:
		return n.CreateSeqStmt.GetSequence()
	case *pg.Node_CompositeTypeStmt:
		return n.CompositeTypeStmt.GetTypevar()
	}
	return nil
}

// schemaOf is the first schema of the path that has a relation or type of that
// name, or the first of all, where a new one is made.
func (p *SearchPath) schemaOf(s *Schema, local string) string {
	for _, schema := range p.schemas {
		if n := (Name{schema, local}); s.Has(n) || s.Types[n] != nil || s.Functions[n] != nil {
			return schema
		}
	}
	return p.schemas[0]
}

// resolveParts names those objects in full whose names the grammar keeps as
// lists.
func (p *SearchPath) resolveParts(s *Schema, tree *pg.Node) {
	full := func(parts []*pg.Node) []*pg.Node {
		if len(parts) != 1 {
			return parts
		}
		return append([]*pg.Node{pg.MakeStrNode(p.schemaOf(s, parts[0].GetString_().GetSval()))}, parts...)
	}
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateFunctionStmt:
		n.CreateFunctionStmt.Funcname = full(n.CreateFunctionStmt.GetFuncname())
	case *pg.Node_CreateEnumStmt:
		n.CreateEnumStmt.TypeName = full(n.CreateEnumStmt.GetTypeName())
	case *pg.Node_CreateDomainStmt:
		n.CreateDomainStmt.Domainname = full(n.CreateDomainStmt.GetDomainname())
	case *pg.Node_AlterEnumStmt:
		n.AlterEnumStmt.TypeName = full(n.AlterEnumStmt.GetTypeName())
	case *pg.Node_AlterDomainStmt:
		n.AlterDomainStmt.TypeName = full(n.AlterDomainStmt.GetTypeName())
	case *pg.Node_CreateTrigStmt:
		n.CreateTrigStmt.Funcname = full(n.CreateTrigStmt.GetFuncname())
	case *pg.Node_DropStmt:
		p.resolveDropped(n.DropStmt, full)
	}
}

func (p *SearchPath) resolveDropped(d *pg.DropStmt, full func([]*pg.Node) []*pg.Node) {
	switch d.GetRemoveType() {
	case pg.ObjectType_OBJECT_SCHEMA, pg.ObjectType_OBJECT_EXTENSION, pg.ObjectType_OBJECT_PUBLICATION:
		return
	}
	for _, o := range d.GetObjects() {
		if list := o.GetList(); list != nil && len(list.GetItems()) == 1 {
			list.Items = full(list.GetItems())
		}
		if t := o.GetTypeName(); t != nil {
			t.Names = full(t.GetNames())
		}
		if f := o.GetObjectWithArgs(); f != nil {
			f.Objname = full(f.GetObjname())
		}
	}
}
