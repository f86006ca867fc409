package pgclass

import (
	"math"
	"strconv"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// outgrows reports whether the spelling of an expression may have more
// characters than a type takes.
func outgrows(d pgschema.DataType, e *pg.Node) bool {
	return spelled(d) && len(d.Modifiers) == 1 && longestText(e) > d.Modifiers[0]
}

// longestText is the most characters that an expression is spelled with.
//
// Source: float8out prints no more than 24 characters, and the longest default
// spelling of timestamptz has 35; names have 63 bytes.
func longestText(e *pg.Node) int {
	switch n := e.GetNode().(type) {
	case *pg.Node_TypeCast:
		return longestText(n.TypeCast.GetArg())
	case *pg.Node_AConst:
		return constantLength(n.AConst)
	case *pg.Node_SqlvalueFunction:
		return sqlValueLength(n.SqlvalueFunction.GetOp())
	case *pg.Node_FuncCall:
		return callLength(n.FuncCall)
	}
	return math.MaxInt
}

func constantLength(c *pg.A_Const) int {
	switch {
	case c.GetIsnull():
		return 0
	case c.GetSval() != nil:
		return utf8.RuneCountInString(c.GetSval().GetSval())
	case c.GetFval() != nil:
		return len(c.GetFval().GetFval())
	case c.GetBoolval() != nil:
		return len("false")
	}
	return len(strconv.Itoa(int(c.GetIval().GetIval())))
}

func sqlValueLength(op pg.SQLValueFunctionOp) int {
	switch op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:
		return 35
	}
	return longest
}

func callLength(f *pg.FuncCall) int {
	args := f.GetArgs()
	switch calledName(f).Local {
	case "random":
		return 24
	case "gen_random_uuid", "uuid_generate_v4", "uuid_generate_v1", "uuidv4", "uuidv7":
		return 36
	case "md5":
		return 32
	case "nextval":
		return 20
	case "now", "clock_timestamp", "statement_timestamp", "transaction_timestamp":
		return 35
	case "left", "right", "substr", "substring":
		if n := args[len(args)-1].GetAConst().GetIval(); n != nil && n.GetIval() >= 0 && len(args) > 1 {
			return int(n.GetIval())
		}
	case "lower", "upper":
		if len(args) == 1 {
			return longestText(args[0])
		}
	}
	return math.MaxInt
}
