package pgrights

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// table is about relations and what belongs to them.
func (r *reader) table(tree *pg.Node) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		r.newTable(n.CreateStmt)
	case *pg.Node_CreateForeignTableStmt:
		r.newTable(n.CreateForeignTableStmt.GetBaseStmt())
	case *pg.Node_CreateTableAsStmt:
		r.creates(n.CreateTableAsStmt.GetInto().GetRel(), n.CreateTableAsStmt.GetIfNotExists())
	case *pg.Node_ViewStmt:
		if n.ViewStmt.GetReplace() {
			r.on(plans.RightOwner, n.ViewStmt.GetView())
		}
		r.creates(n.ViewStmt.GetView(), false)
	case *pg.Node_CreateSeqStmt:
		r.creates(n.CreateSeqStmt.GetSequence(), n.CreateSeqStmt.GetIfNotExists())
	case *pg.Node_AlterSeqStmt:
		r.on(plans.RightOwner, n.AlterSeqStmt.GetSequence())
	case *pg.Node_AlterTableStmt:
		r.alter(n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		v := n.IndexStmt.GetRelation()
		r.on(plans.RightOwner, v)
		r.on(plans.RightBeside, v)
		if name := n.IndexStmt.GetIdxname(); name != "" && !n.IndexStmt.GetIfNotExists() {
			r.makes(plans.KindRelation, v.GetSchemaname(), name)
		}
	case *pg.Node_CreateTrigStmt:
		r.on(plans.RightTrigger, n.CreateTrigStmt.GetRelation())
	case *pg.Node_CreatePolicyStmt:
		r.on(plans.RightOwner, n.CreatePolicyStmt.GetTable())
	case *pg.Node_AlterPolicyStmt:
		r.on(plans.RightOwner, n.AlterPolicyStmt.GetTable())
	case *pg.Node_RuleStmt:
		r.on(plans.RightOwner, n.RuleStmt.GetRelation())
	case *pg.Node_CreateStatsStmt:
		for _, v := range n.CreateStatsStmt.GetRelations() {
			r.on(plans.RightOwner, v.GetRangeVar())
		}
	}
}

func (r *reader) newTable(s *pg.CreateStmt) {
	for _, parent := range s.GetInhRelations() {
		r.on(plans.RightOwner, parent.GetRangeVar())
	}
	for _, e := range s.GetTableElts() {
		r.references(e.GetConstraint())
		r.columnReferences(e.GetColumnDef())
	}
	r.creates(s.GetRelation(), s.GetIfNotExists())
}

func (r *reader) references(c *pg.Constraint) {
	if c.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
		r.on(plans.RightReferences, c.GetPktable())
	}
}

func (r *reader) columnReferences(c *pg.ColumnDef) {
	for _, constraint := range c.GetConstraints() {
		r.references(constraint.GetConstraint())
	}
}

// alter needs the owner of what is altered, and of tables that it is bound to.
func (r *reader) alter(s *pg.AlterTableStmt) {
	if s.GetObjtype() == pg.ObjectType_OBJECT_TYPE {
		v := s.GetRelation()
		r.need(plans.RightOwner, plans.KindType, v.GetSchemaname(), v.GetRelname())
		return
	}
	r.on(plans.RightOwner, s.GetRelation())
	for _, c := range s.GetCmds() {
		def := c.GetAlterTableCmd().GetDef()
		switch c.GetAlterTableCmd().GetSubtype() {
		case pg.AlterTableType_AT_AddConstraint:
			r.references(def.GetConstraint())
		case pg.AlterTableType_AT_AddColumn:
			r.columnReferences(def.GetColumnDef())
		case pg.AlterTableType_AT_AttachPartition:
			r.on(plans.RightOwner, def.GetPartitionCmd().GetName())
		case pg.AlterTableType_AT_AddInherit:
			r.on(plans.RightOwner, def.GetRangeVar())
		case pg.AlterTableType_AT_ChangeOwner:
			// Whoever owns it by now may be another.
			r.makes(plans.KindRelation, s.GetRelation().GetSchemaname(), s.GetRelation().GetRelname())
		}
	}
}

