package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// mayFail says what in an expression can be an error for one row and not for
// another, empty for nothing: computed with each write, it would make those of
// running code fail. Sums that grow too large are not thought of.
func (j judging) mayFail(e *pg.Node) (what string) {
	pgschema.Walk(e, func(m proto.Message) {
		if what != "" {
			return
		}
		switch n := m.(type) {
		case *pg.A_Expr:
			what = divides(n)
		case *pg.TypeCast:
			what = j.castMayFail(n)
		case *pg.FuncCall:
			if name := calledName(n); !slices.Contains(failNever(), name.Local) {
				what = name.String() + "()"
			}
		}
	})
	return what
}

func divides(x *pg.A_Expr) string {
	operator := pgschema.Strings(x.GetName())
	if len(operator) == 0 || operator[len(operator)-1] != "/" && operator[len(operator)-1] != "%" {
		return ""
	}
	by := constants().of(x.GetRexpr())
	if by.kind == number && by.num != 0 {
		return ""
	}
	return "a division"
}

func (j judging) castMayFail(c *pg.TypeCast) string {
	to := j.now.TypeOf(c.GetTypeName())
	if c.GetArg().GetAConst() != nil || spelled(to) {
		return ""
	}
	return "a cast to " + to.String()
}

// failNever are functions of PostgreSQL that have a value for all of their
// arguments.
func failNever() []string {
	return append(append(strictOnes(), neverNull()...),
		"concat", "concat_ws", "to_tsvector", "setweight", "array_to_string", "replace", "translate", "reverse", "initcap", "quote_nullable",
		"to_jsonb", "jsonb_build_object", "jsonb_build_array", "timezone", "jsonb_extract_path", "jsonb_extract_path_text", "json_extract_path_text", "coalesce")
}

// fits reports whether a column of a type takes whatever an expression gives,
// as far as its type shows.
func (j judging) fits(typ pgschema.DataType, e *pg.Node) bool {
	if j.now.Constrained(typ) {
		return false
	}
	return !spelled(typ) || len(typ.Modifiers) == 0 || e.GetAConst() != nil
}
