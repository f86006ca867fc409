package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// SearchPath is where names without a schema are looked up while one file runs.
// The zero value is PostgreSQL's own: public.
//
// Source: https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH.
type SearchPath struct {
	schemas []string
	// temporary are the relations that the file has made for its session.
	temporary map[string]bool
}

// Temporary is the schema of a session's temporary relations, which every
// search_path looks into first.
//
// Source: search_path in https://www.postgresql.org/docs/current/runtime-config-client.html.
const Temporary = "pg_temp"

// Follow returns a statement with its relations, types and functions named in
// full, as the path has it. set is true for a statement that does nothing but
// set the path: the schema need not hear of it.
func (p *SearchPath) Follow(s *Schema, st pgsyntax.Statement) (resolved pgsyntax.Statement, set bool) {
	if v := st.Tree.GetVariableSetStmt(); v.GetName() == "search_path" {
		p.schemas = nil
		for _, a := range v.GetArgs() {
			// "$user" is a schema that hardly any server has.
			if schema := a.GetAConst().GetSval().GetSval(); schema != "" && schema != "$user" && schema != "pg_catalog" && schema != Temporary {
				p.schemas = append(p.schemas, schema)
			}
		}
		return st, true
	}
	if st.Tree == nil {
		return st, false
	}
	temporary := isTemporary(madeBy(st.Tree))
	if !p.elsewhere() && len(p.temporary) == 0 && !temporary {
		return st, false
	}
	st.Tree, _ = proto.Clone(st.Tree).(*pg.Node)
	made := madeBy(st.Tree)
	switch {
	case temporary:
		made.Schemaname = Temporary
	case p.elsewhere() && made != nil && made.GetSchemaname() == "":
		made.Schemaname = p.schemas[0]
	case made != nil && made.GetSchemaname() == "":
		made.Schemaname = Public
	}
	p.resolveRelations(s, st.Tree)
	p.resolveParts(s, st.Tree)
	p.remember(st.Tree, made, temporary)
	return st, false
}

// elsewhere reports whether names are looked up in another schema than public.
func (p *SearchPath) elsewhere() bool {
	return slices.ContainsFunc(p.schemas, func(schema string) bool { return schema != Public })
}

func isTemporary(made *pg.RangeVar) bool {
	return made != nil && (made.GetRelpersistence() == "t" || made.GetSchemaname() == Temporary)
}

// resolveRelations leaves out what a WITH of the statement names.
func (p *SearchPath) resolveRelations(s *Schema, tree *pg.Node) {
	own := map[string]bool{}
	var found []*pg.RangeVar
	Walk(tree, func(m proto.Message) {
		switch n := m.(type) {
		case *pg.CommonTableExpr:
			own[n.GetCtename()] = true
		case *pg.RangeVar:
			found = append(found, n)
		}
	})
	for _, r := range found {
		if r.GetSchemaname() == "" && !own[r.GetRelname()] {
			r.Schemaname = p.relationIn(s, r.GetRelname())
		}
	}
}

// remember follows which temporary relations there are.
func (p *SearchPath) remember(tree *pg.Node, made *pg.RangeVar, temporary bool) {
	if temporary {
		if p.temporary == nil {
			p.temporary = map[string]bool{}
		}
		p.temporary[made.GetRelname()] = true
	}
	for _, o := range tree.GetDropStmt().GetObjects() {
		if n := NameOfParts(objectParts(o)); n.Schema == Temporary {
			delete(p.temporary, n.Local)
		}
	}
	if r := tree.GetRenameStmt(); r.GetRelation().GetSchemaname() == Temporary && r.GetSubname() == "" && p.temporary[r.GetRelation().GetRelname()] {
		delete(p.temporary, r.GetRelation().GetRelname())
		p.temporary[r.GetNewname()] = true
	}
}

// relationIn is the schema that a relation of that name is found in; empty
// for what the path says nothing of.
func (p *SearchPath) relationIn(s *Schema, local string) string {
	index := s.Indexes[Name{Temporary, local}]
	switch {
	case p.temporary[local], index != nil && p.temporary[index.Table.Local]:
		return Temporary
	case p.elsewhere():
		if !p.known(s, local) && slices.Contains(p.schemas, Public) {
			return "" // the server alone knows which of them has it
		}
		if schema := p.schemaOf(s, local); schema != Public {
			return schema // names without a schema are of public already
		}
	}
	return ""
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
	case *pg.Node_SelectStmt:
		return n.SelectStmt.GetIntoClause().GetRel()
	}
	return nil
}

// schemaOf is the first schema of the path that has a relation or type of that
// name, or the first of all, where a new one is made.
func (p *SearchPath) schemaOf(s *Schema, local string) string {
	for _, schema := range p.schemas {
		if has(s, Name{schema, local}) {
			return schema
		}
	}
	return p.schemas[0]
}

// known reports whether a schema of the path has something of that name.
func (p *SearchPath) known(s *Schema, local string) bool {
	return slices.ContainsFunc(p.schemas, func(schema string) bool { return has(s, Name{schema, local}) })
}

func has(s *Schema, n Name) bool {
	return s.Has(n) || s.Types[n] != nil || s.Functions[n] != nil
}

// resolveParts names those objects in full whose names the grammar keeps as
// lists.
func (p *SearchPath) resolveParts(s *Schema, tree *pg.Node) {
	if d := tree.GetDropStmt(); d != nil {
		p.resolveDropped(s, d)
		return
	}
	if !p.elsewhere() {
		return
	}
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
	}
}

func (p *SearchPath) resolveDropped(s *Schema, d *pg.DropStmt) {
	find := p.relationIn
	switch d.GetRemoveType() {
	case pg.ObjectType_OBJECT_SCHEMA, pg.ObjectType_OBJECT_EXTENSION, pg.ObjectType_OBJECT_PUBLICATION:
		return
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE,
		pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
	default:
		if !p.elsewhere() {
			return
		}
		find = p.schemaOf
	}
	full := func(parts []*pg.Node) []*pg.Node {
		schema := ""
		if len(parts) == 1 {
			schema = find(s, parts[0].GetString_().GetSval())
		}
		if schema == "" {
			return parts
		}
		return append([]*pg.Node{pg.MakeStrNode(schema)}, parts...)
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
