package pgrights

import (
	"cmp"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/plans"
)

// statement reads one; what it does not know needs nothing.
func (r *reader) statement(tree *pg.Node) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_VariableSetStmt:
		r.another = n.VariableSetStmt.GetName() == "role" || n.VariableSetStmt.GetName() == "session_authorization"
	case *pg.Node_GrantRoleStmt:
		r.another = n.GrantRoleStmt.GetIsGrant()
	case *pg.Node_GrantStmt:
		r.grant(n.GrantStmt)
	case *pg.Node_CommentStmt:
		r.about(n.CommentStmt.GetObjtype(), n.CommentStmt.GetObject())
	case *pg.Node_DropStmt:
		r.drop(n.DropStmt)
	case *pg.Node_RenameStmt:
		r.rename(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		r.move(n.AlterObjectSchemaStmt)
	default:
		r.table(tree)
		r.other(tree)
		r.rows(tree)
		r.server(tree)
	}
}

// rows is about statements on rows and files of relations.
func (r *reader) rows(tree *pg.Node) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_InsertStmt:
		r.on(plans.RightInsert, n.InsertStmt.GetRelation())
	case *pg.Node_UpdateStmt:
		r.on(plans.RightUpdate, n.UpdateStmt.GetRelation())
	case *pg.Node_DeleteStmt:
		r.on(plans.RightDelete, n.DeleteStmt.GetRelation())
	case *pg.Node_TruncateStmt:
		for _, v := range n.TruncateStmt.GetRelations() {
			r.on(plans.RightTruncate, v.GetRangeVar())
		}
	case *pg.Node_RefreshMatViewStmt:
		r.on(plans.RightMaintain, n.RefreshMatViewStmt.GetRelation())
	case *pg.Node_ReindexStmt:
		r.on(plans.RightMaintain, n.ReindexStmt.GetRelation())
	case *pg.Node_ClusterStmt:
		r.on(plans.RightMaintain, n.ClusterStmt.GetRelation())
	}
}

// server is about what no object of the database gives a right to.
func (r *reader) server(tree *pg.Node) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateExtensionStmt:
		r.need(plans.RightInstall, plans.KindExtension, "", n.CreateExtensionStmt.GetExtname())
	case *pg.Node_CreateSchemaStmt:
		r.need(plans.RightCreate, plans.KindDatabase, "", "")
		if s := n.CreateSchemaStmt; !s.GetIfNotExists() {
			r.makes(plans.KindSchema, "", cmp.Or(s.GetSchemaname(), s.GetAuthrole().GetRolename()))
		}
	case *pg.Node_CreatePublicationStmt:
		r.need(plans.RightCreate, plans.KindDatabase, "", "")
		r.published(n.CreatePublicationStmt.GetPubobjects())
		if n.CreatePublicationStmt.GetForAllTables() {
			r.superuser()
		}
	case *pg.Node_AlterPublicationStmt:
		r.published(n.AlterPublicationStmt.GetPubobjects())
	case *pg.Node_CreateSubscriptionStmt:
		r.need(plans.RightSubscribe, plans.KindServer, "", "CREATE SUBSCRIPTION")
	case *pg.Node_CreateRoleStmt:
		r.need(plans.RightCreateRole, plans.KindServer, "", "CREATE ROLE")
	case *pg.Node_CreateEventTrigStmt:
		r.superuser()
	case *pg.Node_CreateFdwStmt:
		r.superuser()
	case *pg.Node_AlterSystemStmt:
		r.superuser()
	}
}

func (r *reader) superuser() { r.need(plans.RightSuperuser, plans.KindServer, "", "") }

func (r *reader) published(objects []*pg.Node) {
	for _, o := range objects {
		p := o.GetPublicationObjSpec()
		r.on(plans.RightOwner, p.GetPubtable().GetRelation())
		if p.GetPubobjtype() == pg.PublicationObjSpecType_PUBLICATIONOBJ_TABLES_IN_SCHEMA {
			r.superuser()
		}
	}
}
