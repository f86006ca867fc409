package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// views are those that read the old column, each behind those that it reads.
func (r replacement) views() []*pgschema.View {
	list := r.now.ViewsOn(r.table, r.old())
	for i := 0; i < len(list); i++ {
		for _, v := range r.now.ViewsOn(list[i].Name, "") {
			list = append(slices.DeleteFunc(list, func(w *pgschema.View) bool { return w == v && slices.Index(list, w) > i }), v)
		}
	}
	return list
}

// viewObstacle names a view that cannot be made anew from what is known.
func (r replacement) viewObstacle() string {
	for _, v := range r.views() {
		if why := r.unknownView(v); why != "" {
			return why
		}
	}
	return ""
}

func (r replacement) unknownView(v *pgschema.View) string {
	m := pgschema.MentionsOf(v.Made)
	direct := slices.Contains(v.Reads, r.table)
	switch {
	case v.Made == nil || v.Query == nil:
		return "the view " + v.Name.String() + " reads it, and how it is made is not known: drop it first, and make it again for the new column"
	case direct && m.Everything:
		return "the view " + v.Name.String() + " reads it by a star, and which columns that was is not known: let it name its columns first"
	case slices.ContainsFunc(v.Reads, func(n pgschema.Name) bool { return !slices.Contains(pgschema.MentionsOf(v.Query).Relations, n) }):
		return "the view " + v.Name.String() + " reads it under a name from before a rename: make it again with the present names first"
	case v.Materialized && slices.ContainsFunc(r.now.IndexesOf(v.Name), func(i *pgschema.Index) bool { return deparsed(i.Made) == "" }):
		return "an index of the materialized view " + v.Name.String() + " is not known: drop the view first, and make it again for the new column"
	case r.viewText(v, false) == "" || r.viewText(v, true) == "":
		return "the view " + v.Name.String() + " reads a column of that name of more than one table: qualify it with the table's name first"
	}
	return ""
}

// inPlace reports whether the views get the new column under the old name by
// CREATE OR REPLACE, which keeps what reads them and who may: the type is the
// same.
func (r replacement) inPlace() bool {
	return r.typ.Equal(r.c.Type) && r.collation == "" && r.using == nil && !slices.ContainsFunc(r.views(), func(v *pgschema.View) bool { return v.Materialized })
}

// dropViews and makeViews take the views away and bring them back; finally is
// true for views of the new column.
func (r replacement) dropViews() []string {
	if r.inPlace() {
		return nil
	}
	var all []string
	for _, v := range slices.Backward(r.views()) {
		all = append(all, "DROP "+viewKind(v)+" "+sqlName(v.Name))
	}
	return all
}

func (r replacement) makeViews(finally bool) []string {
	var all []string
	for _, v := range r.views() {
		if r.inPlace() && !slices.Contains(v.Reads, r.table) {
			continue
		}
		all = append(all, r.viewText(v, finally))
		for _, i := range r.now.IndexesOf(v.Name) {
			all = append(all, deparsed(i.Made))
		}
	}
	return all
}

func viewKind(v *pgschema.View) string {
	if v.Materialized {
		return "MATERIALIZED VIEW"
	}
	return "VIEW"
}

// viewText is the statement that makes a view, empty where it is not known
// which of its columns are the old one.
func (r replacement) viewText(v *pgschema.View, finally bool) string {
	made, _ := proto.Clone(v.Made).(*pg.Node)
	query := made.GetViewStmt().GetQuery()
	if v.Materialized {
		c := made.GetCreateTableAsStmt()
		c.Into.Rel, c.IfNotExists, query = rangeVar(v.Name), false, c.GetQuery()
	} else {
		made.GetViewStmt().View, made.GetViewStmt().Replace = rangeVar(v.Name), r.inPlace()
	}
	if finally && !r.takesName && slices.Contains(v.Reads, r.table) && !r.renameIn(query) {
		return ""
	}
	return written(made)
}

// renameIn gives the old column of a query its new name, and lets the query's
// own columns keep theirs.
func (r replacement) renameIn(query *pg.Node) (known bool) {
	called := map[string]pgschema.Name{} // what a qualifier stands for
	known = true
	pgschema.Walk(query, func(m proto.Message) {
		if v, is := m.(*pg.RangeVar); is {
			name := v.GetRelname()
			if v.GetAlias() != nil {
				name = v.GetAlias().GetAliasname()
			}
			if other, again := called[name]; again && other != pgschema.NameOf(v) {
				known = false
			}
			called[name] = pgschema.NameOf(v)
		}
	})
	pgschema.Walk(query, func(m proto.Message) {
		if t, is := m.(*pg.ResTarget); is && t.GetName() == "" && pgschema.ColumnOf(t.GetVal()) == r.old() && r.means(t.GetVal().GetColumnRef(), called) {
			t.Name = r.old()
		}
	})
	pgschema.Walk(query, func(m proto.Message) {
		c, is := m.(*pg.ColumnRef)
		if !is || pgschema.ColumnOf(&pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: c}}) != r.old() {
			return
		}
		known = known && r.sure(c, called)
		if r.means(c, called) {
			c.GetFields()[len(c.GetFields())-1].GetString_().Sval = r.name
		}
	})
	return known
}

// means reports whether a name in a query is of the old column.
func (r replacement) means(c *pg.ColumnRef, called map[string]pgschema.Name) bool {
	parts := pgschema.Strings(c.GetFields())
	return len(parts) < 2 || called[parts[len(parts)-2]] == r.table
}

// sure reports whether that is certain: the name is qualified, or no other
// relation has such a column.
func (r replacement) sure(c *pg.ColumnRef, called map[string]pgschema.Name) bool {
	if len(c.GetFields()) > 1 {
		_, is := called[pgschema.Strings(c.GetFields())[len(c.GetFields())-2]]
		return is
	}
	for _, relation := range called {
		t := r.now.Tables[relation]
		if relation != r.table && (t == nil || t.Column(r.old()) != nil) {
			return false
		}
	}
	return true
}
