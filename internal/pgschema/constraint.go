package pgschema

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) addConstraint(t *Table, k *pg.Constraint) string {
	return s.addConstraintOn(t, k, Strings(k.GetKeys()))
}

func (s *Schema) addConstraintOn(t *Table, k *pg.Constraint, columns []string) string {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_CHECK:
		addCheck(t, k)
	case pg.ConstrType_CONSTR_FOREIGN:
		addForeignKey(t, k, columns)
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_EXCLUSION:
		return s.addKey(t, k, columns)
	default:
		return "a constraint of " + t.Name.String() + " is not followed"
	}
	return ""
}

func addCheck(t *Table, k *pg.Constraint) {
	c := &Constraint{
		Name: k.GetConname(), Kind: Check, Expression: k.GetRawExpr(),
		Columns: MentionsOf(k).Columns, Validated: !k.GetSkipValidation(), Made: k,
	}
	if c.Name == "" {
		column := ""
		if len(c.Columns) == 1 {
			column = c.Columns[0]
		}
		c.Name = freeConstraint(t, limited(t.Name.Local, column, "check"))
	}
	t.Constraints = append(t.Constraints, c)
}

func addForeignKey(t *Table, k *pg.Constraint, columns []string) {
	if attrs := Strings(k.GetFkAttrs()); len(attrs) > 0 {
		columns = attrs
	}
	c := &Constraint{
		Name: k.GetConname(), Kind: ForeignKey, Columns: columns,
		References: NameOf(k.GetPktable()), ReferencedColumns: Strings(k.GetPkAttrs()),
		OnDelete: k.GetFkDelAction(), OnUpdate: k.GetFkUpdAction(), Validated: !k.GetSkipValidation(),
		Deferrable: k.GetDeferrable(), Deferred: k.GetInitdeferred(), Made: k,
	}
	if c.Name == "" {
		c.Name = freeConstraint(t, limited(t.Name.Local, strings.Join(columns, "_"), "fkey"))
	}
	t.Constraints = append(t.Constraints, c)
}

// addKey adds a constraint that an index keeps, and the index.
func (s *Schema) addKey(t *Table, k *pg.Constraint, columns []string) string {
	if k.GetIndexname() != "" {
		return s.adoptIndex(t, k)
	}
	i := &Index{Table: t.Name, Method: "btree", Unique: true, Valid: true, Primary: k.GetContype() == pg.ConstrType_CONSTR_PRIMARY}
	for _, c := range columns {
		i.Parts = append(i.Parts, IndexPart{Column: c})
	}
	i.Included = Strings(k.GetIncluding())
	i.Columns = slices.Concat(columns, i.Included)
	kind := Unique
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_PRIMARY:
		kind = Primary
		setNotNull(t, columns)
	case pg.ConstrType_CONSTR_EXCLUSION:
		kind, i.Unique = Exclusion, false
		excluded(i, k)
	}
	i.Constraint = k.GetConname()
	if i.Constraint == "" {
		i.Constraint = "-"
		name := indexName(t.Name.Local, i)
		if kind == Exclusion {
			name = limited(t.Name.Local, partNames(i), "excl")
		}
		i.Constraint = s.free(Name{t.Name.Schema, name}).Local
	}
	i.Name = Name{t.Name.Schema, i.Constraint}
	s.addIndex(i)
	t.Constraints = append(t.Constraints, &Constraint{Name: i.Constraint, Kind: kind, Columns: keyColumns(i), Validated: true, Index: i.Name, Made: k})
	s.spreadIndex(t, i)
	return ""
}

func excluded(i *Index, k *pg.Constraint) {
	i.Method = k.GetAccessMethod()
	for _, e := range k.GetExclusions() {
		for _, item := range e.GetList().GetItems() {
			if elem := item.GetIndexElem(); elem != nil {
				i.Parts = append(i.Parts, indexPart(elem))
			}
		}
	}
	i.Where = k.GetWhereClause()
	i.Columns = MentionsOf(k).Columns
	i.Columns = append(i.Columns, keyColumns(i)...)
}

func setNotNull(t *Table, columns []string) {
	for _, name := range columns {
		if c := t.Column(name); c != nil {
			c.NotNull = true
		}
	}
}

// adoptIndex makes a unique index the index of a constraint; the index gets
// the constraint's name.
func (s *Schema) adoptIndex(t *Table, k *pg.Constraint) string {
	old := Name{t.Name.Schema, k.GetIndexname()}
	i := s.Indexes[old]
	if i == nil {
		return "index " + old.String() + " is not known"
	}
	i.Constraint = k.GetConname()
	if i.Constraint == "" {
		i.Constraint = old.Local
	}
	s.unlink()
	delete(s.Indexes, old)
	i.Name = Name{old.Schema, i.Constraint}
	s.Indexes[i.Name] = i
	i.Primary = k.GetContype() == pg.ConstrType_CONSTR_PRIMARY
	if i.Primary {
		setNotNull(t, keyColumns(i))
	}
	t.Constraints = append(t.Constraints, keyConstraint(i))
	return ""
}
