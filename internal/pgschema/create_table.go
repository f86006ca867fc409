package pgschema

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) createTable(c *pg.CreateStmt) string {
	name := NameOf(c.GetRelation())
	if s.Has(name) {
		return taken(name, c.GetIfNotExists())
	}
	t := &Table{
		Name:         name,
		Temporary:    c.GetRelation().GetRelpersistence() == "t",
		Unlogged:     c.GetRelation().GetRelpersistence() == "u",
		Bound:        c.GetPartbound(),
		AccessMethod: c.GetAccessMethod(),
	}
	s.Tables[name] = t
	reasons := []string{s.inherit(t, c), s.partition(t, c.GetPartspec())}
	for _, e := range c.GetTableElts() {
		reasons = append(reasons, s.element(t, e))
	}
	for _, e := range c.GetConstraints() {
		reasons = append(reasons, s.addConstraint(t, e.GetConstraint()))
	}
	if c.GetOfTypename() != nil {
		reasons = append(reasons, "columns of a typed table are not followed")
	}
	return join(reasons)
}

func taken(name Name, allowed bool) string {
	if allowed {
		return ""
	}
	return name.String() + " is there already"
}

func join(reasons []string) string {
	return strings.Join(slices.DeleteFunc(reasons, func(r string) bool { return r == "" }), "; ")
}

func (s *Schema) element(t *Table, e *pg.Node) string {
	switch n := e.GetNode().(type) {
	case *pg.Node_ColumnDef:
		return s.addColumn(t, n.ColumnDef)
	case *pg.Node_Constraint:
		return s.addConstraint(t, n.Constraint)
	case *pg.Node_TableLikeClause:
		return s.like(t, n.TableLikeClause)
	}
	return "an element of CREATE TABLE is not followed"
}

// inherit copies what a new table has from the tables above it.
func (s *Schema) inherit(t *Table, c *pg.CreateStmt) string {
	var reason string
	for _, r := range c.GetInhRelations() {
		parent := s.Tables[NameOf(r.GetRangeVar())]
		name := NameOf(r.GetRangeVar())
		switch {
		case name == t.Name:
			return name.String() + " cannot stand above itself"
		case c.GetPartbound() != nil:
			t.PartitionOf = name
		default:
			t.Inherits = append(t.Inherits, name)
		}
		s.addChild(name, t)
		if parent == nil {
			reason = name.String() + " is not known, so its columns are not"
			continue
		}
		s.copyColumns(t, parent)
		for _, k := range parent.Constraints {
			s.inheritConstraint(t, k)
		}
		if c.GetPartbound() != nil {
			s.copyIndexes(t, parent)
			t.Triggers = append(t.Triggers, parent.Triggers...)
		}
	}
	return reason
}

func (s *Schema) copyColumns(t, from *Table) {
	for _, c := range from.Columns {
		if t.Column(c.Name) == nil {
			copied := *c
			t.Columns = append(t.Columns, &copied)
		}
	}
}

// inheritConstraint copies a constraint to a partition or a child, where it
// is not there yet. Keys are copied with their indexes.
func (s *Schema) inheritConstraint(t *Table, k *Constraint) {
	if k.Kind != Check && (k.Kind != ForeignKey || t.PartitionOf == Name{}) || t.Constraint(k.Name) != nil {
		return
	}
	copied := *k
	t.Constraints = append(t.Constraints, &copied)
}

// copyIndexes gives a partition the indexes of the table above it.
func (s *Schema) copyIndexes(t, parent *Table) {
	for _, i := range s.IndexesOf(parent.Name) {
		copied := *i
		copied.Table, copied.Parent, copied.Valid = t.Name, i.Name, true
		copied.Name = s.free(Name{t.Name.Schema, indexName(t.Name.Local, i)})
		if i.Constraint != "" {
			copied.Constraint = copied.Name.Local
			t.Constraints = append(t.Constraints, keyConstraint(&copied))
		}
		s.addIndex(&copied)
	}
}

func keyConstraint(i *Index) *Constraint {
	k := &Constraint{Name: i.Constraint, Kind: Unique, Columns: keyColumns(i), Validated: true, Index: i.Name}
	if i.Primary {
		k.Kind = Primary
	}
	return k
}

func keyColumns(i *Index) []string {
	var all []string
	for _, p := range i.Parts {
		if p.Column != "" {
			all = append(all, p.Column)
		}
	}
	return all
}

func (s *Schema) partition(t *Table, spec *pg.PartitionSpec) string {
	if spec == nil {
		return ""
	}
	t.Partitioned = true
	for _, p := range spec.GetPartParams() {
		name := p.GetPartitionElem().GetName()
		if name == "" {
			t.PartitionKey = nil
			return ""
		}
		t.PartitionKey = append(t.PartitionKey, name)
	}
	return ""
}

// Options of LIKE, as PostgreSQL numbers them (parsenodes.h, TableLikeOption).
const (
	likeConstraints = 1 << 2
	likeDefaults    = 1 << 3
	likeIdentity    = 1 << 5
	likeIndexes     = 1 << 6
)

func (s *Schema) like(t *Table, l *pg.TableLikeClause) string {
	from := s.Tables[NameOf(l.GetRelation())]
	if from == nil {
		return NameOf(l.GetRelation()).String() + " is not known, so the columns LIKE it are not"
	}
	for _, c := range from.Columns {
		copied := *c
		if l.GetOptions()&likeDefaults == 0 {
			copied.Default = nil
		}
		copied.Identity = c.Identity && l.GetOptions()&likeIdentity != 0
		copied.Generated = false
		t.Columns = append(t.Columns, &copied)
		if copied.Identity {
			s.own(t, copied.Name, true)
		}
	}
	if l.GetOptions()&likeConstraints != 0 {
		for _, k := range from.Constraints {
			s.inheritConstraint(t, k)
		}
	}
	if l.GetOptions()&likeIndexes != 0 {
		s.copyIndexes(t, from)
	}
	return ""
}

func (s *Schema) createTableAs(c *pg.CreateTableAsStmt) string {
	name := NameOf(c.GetInto().GetRel())
	if s.Has(name) {
		return taken(name, c.GetIfNotExists())
	}
	if c.GetObjtype() == pg.ObjectType_OBJECT_MATVIEW {
		s.Views[name] = viewOf(name, c.GetQuery(), true)
		s.Views[name].Made = &pg.Node{Node: &pg.Node_CreateTableAsStmt{CreateTableAsStmt: c}}
		return ""
	}
	s.Tables[name] = &Table{Name: name, Temporary: c.GetInto().GetRel().GetRelpersistence() == "t"}
	return "the columns of " + name.String() + " follow from a query"
}

func (s *Schema) selectInto(into *pg.IntoClause, _ *pg.SelectStmt) string {
	name := NameOf(into.GetRel())
	s.Tables[name] = &Table{Name: name, Temporary: into.GetRel().GetRelpersistence() == "t"}
	return "the columns of " + name.String() + " follow from a query"
}
