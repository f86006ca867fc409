package pgclass

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// otherName is a name that running code says of an object, and the one that it
// gets by a RENAME or a SET SCHEMA.
type otherName struct {
	kind     string // what SQL calls the object, in lower case
	from, to pgschema.Name
	verb     string // rename or move
	act      string
}

// there and back are the statements that give the object its new name and its
// old one; arguments are those of a function that has to be told apart.
func (n otherName) there(arguments string) string { return n.alter(n.from, n.to, arguments) }

func (n otherName) back(arguments string) string { return n.alter(n.to, n.from, arguments) }

func (n otherName) alter(from, to pgschema.Name, arguments string) string {
	text := "ALTER " + strings.ToUpper(n.kind) + " " + sqlName(from) + arguments
	if n.verb == "move" {
		return text + " SET SCHEMA " + ident(to.Schema)
	}
	return text + " RENAME TO " + ident(to.Local)
}

func (n otherName) String() string { return n.verb + "s the " + n.kind + " " + n.from.String() }

// moveOther is SET SCHEMA of what is no relation.
func (j judging) moveOther(a *pg.AlterObjectSchemaStmt, n otherName) ruling {
	switch a.GetObjectType() {
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return j.callType(n)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return j.callFunction(n, a.GetObject().GetObjectWithArgs())
	}
	return ask(n.act, "%s to another schema, where running code may not find it: make it anew there, and drop the old one after the deployment", n)
}

// callType is a type that gets another name, which new code says in casts.
func (j judging) callType(n otherName) ruling {
	if files := j.typeFiles(n); files != nil {
		return split(files, n.act, "%s, which running code may name", n)
	}
	files, why := j.typeAgain(n)
	if why != "" {
		return ask(n.act, "%s, which running code may name, and no other name stands in for it; %s. Where new code leaves the casts to it out, let the file say -- lockstep:phase contract no code names %s", n, why, n.from)
	}
	return split(files, n.act, "%s, which running code may name, and no other name stands in for it", n)
}

// typeFiles let new code say the new name of a type while running code says
// the old one, by a domain without demands. An enum and a range have none that
// stands in for them: their operators do not take a domain (measured on 15:
// 42883 for enum > domain over it).
//
// Source: https://www.postgresql.org/docs/current/domains.html.
func (j judging) typeFiles(n otherName) []File {
	t := j.now.Types[n.from]
	if t == nil || t.Kind != pgschema.Domain && t.Kind != pgschema.Composite || t.NotNull || j.now.Types[n.to] != nil || j.now.Has(n.to) {
		return nil
	}
	create, drop := "CREATE DOMAIN "+sqlName(n.to)+" AS "+sqlName(n.from), "DROP DOMAIN "+sqlName(n.to)
	return []File{
		{
			Name: "expand_name_" + act(n.to.Local), Phase: phaseExpand, Down: lines(drop),
			SQL: "-- new code says the new name in casts; columns keep their type\n" + lines(create),
		},
		{
			Name: "contract_" + n.act, Phase: phaseContract,
			SQL:  "-- lockstep:phase contract no running code says the old name any more\n" + lines(drop, n.there("")),
			Down: lines(n.back(""), create),
		},
	}
}

// callFunction is a function or a procedure that gets another name.
func (j judging) callFunction(n otherName, which *pg.ObjectWithArgs) ruling {
	made := j.now.Overload(n.from, which)
	if made != nil && firedByTrigger(made) {
		return neutral(n.act, "%s, which triggers call and whose name no query needs", n)
	}
	if files := j.functionFiles(n, made); files != nil {
		return split(files, n.act, "%s, which running code may call", n)
	}
	return ask(n.act, "%s, which running code may call, and how it is called is not known: make %s beside it, and drop the old one after the deployment", n, n.to)
}

func firedByTrigger(made *pg.CreateFunctionStmt) bool {
	return slices.Contains([]string{"trigger", "event_trigger"}, lastOf(pgschema.Strings(made.GetReturnType().GetNames())))
}

