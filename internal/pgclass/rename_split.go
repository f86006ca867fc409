package pgclass

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// typeFiles let new code say the new name of a type while running code says
// the old one, by a domain without demands. An enum and a range have none that
// stands in for them: their operators do not take a domain (measured on 15:
// 42883 for enum > domain over it).
//
// Source: https://www.postgresql.org/docs/current/domains.html.
func (j judging) typeFiles(kind string, from, to pgschema.Name) []File {
	t := j.now.Types[from]
	if t == nil || t.Kind != pgschema.Domain && t.Kind != pgschema.Composite || t.NotNull || j.now.Types[to] != nil || j.now.Has(to) {
		return nil
	}
	alter := "ALTER " + strings.ToUpper(kind) + " "
	create, drop := "CREATE DOMAIN "+sqlName(to)+" AS "+sqlName(from), "DROP DOMAIN "+sqlName(to)
	return []File{
		{
			Name: "expand_name_" + act(to.Local), Phase: phaseExpand, Down: lines(drop),
			SQL: "-- new code says the new name in casts; columns keep their type\n" + lines(create),
		},
		{
			Name: "contract_rename_" + act(from.Local), Phase: phaseContract,
			SQL:  "-- lockstep:phase contract no running code says the old name any more\n" + lines(drop, alter+sqlName(from)+" RENAME TO "+ident(to.Local)),
			Down: lines(alter+sqlName(to)+" RENAME TO "+ident(from.Local), create),
		},
	}
}

// functionFiles rename a function and leave one under its old name that calls
// it. They are empty where the schema does not tell how it is called.
func (j judging) functionFiles(from, to pgschema.Name) []File {
	f := j.now.Functions[from]
	if f == nil || j.now.Functions[to] != nil {
		return nil
	}
	wrapper := callingFunction(f, to)
	if wrapper == "" {
		return nil
	}
	drop := "DROP FUNCTION " + sqlName(from)
	return []File{
		{
			Name: "expand_rename_" + act(from.Local), Phase: phaseExpand,
			SQL: "-- lockstep:phase expand a function under the old name calls the renamed one\n" +
				"-- grant on it what roles of running code may do with the other one\n" +
				lines("ALTER FUNCTION "+sqlName(from)+" RENAME TO "+ident(to.Local), wrapper),
			Down: lines(drop, "ALTER FUNCTION "+sqlName(to)+" RENAME TO "+ident(from.Local)),
		},
		{Name: "contract_drop_function_" + act(from.Local), Phase: phaseContract, SQL: j.callers(from) + lines(drop), Down: lines(wrapper)},
	}
}

// callers warns of functions whose bodies say a function's name: PostgreSQL
// does not know that they need it.
func (j judging) callers(of pgschema.Name) string {
	var all []string
	for n, f := range j.now.Functions {
		if n != of && strings.Contains(strings.ToLower(f.Body), of.Local) {
			all = append(all, n.String())
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return "-- first let these say the new name, which seem to call it: " + strings.Join(all, ", ") + "\n"
}

// callingFunction is a function with the parameters of another one that calls
// it by its new name; empty for a function that SQL does not call so.
func callingFunction(f *pgschema.Function, to pgschema.Name) string {
	if f.Made == nil || f.Made.GetIsProcedure() || f.Made.GetReturnType().GetSetof() || f.Made.GetReturnType() == nil ||
		slices.Contains([]string{"trigger", "event_trigger"}, lastOf(pgschema.Strings(f.Made.GetReturnType().GetNames()))) {
		return ""
	}
	var arguments []string
	for i, p := range f.Made.GetParameters() {
		if mode := p.GetFunctionParameter().GetMode(); mode != pg.FunctionParameterMode_FUNC_PARAM_IN && mode != pg.FunctionParameterMode_FUNC_PARAM_DEFAULT {
			return ""
		}
		arguments = append(arguments, "$"+strconv.Itoa(i+1))
	}
	called := ident(to.Schema) + "." + ident(to.Local)
	made, _ := proto.Clone(f.Made).(*pg.CreateFunctionStmt)
	made.Replace = false
	made.Options = []*pg.Node{
		option("language", pg.MakeStrNode("sql")), option("volatility", pg.MakeStrNode(f.Volatility)),
		option("as", pg.MakeListNode([]*pg.Node{pg.MakeStrNode("SELECT " + called + "(" + strings.Join(arguments, ", ") + ")")})),
	}
	text, err := pgsyntax.Deparse(&pg.Node{Node: &pg.Node_CreateFunctionStmt{CreateFunctionStmt: made}})
	if err != nil {
		return ""
	}
	return text
}

func option(name string, value *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_DefElem{DefElem: &pg.DefElem{Defname: name, Arg: value, Defaction: pg.DefElemAction_DEFELEM_UNSPEC}}}
}
