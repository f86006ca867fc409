package pgschema

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) addColumn(t *Table, d *pg.ColumnDef) string {
	if t.Column(d.GetColname()) != nil {
		return ""
	}
	typ, isSerial := serial(s.TypeOf(d.GetTypeName()))
	c := &Column{
		Name: d.GetColname(), Type: typ,
		Collation: collation(d.GetCollClause()), NotNull: d.GetIsNotNull(), Default: d.GetRawDefault(),
	}
	t.Columns = append(t.Columns, c)
	if isSerial {
		c.NotNull = true
		c.Default = nextval(s.own(t, c.Name, false))
	}
	var reasons []string
	for _, k := range d.GetConstraints() {
		reasons = append(reasons, s.columnConstraint(t, c, k.GetConstraint()))
	}
	return join(reasons)
}

func collation(c *pg.CollateClause) string {
	names := Strings(c.GetCollname())
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

func (s *Schema) columnConstraint(t *Table, c *Column, k *pg.Constraint) string {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_NOTNULL:
		c.NotNull = true
	case pg.ConstrType_CONSTR_DEFAULT:
		c.Default = k.GetRawExpr()
	case pg.ConstrType_CONSTR_IDENTITY:
		c.Identity, c.NotNull, c.Always = true, true, k.GetGeneratedWhen() == "a"
		s.number(t, c.Name, k.GetOptions())
	case pg.ConstrType_CONSTR_GENERATED:
		c.Generated, c.Default = true, k.GetRawExpr()
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_DEFERRED:
		if len(t.Constraints) > 0 { // the grammar puts it behind its constraint
			last := t.Constraints[len(t.Constraints)-1]
			last.Deferrable, last.Deferred = true, last.Deferred || k.GetContype() == pg.ConstrType_CONSTR_ATTR_DEFERRED
		}
	case pg.ConstrType_CONSTR_CHECK, pg.ConstrType_CONSTR_FOREIGN, pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE:
		return s.addConstraintOn(t, k, []string{c.Name})
	}
	return ""
}

// own makes the sequence of a serial or an identity column.
func (s *Schema) own(t *Table, column string, internal bool) Name {
	name := s.free(Name{t.Name.Schema, limited(t.Name.Local, column, "seq")})
	s.Sequences[name] = &Sequence{Name: name, Table: t.Name, Column: column, Internal: internal}
	return name
}

// number makes the sequence of an identity column, whose options may name it.
func (s *Schema) number(t *Table, column string, options []*pg.Node) {
	q := s.Sequences[s.own(t, column, true)]
	q.Options = options
	for _, o := range options {
		if d := o.GetDefElem(); d.GetDefname() == "sequence_name" {
			delete(s.Sequences, q.Name)
			q.Name = NameOfParts(Strings(d.GetArg().GetList().GetItems()))
			s.Sequences[q.Name] = q
		}
	}
}

func nextval(sequence Name) *pg.Node {
	return pg.MakeFuncCallNode([]*pg.Node{pg.MakeStrNode("nextval")}, []*pg.Node{pg.MakeAConstStrNode(sequence.String(), -1)}, -1)
}
