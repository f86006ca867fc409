package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// typeAgain makes an enum or a range again under its new name, with a column
// beside each column that has it. why says what is in the way.
func (j judging) typeAgain(n otherName) (files []File, why string) {
	t := j.now.Types[n.from]
	switch {
	case t == nil || t.Kind != pgschema.Enum && t.Kind != pgschema.Range:
		return nil, "how it is made is not known"
	case j.now.Types[n.to] != nil:
		return nil, "there is a type " + n.to.String() + " already"
	}
	create, old := typeSQLOf(t, n.to), typeSQLOf(t, n.from)
	if create == "" {
		return nil, "how it is made is not known"
	}
	if why := j.namesType(n.from); why != "" {
		return nil, why
	}
	files = []File{{Name: "expand_type_" + act(n.to.Local), Phase: phaseExpand, SQL: lines(create), Down: lines("DROP TYPE " + sqlName(n.to))}}
	for _, table := range j.now.TablesUsing(n.from) {
		more, why := j.columnsAgain(table, n)
		if why != "" {
			return nil, why
		}
		files = append(files, more...)
	}
	slices.SortStableFunc(files, func(a, b File) int { return phaseRank(a.Phase) - phaseRank(b.Phase) })
	return append(files, File{
		Name: "contract_drop_type_" + act(n.from.Local), Phase: phaseContract, SQL: lines("DROP TYPE " + sqlName(n.from)), Down: lines(old),
	}), ""
}

// columnsAgain are the files of a table's columns of a type.
func (j judging) columnsAgain(table *pgschema.Table, n otherName) (files []File, why string) {
	var columns, touched []string
	for _, c := range table.Columns {
		if c.Type.Name != n.from {
			continue
		}
		a := alteration{judging: j, table: table.Name, t: table, cmd: &pg.AlterTableCmd{Name: c.Name}}
		r := replacement{columnAlteration: a.column(), alike: true, typ: pgschema.DataType{Name: n.to, Array: c.Type.Array}}
		r.name = r.free(c.Name + "_v2")
		if why := r.obstacle(); why != "" {
			return nil, r.full + " has it, and " + why
		}
		if shared := intersection(r.touches(), touched); len(shared) > 0 {
			return nil, shared[0] + " has two columns of it: drop it first, and make it again for the new columns"
		}
		columns, touched = append(columns, c.Name), append(touched, r.touches()...)
		files = append(files, r.files()...)
	}
	if len(columns) == 0 {
		return nil, table.Name.String() + " has a column of a domain over it: make that domain anew over the new type first"
	}
	return files, ""
}

func intersection(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// namesType says what else names a type, so that it could not be dropped.
func (j judging) namesType(typ pgschema.Name) string {
	var all []string
	for _, t := range j.now.Types {
		if t.Base.Name == typ || slices.ContainsFunc(t.Columns, func(c *pgschema.Column) bool { return c.Type.Name == typ }) {
			all = append(all, "the type "+t.Name.String())
		}
	}
	for _, f := range j.now.Functions {
		for _, made := range f.Overloads {
			if j.saysType(made, typ) || strings.Contains(f.Body, "::"+typ.Local) {
				all = append(all, "the function "+f.Name.String())
			}
		}
	}
	for _, v := range j.now.Views {
		if v.Query != nil && j.saysType(v.Query, typ) {
			all = append(all, "the view "+v.Name.String())
		}
	}
	for _, t := range j.now.Tables {
		all = append(all, j.typeInTable(t, typ)...)
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return all[0] + " names it: make that anew for the new type first"
}

func (j judging) typeInTable(t *pgschema.Table, typ pgschema.Name) []string {
	var all []string
	for _, k := range t.Constraints {
		if k.Expression != nil && j.saysType(k.Expression, typ) {
			all = append(all, "the constraint "+quotedPart(k.Name)+" of "+t.Name.String())
		}
	}
	for _, i := range j.now.IndexesOf(t.Name) {
		if i.Made != nil && j.saysType(i.Made, typ) {
			all = append(all, "the index "+i.Name.String())
		}
	}
	for _, g := range t.Guards {
		if j.saysType(g, typ) {
			all = append(all, "the policy "+quotedPart(g.GetPolicyName())+" of "+t.Name.String())
		}
	}
	for _, g := range t.Triggers {
		if g.Made != nil && j.saysType(g.Made, typ) {
			all = append(all, "the trigger "+quotedPart(g.Name)+" of "+t.Name.String())
		}
	}
	for _, c := range t.Columns {
		if c.Default != nil && j.saysType(c.Default, typ) && (c.Generated || uncastNode(c.Default).GetAConst() == nil) {
			all = append(all, "the default of "+t.Name.String()+"."+quotedPart(c.Name))
		}
	}
	return all
}

func (j judging) saysType(m proto.Message, typ pgschema.Name) (says bool) {
	pgschema.Walk(m, func(part proto.Message) {
		if t, is := part.(*pg.TypeName); is && j.now.TypeOf(t).Name == typ {
			says = true
		}
	})
	return says
}

// typeSQLOf makes an enum or a range as it is, under a name.
func typeSQLOf(t *pgschema.Type, name pgschema.Name) string {
	if t.Kind == pgschema.Range {
		made, _ := proto.Clone(t.Made).(*pg.CreateRangeStmt)
		if made == nil {
			return ""
		}
		made.TypeName = []*pg.Node{pg.MakeStrNode(name.Schema), pg.MakeStrNode(name.Local)}
		return written(&pg.Node{Node: &pg.Node_CreateRangeStmt{CreateRangeStmt: made}})
	}
	var values []string
	for _, v := range t.Values {
		values = append(values, literal(v))
	}
	return "CREATE TYPE " + sqlName(name) + " AS ENUM (" + strings.Join(values, ", ") + ")"
}
