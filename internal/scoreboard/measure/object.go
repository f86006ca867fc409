package measure

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// object adds what the statement acts on, where that is more than a plain
// table with the columns that it names.
func (n need) object(tree *pg.Node) {
	switch x := tree.GetNode().(type) {
	case *pg.Node_AlterTableStmt:
		n.alter(x.AlterTableStmt)
	case *pg.Node_DropStmt:
		n.drop(x.DropStmt)
	case *pg.Node_RenameStmt:
		n.rename(x.RenameStmt)
	case *pg.Node_AlterDomainStmt:
		n.alterDomain(x.AlterDomainStmt)
	case *pg.Node_AlterEnumStmt:
		n.alterEnum(x.AlterEnumStmt)
	case *pg.Node_AlterSeqStmt:
		n.kind(pgschema.NameOf(x.AlterSeqStmt.GetSequence()), "SEQUENCE")
	case *pg.Node_ClusterStmt:
		n.cluster(x.ClusterStmt)
	case *pg.Node_ReindexStmt:
		n.reindex(x.ReindexStmt)
	case *pg.Node_RefreshMatViewStmt:
		n.refresh(x.RefreshMatViewStmt)
	case *pg.Node_CreateTrigStmt:
		n.triggerFunction(words(x.CreateTrigStmt.GetFuncname()))
	case *pg.Node_CreateStmt:
		n.parents(x.CreateStmt)
	case *pg.Node_IndexStmt:
		if r := x.IndexStmt.GetRelation(); !r.GetInh() {
			n.partitioned(pgschema.NameOf(r), "RANGE", "")
		}
	case *pg.Node_CommentStmt:
		n.comment(x.CommentStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		n.schema(x.AlterObjectSchemaStmt.GetNewschema())
	}
}

// kind says what a relation is. It has a column at least.
func (n need) kind(name pgschema.Name, kind string) {
	if r := n.relation(name); r != nil && r.partition == "" {
		r.kind = kind
		if strings.HasSuffix(kind, "TABLE") {
			n.first(name)
		}
	}
}

// partitioned makes a table partitioned by a column of its own.
func (n need) partitioned(name pgschema.Name, strategy, typ string) {
	r := n.relation(name)
	if r == nil || r.partition != "" {
		return
	}
	r.partition = strategy
	r.columns = append([]column{{"part_key", typ}}, r.columns...)
}

func (n need) drop(d *pg.DropStmt) {
	for _, o := range d.GetObjects() {
		parts := words(o.GetList().GetItems())
		if t := o.GetTypeName(); t != nil {
			parts = words(t.GetNames())
		}
		if f := o.GetObjectWithArgs(); f != nil {
			parts = words(f.GetObjname())
		}
		if s := o.GetString_().GetSval(); s != "" {
			parts = []string{s}
		}
		if len(parts) > 0 {
			n.dropped(d.GetRemoveType(), parts)
		}
	}
}

func (n need) dropped(kind pg.ObjectType, parts []string) {
	name := pgschema.NameOfParts(parts)
	if n.made[name] {
		return
	}
	switch kind {
	case pg.ObjectType_OBJECT_TABLE:
		n.kind(name, "TABLE")
	case pg.ObjectType_OBJECT_VIEW:
		n.kind(name, "VIEW")
	case pg.ObjectType_OBJECT_MATVIEW:
		n.kind(name, "MATERIALIZED VIEW")
	case pg.ObjectType_OBJECT_SEQUENCE:
		n.kind(name, "SEQUENCE")
	case pg.ObjectType_OBJECT_INDEX:
		n.loneIndex(name)
	case pg.ObjectType_OBJECT_TYPE:
		n.schema(name.Schema)
		n.before("CREATE TYPE %s AS ENUM ('a')", name)
	case pg.ObjectType_OBJECT_DOMAIN:
		n.schema(name.Schema)
		n.before("CREATE DOMAIN %s AS int", name)
	case pg.ObjectType_OBJECT_SCHEMA:
		n.schema(parts[len(parts)-1])
	case pg.ObjectType_OBJECT_TRIGGER:
		n.trigger(pgschema.NameOfParts(parts[:len(parts)-1]), parts[len(parts)-1])
	case pg.ObjectType_OBJECT_FUNCTION:
		n.before("CREATE FUNCTION %s() RETURNS int LANGUAGE sql AS 'SELECT 1'", name)
	case pg.ObjectType_OBJECT_EXTENSION:
		n.before("CREATE EXTENSION %s", ident(parts[0]))
	case pg.ObjectType_OBJECT_POLICY:
		table := pgschema.NameOfParts(parts[:len(parts)-1])
		n.kind(table, "TABLE")
		n.after("CREATE POLICY %s ON %s", ident(parts[len(parts)-1]), table)
	}
}

// loneIndex puts an index of that name on a table of which nothing else is
// known.
func (n need) loneIndex(name pgschema.Name) {
	if n.made[name] {
		return
	}
	table := pgschema.Name{Schema: name.Schema, Local: "table_of_" + name.Local}
	n.kind(table, "TABLE")
	n.index(name, table, "")
}

func (n need) trigger(table pgschema.Name, name string) {
	n.kind(table, "TABLE")
	n.triggerFunction([]string{"some_trigger_function"})
	n.after("CREATE TRIGGER %s AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION some_trigger_function()", ident(name), table)
}

func (n need) triggerFunction(parts []string) {
	n.before("CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", ident(slices.Clone(parts)...))
}

func (n need) rename(r *pg.RenameStmt) {
	name := pgschema.NameOf(r.GetRelation())
	object := words(r.GetObject().GetList().GetItems())
	switch r.GetRenameType() {
	case pg.ObjectType_OBJECT_TABLE:
		n.kind(name, "TABLE")
	case pg.ObjectType_OBJECT_COLUMN:
		n.column(name, r.GetSubname(), "")
	case pg.ObjectType_OBJECT_INDEX:
		n.loneIndex(name)
	case pg.ObjectType_OBJECT_VIEW:
		n.kind(name, "VIEW")
	case pg.ObjectType_OBJECT_MATVIEW:
		n.kind(name, "MATERIALIZED VIEW")
	case pg.ObjectType_OBJECT_SEQUENCE:
		n.kind(name, "SEQUENCE")
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		n.constraint(name, r.GetSubname(), "")
	case pg.ObjectType_OBJECT_TRIGGER:
		n.trigger(name, r.GetSubname())
	case pg.ObjectType_OBJECT_SCHEMA:
		n.schema(r.GetSubname())
		n.kind(pgschema.Name{Schema: r.GetSubname(), Local: "some_table"}, "TABLE")
	case pg.ObjectType_OBJECT_TYPE:
		n.dropped(pg.ObjectType_OBJECT_TYPE, object)
		n.uses(pgschema.NameOfParts(object))
	case pg.ObjectType_OBJECT_DOMAIN, pg.ObjectType_OBJECT_DOMCONSTRAINT:
		n.domain(object, r.GetSubname(), "")
	}
}

// uses makes a table with a column of a type.
func (n need) uses(typ pgschema.Name) {
	table := pgschema.Name{Schema: "public", Local: "table_with_" + typ.Local}
	n.column(table, "value", ident(typ.Schema, typ.Local))
}

func (n need) domain(parts []string, constraint, valid string) {
	name := pgschema.NameOfParts(parts)
	if n.made[name] {
		return
	}
	n.schema(name.Schema)
	n.before("CREATE DOMAIN %s AS int", name)
	n.uses(name)
	if constraint != "" {
		n.after("ALTER DOMAIN %s ADD CONSTRAINT %s CHECK (VALUE > 0) %s", name, ident(constraint), valid)
	}
}

// alterDomain: V validates a constraint, X drops one.
func (n need) alterDomain(d *pg.AlterDomainStmt) {
	parts := words(d.GetTypeName())
	switch d.GetSubtype() {
	case "V":
		n.domain(parts, d.GetName(), "NOT VALID")
	case "X":
		n.domain(parts, d.GetName(), "")
	default:
		n.domain(parts, "", "")
	}
}

func (n need) alterEnum(e *pg.AlterEnumStmt) {
	name := pgschema.NameOfParts(words(e.GetTypeName()))
	if n.made[name] {
		return
	}
	labels := "'some_label'"
	for _, l := range []string{e.GetOldVal(), e.GetNewValNeighbor()} {
		if l != "" {
			labels += ", '" + strings.ReplaceAll(l, "'", "''") + "'"
		}
	}
	n.schema(name.Schema)
	n.before("CREATE TYPE %s AS ENUM (%s)", name, labels)
	n.uses(name)
}

func (n need) cluster(c *pg.ClusterStmt) {
	table := pgschema.NameOf(c.GetRelation())
	index := pgschema.Name{Schema: table.Schema, Local: c.GetIndexname()}
	if c.GetRelation() == nil {
		table = pgschema.Name{Schema: "public", Local: "some_table"}
	}
	if index.Local == "" {
		index.Local = "clustered_" + table.Local
	}
	n.kind(table, "TABLE")
	if n.index(index, table, ""); c.GetIndexname() == "" && !n.made[table] {
		n.after("ALTER TABLE %s CLUSTER ON %s", table, ident(index.Local))
	}
}

func (n need) reindex(r *pg.ReindexStmt) {
	name := pgschema.NameOf(r.GetRelation())
	switch r.GetKind() {
	case pg.ReindexObjectType_REINDEX_OBJECT_INDEX:
		n.loneIndex(name)
		return
	case pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA:
		n.schema(r.GetName())
		name = pgschema.Name{Schema: r.GetName(), Local: "some_table"}
	case pg.ReindexObjectType_REINDEX_OBJECT_TABLE:
	default:
		name = pgschema.Name{Schema: "public", Local: "some_table"}
	}
	n.kind(name, "TABLE")
	n.index(pgschema.Name{Schema: name.Schema, Local: "index_of_" + name.Local}, name, "")
}

func (n need) refresh(r *pg.RefreshMatViewStmt) {
	view := pgschema.NameOf(r.GetRelation())
	if n.relation(view) == nil {
		return
	}
	base := pgschema.Name{Schema: view.Schema, Local: "table_below_" + view.Local}
	n.kind(base, "TABLE")
	delete(n.relations, view)
	n.order = slices.DeleteFunc(n.order, func(o pgschema.Name) bool { return o == view })
	n.made[view] = true
	n.after("CREATE MATERIALIZED VIEW %s AS SELECT * FROM %s", view, base)
	n.after("CREATE UNIQUE INDEX ON %s (some_column)", view)
}

// parents makes what a table inherits from or is a partition of.
func (n need) parents(c *pg.CreateStmt) {
	for _, p := range c.GetInhRelations() {
		parent := pgschema.NameOf(p.GetRangeVar())
		if b := c.GetPartbound(); b != nil {
			n.partitioned(parent, strategy(b), boundType(b))
		} else {
			n.kind(parent, "TABLE")
		}
	}
}

func (n need) comment(c *pg.CommentStmt) {
	parts := words(c.GetObject().GetList().GetItems())
	switch c.GetObjtype() {
	case pg.ObjectType_OBJECT_COLUMN:
		if len(parts) > 1 {
			n.column(pgschema.NameOfParts(parts[:len(parts)-1]), parts[len(parts)-1], "")
		}
	default:
		if len(parts) > 0 {
			n.dropped(c.GetObjtype(), parts)
		}
	}
}
