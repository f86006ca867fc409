package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// WithColumn is an expression, or a statement about one table, with another
// name for a column of that table.
func WithColumn[M proto.Message](m M, from, to string) M {
	cloned, _ := proto.Clone(m).(M)
	Walk(cloned, func(part proto.Message) {
		switch p := part.(type) {
		case *pg.ColumnRef:
			if last := p.GetFields()[max(0, len(p.GetFields())-1):]; len(last) == 1 && last[0].GetString_().GetSval() == from {
				last[0].GetString_().Sval = to
			}
		case *pg.IndexElem:
			if p.GetName() == from {
				p.Name = to
			}
		case *pg.StatsElem:
			if p.GetName() == from {
				p.Name = to
			}
		case *pg.CreateTrigStmt:
			renameListed(p.GetColumns(), from, to)
		case *pg.Constraint:
			for _, list := range [][]*pg.Node{p.GetKeys(), p.GetIncluding(), p.GetFkAttrs()} {
				renameListed(list, from, to)
			}
		}
	})
	return cloned
}

func renameListed(list []*pg.Node, from, to string) {
	for _, n := range list {
		if n.GetString_().GetSval() == from {
			n.GetString_().Sval = to
		}
	}
}

// followColumn gives what a table's statements say of a column its new name.
func (s *Schema) followColumn(t *Table, from, to string) {
	for _, k := range t.Constraints {
		if slices.Contains(k.Columns, to) && k.Made != nil {
			k.Made = WithColumn(k.Made, from, to)
		}
		if k.Expression != nil {
			k.Expression = WithColumn(k.Expression, from, to)
		}
	}
	for _, c := range t.Columns {
		if c.Generated && c.Default != nil {
			c.Default = WithColumn(c.Default, from, to)
		}
	}
	for i, g := range t.Triggers {
		if g.Made != nil {
			t.Triggers[i].Made = WithColumn(g.Made, from, to)
		}
	}
	for i, c := range t.Statistics {
		t.Statistics[i] = WithColumn(c, from, to)
	}
	for i, g := range t.Guards {
		t.Guards[i] = WithColumn(g, from, to)
	}
	for _, i := range s.IndexesOf(t.Name) {
		s.followInIndex(i, from, to)
	}
}

func (s *Schema) followInIndex(i *Index, from, to string) {
	if i.Made != nil {
		i.Made = WithColumn(i.Made, from, to)
	}
	if i.Where != nil {
		i.Where = WithColumn(i.Where, from, to)
	}
	for p := range i.Parts {
		if i.Parts[p].Expression != nil {
			i.Parts[p].Expression = WithColumn(i.Parts[p].Expression, from, to)
		}
	}
}
