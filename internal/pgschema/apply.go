package pgschema

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// Apply makes the schema what it is after the statement. A statement that
// would fail leaves the schema somewhere between; one that is not understood
// is recorded in Unsure.
func (s *Schema) Apply(st pgsyntax.Statement) {
	if st.Tree == nil {
		s.unsure(st.Line, "the grammar does not know the statement")
		return
	}
	if reason := s.apply(st.Tree); reason != "" {
		s.unsure(st.Line, reason)
	}
}

func (s *Schema) unsure(line int, reason string) {
	s.Unsure = append(s.Unsure, Unsure{line, reason})
}

// apply returns why the schema may now be another one than the model, or
// nothing.
func (s *Schema) apply(tree *pg.Node) string {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return s.createTable(n.CreateStmt)
	case *pg.Node_CreateForeignTableStmt:
		reason := s.createTable(n.CreateForeignTableStmt.GetBaseStmt())
		if t := s.Tables[NameOf(n.CreateForeignTableStmt.GetBaseStmt().GetRelation())]; t != nil {
			t.Foreign = true
		}
		return reason
	case *pg.Node_CreateTableAsStmt:
		return s.createTableAs(n.CreateTableAsStmt)
	case *pg.Node_AlterTableStmt:
		return s.alterTable(n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		return s.createIndex(n.IndexStmt)
	case *pg.Node_ViewStmt:
		return s.createView(n.ViewStmt)
	case *pg.Node_DropStmt:
		if n.DropStmt.GetRemoveType() == pg.ObjectType_OBJECT_STATISTIC_EXT {
			for _, o := range n.DropStmt.GetObjects() {
				s.dropStatistics(NameOfParts(objectParts(o)))
			}
		}
		s.Remove(s.Dropped(n.DropStmt))
		return ""
	case *pg.Node_RenameStmt:
		return s.rename(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return s.move(n.AlterObjectSchemaStmt)
	case *pg.Node_CreateTrigStmt:
		return s.createTrigger(n.CreateTrigStmt)
	}
	return s.applyOther(tree)
}

func (s *Schema) applyOther(tree *pg.Node) string {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateEnumStmt, *pg.Node_CreateDomainStmt, *pg.Node_CompositeTypeStmt, *pg.Node_CreateRangeStmt,
		*pg.Node_AlterEnumStmt, *pg.Node_AlterDomainStmt:
		return s.applyType(tree)
	case *pg.Node_CreateSeqStmt:
		return s.createSequence(n.CreateSeqStmt)
	case *pg.Node_AlterSeqStmt:
		return s.alterSequence(n.AlterSeqStmt)
	case *pg.Node_CreateSchemaStmt:
		return s.createSchema(n.CreateSchemaStmt)
	case *pg.Node_CreateFunctionStmt:
		s.createFunction(n.CreateFunctionStmt)
		return ""
	case *pg.Node_CreatePolicyStmt:
		return s.createPolicy(n.CreatePolicyStmt)
	case *pg.Node_CreateStatsStmt:
		return s.createStatistics(n.CreateStatsStmt)
	case *pg.Node_AlterPolicyStmt:
		return s.alterPolicy(n.AlterPolicyStmt)
	case *pg.Node_CreatePublicationStmt, *pg.Node_AlterPublicationStmt:
		return s.applyPublication(tree)
	case *pg.Node_CreateExtensionStmt:
		return s.createExtension(n.CreateExtensionStmt.GetExtname())
	case *pg.Node_DoStmt:
		return "a DO block may have changed the schema"
	case *pg.Node_CallStmt:
		return "a procedure may have changed the schema"
	case *pg.Node_VariableSetStmt:
		return searchPath(n.VariableSetStmt)
	case *pg.Node_SelectStmt:
		if into := n.SelectStmt.GetIntoClause(); into != nil {
			return s.selectInto(into, n.SelectStmt)
		}
		return ""
	}
	return harmless(tree)
}

func searchPath(set *pg.VariableSetStmt) string {
	if set.GetName() == "search_path" {
		return "search_path was changed: names without a schema are still looked up in public"
	}
	return ""
}

// harmless says of the remaining statements which of them may change what
// this model holds.
func harmless(tree *pg.Node) string {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", tree.GetNode()), "*pg_query.Node_")
	switch kind {
	case "DefineStmt", "AlterExtensionStmt", "AlterExtensionContentsStmt", "ImportForeignSchemaStmt", "DropOwnedStmt",
		"AlterTypeStmt", "AlterFunctionStmt", "ExecuteStmt":
		return kind + " is not followed"
	}
	return ""
}