// rename of a relation makes a name in its schema.
func (r *reader) rename(s *pg.RenameStmt) {
	v := s.GetRelation()
	switch {
	case v != nil && isRelation(s.GetRenameType()):
		r.on(plans.RightOwner, v)
		r.on(plans.RightBeside, v)
		r.makes(plans.KindRelation, v.GetSchemaname(), s.GetNewname())
	case v != nil:
		r.on(plans.RightOwner, v)
	default:
		r.about(s.GetRenameType(), s.GetObject())
	}
}

func (r *reader) move(s *pg.AlterObjectSchemaStmt) {
	v := s.GetRelation()
	if v == nil {
		r.about(s.GetObjectType(), s.GetObject())
	} else {
		r.on(plans.RightOwner, v)
		r.makes(plans.KindRelation, s.GetNewschema(), v.GetRelname())
	}
	r.createIn(s.GetNewschema())
}

// grant on tables; what others it gives, they may have for what follows.
func (r *reader) grant(s *pg.GrantStmt) {
	if !s.GetIsGrant() || s.GetTargtype() != pg.GrantTargetType_ACL_TARGET_OBJECT || s.GetObjtype() != pg.ObjectType_OBJECT_TABLE {
		return
	}
	for _, o := range s.GetObjects() {
		r.on(plans.RightGrant, o.GetRangeVar())
	}
}

// about asks for the owner of an object that is named by a list.
func (r *reader) about(kind pg.ObjectType, o *pg.Node) {
	names := o.GetList().GetItems()
	switch {
	case isRelation(kind):
		r.named(plans.RightOwner, plans.KindRelation, names)
	case isPart(kind) && len(names) > 1:
		r.named(plans.RightOwner, plans.KindRelation, names[:len(names)-1])
	case kind == pg.ObjectType_OBJECT_TYPE || kind == pg.ObjectType_OBJECT_DOMAIN:
		if t := o.GetTypeName(); t != nil {
			names = t.GetNames()
		}
		r.named(plans.RightOwner, plans.KindType, names)
	case kind == pg.ObjectType_OBJECT_FUNCTION || kind == pg.ObjectType_OBJECT_PROCEDURE:
		r.function(plans.RightOwner, o.GetObjectWithArgs())
	case kind == pg.ObjectType_OBJECT_SCHEMA:
		r.need(plans.RightOwner, plans.KindSchema, "", o.GetString_().GetSval())
	}
}

func (r *reader) function(right plans.Right, f *pg.ObjectWithArgs) {
	schema, name := split(pgschema.Strings(f.GetObjname()))
	n := plans.Need{Right: right, Kind: plans.KindFunction, Schema: schema, Name: name, Arguments: len(f.GetObjargs())}
	if f.GetArgsUnspecified() {
		n.Arguments = -1
	}
	if name != "" {
		r.ask(n)
	}
}

func (r *reader) drop(s *pg.DropStmt) {
	for _, o := range s.GetObjects() {
		names := o.GetList().GetItems()
		switch kind := s.GetRemoveType(); {
		case isRelation(kind):
			r.named(plans.RightDrop, plans.KindRelation, names)
			schema, name := split(pgschema.Strings(names))
			r.makes(plans.KindRelation, schema, name) // whatever has the name next is theirs
		case kind == pg.ObjectType_OBJECT_TYPE || kind == pg.ObjectType_OBJECT_DOMAIN:
			r.named(plans.RightDrop, plans.KindType, o.GetTypeName().GetNames())
		case kind == pg.ObjectType_OBJECT_FUNCTION || kind == pg.ObjectType_OBJECT_PROCEDURE:
			r.function(plans.RightDrop, o.GetObjectWithArgs())
		default:
			r.about(kind, o)
		}
	}
}
