package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// Overload is the statement that makes the function that a statement names:
// the one with these arguments, or the only one of its name where it says none.
// It is nil where the schema does not tell.
func (s *Schema) Overload(name Name, which *pg.ObjectWithArgs) *pg.CreateFunctionStmt {
	f := s.Functions[name]
	switch {
	case f == nil:
		return nil
	case which == nil || which.GetArgsUnspecified():
		return f.Made
	}
	var wanted []string
	for _, t := range which.GetObjargs() {
		wanted = append(wanted, s.TypeOf(t.GetTypeName()).String())
	}
	for _, o := range f.Overloads {
		if slices.Equal(s.inputs(o), wanted) {
			return o
		}
	}
	return nil
}

// inputs are the types by which PostgreSQL tells functions of one name apart.
func (s *Schema) inputs(c *pg.CreateFunctionStmt) []string {
	var all []string
	for _, p := range c.GetParameters() {
		switch p := p.GetFunctionParameter(); p.GetMode() {
		case pg.FunctionParameterMode_FUNC_PARAM_OUT, pg.FunctionParameterMode_FUNC_PARAM_TABLE:
		default:
			all = append(all, s.TypeOf(p.GetArgType()).String())
		}
	}
	return all
}

// overloaded reports whether a function of that name has the same arguments.
func (s *Schema) overloaded(name Name, made *pg.CreateFunctionStmt) bool {
	f := s.Functions[name]
	return f != nil && slices.ContainsFunc(f.Overloads, func(o *pg.CreateFunctionStmt) bool { return slices.Equal(s.inputs(o), s.inputs(made)) })
}

// takeOverload takes one of several functions away.
func (s *Schema) takeOverload(f *Function, made *pg.CreateFunctionStmt) {
	f.Overloads = slices.DeleteFunc(slices.Clone(f.Overloads), func(o *pg.CreateFunctionStmt) bool { return o == made })
	if len(f.Overloads) == 1 {
		f.Made = f.Overloads[0]
	}
}

// madeAs is a function's statement with another name.
func madeAs(c *pg.CreateFunctionStmt, name Name) *pg.CreateFunctionStmt {
	made, _ := proto.Clone(c).(*pg.CreateFunctionStmt)
	made.Funcname = []*pg.Node{pg.MakeStrNode(name.Schema), pg.MakeStrNode(name.Local)}
	return made
}
