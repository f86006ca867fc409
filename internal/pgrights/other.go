package pgrights

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// other is about types and functions.
func (r *reader) other(tree *pg.Node) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateEnumStmt:
		r.create(plans.KindType, n.CreateEnumStmt.GetTypeName())
	case *pg.Node_CreateRangeStmt:
		r.create(plans.KindType, n.CreateRangeStmt.GetTypeName())
	case *pg.Node_CreateDomainStmt:
		r.create(plans.KindType, n.CreateDomainStmt.GetDomainname())
	case *pg.Node_CompositeTypeStmt:
		v := n.CompositeTypeStmt.GetTypevar()
		r.createIn(v.GetSchemaname())
		r.makes(plans.KindType, v.GetSchemaname(), v.GetRelname())
	case *pg.Node_AlterEnumStmt:
		r.named(plans.RightOwner, plans.KindType, n.AlterEnumStmt.GetTypeName())
	case *pg.Node_AlterDomainStmt:
		r.named(plans.RightOwner, plans.KindType, n.AlterDomainStmt.GetTypeName())
	case *pg.Node_AlterFunctionStmt:
		r.function(plans.RightOwner, n.AlterFunctionStmt.GetFunc())
	case *pg.Node_CreateFunctionStmt:
		r.newFunction(n.CreateFunctionStmt)
	}
}

// newFunction that replaces one needs its owner, too.
func (r *reader) newFunction(s *pg.CreateFunctionStmt) {
	schema, name := split(pgschema.Strings(s.GetFuncname()))
	if s.GetReplace() {
		arguments := 0
		for _, p := range s.GetParameters() {
			switch p.GetFunctionParameter().GetMode() {
			case pg.FunctionParameterMode_FUNC_PARAM_OUT, pg.FunctionParameterMode_FUNC_PARAM_TABLE:
			default:
				arguments++
			}
		}
		r.ask(plans.Need{Right: plans.RightOwner, Kind: plans.KindFunction, Schema: schema, Name: name, Arguments: arguments})
	}
	r.create(plans.KindFunction, s.GetFuncname())
}
