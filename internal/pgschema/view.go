package pgschema

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) createView(v *pg.ViewStmt) string {
	name := NameOf(v.GetView())
	if s.Has(name) && !v.GetReplace() {
		return taken(name, false)
	}
	s.Views[name] = viewOf(name, v.GetQuery(), false)
	s.Views[name].Made = &pg.Node{Node: &pg.Node_ViewStmt{ViewStmt: v}}
	s.Views[name].Options = len(v.GetOptions()) > 0 || v.GetWithCheckOption() > pg.ViewCheckOption_NO_CHECK_OPTION
	return ""
}

func viewOf(name Name, query *pg.Node, materialized bool) *View {
	v := &View{Name: name, Materialized: materialized, Query: query}
	if query != nil {
		m := MentionsOf(query)
		v.Reads, v.columns, v.everything = m.Relations, m.Columns, m.Everything
	}
	return v
}