// functionFiles rename a function and leave one under its old name that calls
// it. They are empty where the schema does not tell how it is called.
func (j judging) functionFiles(n otherName, made *pg.CreateFunctionStmt) []File {
	if made == nil || j.now.Functions[n.to] != nil {
		return nil
	}
	arguments := ""
	if len(j.now.Functions[n.from].Overloads) > 1 {
		if arguments = j.argumentTypes(made); arguments == "" {
			return nil
		}
	}
	wrapper := callingFunction(made, n)
	if wrapper == "" {
		return nil
	}
	drop := "DROP " + strings.ToUpper(n.kind) + " " + sqlName(n.from) + arguments
	return []File{
		{
			Name: "expand_" + n.act, Phase: phaseExpand,
			SQL: "-- lockstep:phase expand a " + n.kind + " under the old name calls the other one\n" +
				"-- grant on it what roles of running code may do with the other one\n" +
				lines(n.there(arguments), wrapper),
			Down: lines(drop, n.back(arguments)),
		},
		{
			Name: "contract_drop_" + act(n.kind, n.from.Local), Phase: phaseContract,
			SQL: "-- lockstep:phase contract no running code calls it by the old name any more\n" + j.callers(n.from) + lines(drop), Down: lines(wrapper),
		},
	}
}

// argumentTypes are the types in parentheses that tell a function apart, empty
// where one cannot be spelled.
func (j judging) argumentTypes(made *pg.CreateFunctionStmt) string {
	var all []string
	for _, p := range made.GetParameters() {
		if outside(p.GetFunctionParameter()) {
			continue
		}
		text := typeSQL(j.now.TypeOf(p.GetFunctionParameter().GetArgType()))
		if text == "" {
			return ""
		}
		all = append(all, text)
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// outside reports whether a parameter only gives something back.
func outside(p *pg.FunctionParameter) bool {
	return p.GetMode() == pg.FunctionParameterMode_FUNC_PARAM_OUT || p.GetMode() == pg.FunctionParameterMode_FUNC_PARAM_TABLE
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
// it by its new name; empty for one whose result has columns that only its
// caller knows.
func callingFunction(f *pg.CreateFunctionStmt, n otherName) string {
	arguments, gives := passedOn(f)
	called := ident(n.to.Schema) + "." + ident(n.to.Local) + "(" + strings.Join(arguments, ", ") + ")"
	language, body := "sql", "SELECT "+called
	switch result := lastOf(pgschema.Strings(f.GetReturnType().GetNames())); {
	case f.GetIsProcedure():
		language, body = "plpgsql", "BEGIN CALL "+called+"; END"
	case gives, f.GetReturnType().GetSetof() && result != "record":
		body = "SELECT * FROM " + called
	case f.GetReturnType() == nil, result == "record":
		return ""
	}
	made, _ := proto.Clone(f).(*pg.CreateFunctionStmt)
	made.Replace = false
	made.Funcname = []*pg.Node{pg.MakeStrNode(n.from.Schema), pg.MakeStrNode(n.from.Local)}
	made.SqlBody = nil
	made.Options = []*pg.Node{option("language", pg.MakeStrNode(language))}
	if volatility := optionOf(f, "volatility"); volatility != nil && !f.GetIsProcedure() {
		made.Options = append(made.Options, option("volatility", volatility))
	}
	made.Options = append(made.Options, option("as", pg.MakeListNode([]*pg.Node{pg.MakeStrNode(body)})))
	return written(&pg.Node{Node: &pg.Node_CreateFunctionStmt{CreateFunctionStmt: made}})
}

// passedOn are a function's arguments as its body hands them on; gives is true
// where it returns them by parameters.
func passedOn(f *pg.CreateFunctionStmt) (arguments []string, gives bool) {
	for _, p := range f.GetParameters() {
		mode := p.GetFunctionParameter().GetMode()
		gives = gives || outside(p.GetFunctionParameter()) || mode == pg.FunctionParameterMode_FUNC_PARAM_INOUT
		if outside(p.GetFunctionParameter()) && (!f.GetIsProcedure() || mode != pg.FunctionParameterMode_FUNC_PARAM_OUT) {
			continue
		}
		argument := "$" + strconv.Itoa(len(arguments)+1)
		if mode == pg.FunctionParameterMode_FUNC_PARAM_VARIADIC {
			argument = "VARIADIC " + argument
		}
		arguments = append(arguments, argument)
	}
	return arguments, gives
}

func optionOf(f *pg.CreateFunctionStmt, name string) *pg.Node {
	for _, o := range f.GetOptions() {
		if d := o.GetDefElem(); d.GetDefname() == name {
			return d.GetArg()
		}
	}
	return nil
}

func option(name string, value *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_DefElem{DefElem: &pg.DefElem{Defname: name, Arg: value, Defaction: pg.DefElemAction_DEFELEM_UNSPEC}}}
}
