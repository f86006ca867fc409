package pgclass

import (
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// value is what is known of the value of an expression before it is computed.
type value struct {
	kind valueKind
	num  float64
	text string
	yes  bool
}

type valueKind int

const (
	anything  valueKind = iota // NULL or not
	something                  // not NULL, and no more is known
	null
	number
	text
	boolean
)

// passes reports whether a CHECK surely lets a row with this value through.
func (v value) passes() bool { return v.kind == null || v.kind == boolean && v.yes }

func truth(yes bool) value { return value{kind: boolean, yes: yes} }

func (v value) known() bool { return v.kind > null }

// strict is the value of what is NULL where one of its operands is, and is
// computed from no more.
func strict(operands ...value) value {
	kind := something
	for _, o := range operands {
		if o.kind == null {
			return o
		}
		if o.kind == anything {
			kind = anything
		}
	}
	return value{kind: kind}
}

// evaluation computes expressions as far as their columns are known.
type evaluation struct {
	column func(name string) value
}

func (e evaluation) of(n *pg.Node) value {
	switch x := n.GetNode().(type) {
	case *pg.Node_AConst:
		return constant(x.AConst)
	case *pg.Node_ColumnRef:
		return e.column(pgschema.ColumnOf(n))
	case *pg.Node_TypeCast:
		return cast(e.of(x.TypeCast.GetArg()))
	case *pg.Node_CollateClause:
		return e.of(x.CollateClause.GetArg())
	case *pg.Node_BoolExpr:
		return e.logic(x.BoolExpr)
	case *pg.Node_NullTest:
		return nullTest(e.of(x.NullTest.GetArg()), x.NullTest.GetNulltesttype())
	case *pg.Node_CoalesceExpr:
		return e.coalesce(x.CoalesceExpr.GetArgs())
	case *pg.Node_AExpr:
		return e.operation(x.AExpr)
	case *pg.Node_FuncCall:
		return e.call(x.FuncCall)
	case *pg.Node_SqlvalueFunction:
		return value{kind: something}
	}
	return value{}
}

func constant(c *pg.A_Const) value {
	switch {
	case c.GetIsnull():
		return value{kind: null}
	case c.GetBoolval() != nil:
		return truth(c.GetBoolval().GetBoolval())
	case c.GetSval() != nil:
		return value{kind: text, text: c.GetSval().GetSval()}
	case c.GetFval() != nil:
		if n, err := strconv.ParseFloat(c.GetFval().GetFval(), 64); err == nil {
			return value{kind: number, num: n}
		}
		return value{kind: something}
	case c.GetIval() != nil:
		return value{kind: number, num: float64(c.GetIval().GetIval())}
	}
	return value{kind: something}
}

// cast keeps what is known of a value in another type: a text may come out
// shorter and a number rounded.
func cast(v value) value {
	if v.known() {
		return value{kind: something}
	}
	return v
}

func nullTest(v value, test pg.NullTestType) value {
	switch v.kind {
	case anything:
		return value{kind: something}
	case null:
		return truth(test == pg.NullTestType_IS_NULL)
	}
	return truth(test == pg.NullTestType_IS_NOT_NULL)
}

// logic is AND, OR and NOT with SQL's third truth value.
func (e evaluation) logic(b *pg.BoolExpr) value {
	if b.GetBoolop() == pg.BoolExprType_NOT_EXPR {
		v := e.of(b.GetArgs()[0])
		if v.kind == boolean {
			return truth(!v.yes)
		}
		return v
	}
	decides := b.GetBoolop() == pg.BoolExprType_OR_EXPR // one true decides OR, one false AND
	result := truth(!decides)
	for _, arg := range b.GetArgs() {
		switch v := e.of(arg); {
		case v.kind == boolean && v.yes == decides:
			return v
		case v.kind == boolean:
		case v.kind == null && (result.kind == null || result.kind == boolean):
			result = v
		default:
			result = value{}
		}
	}
	return result
}

func (e evaluation) coalesce(args []*pg.Node) value {
	for i, arg := range args {
		switch v := e.of(arg); v.kind {
		case null:
		case anything:
			if rest := e.coalesce(args[i+1:]); rest.kind != null && rest.kind != anything {
				return value{kind: something}
			}
			return v
		default:
			return v
		}
	}
	return value{kind: null}
}

// operation is an operator. PostgreSQL's own ones are NULL where an operand is.
func (e evaluation) operation(x *pg.A_Expr) value {
	name := x.GetName()[len(x.GetName())-1].GetString_().GetSval()
	left := e.of(x.GetLexpr())
	switch x.GetKind() {
	case pg.A_Expr_Kind_AEXPR_OP:
		if x.GetLexpr() == nil {
			return negated(name, e.of(x.GetRexpr()))
		}
		return compared(name, left, e.of(x.GetRexpr()))
	case pg.A_Expr_Kind_AEXPR_IN:
		return e.in(left, x.GetRexpr().GetList().GetItems(), name == "<>")
	case pg.A_Expr_Kind_AEXPR_OP_ANY:
		if array := x.GetRexpr().GetAArrayExpr(); array != nil && name == "=" {
			return e.in(left, array.GetElements(), false)
		}
		return strict(left)
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return distinct(left, e.of(x.GetRexpr()), x.GetKind() == pg.A_Expr_Kind_AEXPR_DISTINCT)
	case pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE, pg.A_Expr_Kind_AEXPR_SIMILAR:
		return strict(left, e.of(x.GetRexpr()))
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		return strict(left)
	}
	return value{}
}

func negated(operator string, v value) value {
	if operator == "-" && v.kind == number {
		v.num = -v.num
		return v
	}
	return strict(v)
}

func (e evaluation) in(left value, list []*pg.Node, not bool) value {
	if left.kind == null {
		return left
	}
	result := truth(false)
	for _, n := range list {
		v := compared("=", left, e.of(n))
		if v.kind == boolean && v.yes {
			return truth(!not)
		}
		if v.kind != boolean {
			result = value{}
		}
	}
	if not && result.kind == boolean {
		return truth(true)
	}
	return result
}

func distinct(a, b value, want bool) value {
	switch {
	case a.kind == null && b.kind == null:
		return truth(!want)
	case a.kind == anything || b.kind == anything:
		return value{kind: something}
	case a.kind == null || b.kind == null:
		return truth(want)
	}
	if same := compared("=", a, b); same.kind == boolean {
		return truth(same.yes != want)
	}
	return value{kind: something}
}

func compared(operator string, a, b value) value {
	unknown := strict(a, b)
	if unknown.kind == null || !a.known() || !b.known() {
		return unknown
	}
	a, b = sameKind(a, b)
	switch {
	case a.kind != b.kind:
		return unknown
	case a.kind == number:
		return comparedNumbers(operator, a.num, b.num)
	case operator == "=":
		return truth(a == b)
	case operator == "<>":
		return truth(a != b)
	}
	return unknown
}

// sameKind reads '5' beside 5 as a number.
func sameKind(a, b value) (value, value) {
	toNumber := func(v value) value {
		if n, err := strconv.ParseFloat(v.text, 64); err == nil && v.kind == text {
			return value{kind: number, num: n}
		}
		return v
	}
	if a.kind == number {
		return a, toNumber(b)
	}
	if b.kind == number {
		return toNumber(a), b
	}
	return a, b
}

func comparedNumbers(operator string, a, b float64) value {
	switch operator {
	case "=":
		return truth(a == b)
	case "<>":
		return truth(a != b)
	case "<":
		return truth(a < b)
	case "<=":
		return truth(a <= b)
	case ">":
		return truth(a > b)
	case ">=":
		return truth(a >= b)
	}
	return value{kind: something}
}

// call knows the functions that CHECKs are made of.
func (e evaluation) call(f *pg.FuncCall) value {
	var args []value
	nulls := 0
	for _, a := range f.GetArgs() {
		args = append(args, e.of(a))
		if args[len(args)-1].kind == null {
			nulls++
		}
	}
	name := calledName(f).Local
	unsure := slices.ContainsFunc(args, func(v value) bool { return v.kind == anything })
	switch {
	case name == "num_nulls" && !unsure && !f.GetFuncVariadic():
		return value{kind: number, num: float64(nulls)}
	case name == "num_nonnulls" && !unsure && !f.GetFuncVariadic():
		return value{kind: number, num: float64(len(args) - nulls)}
	case slices.Contains(neverNull(), name):
		return value{kind: something}
	case slices.Contains(strictOnes(), name):
		return strict(args...)
	}
	return value{}
}

// neverNull are functions of PostgreSQL that give a value in any case.
func neverNull() []string {
	return []string{"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "random", "gen_random_uuid", "uuid_generate_v4", "nextval", "num_nulls", "num_nonnulls"}
}

// strictOnes are functions of PostgreSQL that give NULL for NULL and else a
// value. Source: proisstrict in pg_proc.
func strictOnes() []string {
	return []string{
		"length", "char_length", "octet_length", "lower", "upper", "btrim", "ltrim", "rtrim", "abs", "round", "floor", "ceil",
		"jsonb_typeof", "json_typeof", "cardinality", "date_part", "extract", "date_trunc", "starts_with", "isfinite", "position", "left", "right", "md5",
	}
}
