package pgschema

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// Schema is what the statements applied so far have made. The zero value is
// not usable; see New.
type Schema struct {
	Schemas      map[string]bool
	Tables       map[Name]*Table
	Indexes      map[Name]*Index
	Views        map[Name]*View
	Sequences    map[Name]*Sequence
	Types        map[Name]*Type
	Functions    map[Name]*Function
	Publications map[string]*Publication
	Extensions   map[string]bool
	// Unsure lists what was not understood, in the order of the statements.
	Unsure []Unsure

	links atomic.Pointer[links] // nil: not made
}

// Unsure is a statement whose result the model does not hold.
type Unsure struct {
	Line   int // of the statement in its own text
	Reason string
}

// New returns a schema that holds nothing but the schema public.
func New() *Schema {
	return &Schema{
		Schemas:      map[string]bool{Public: true},
		Tables:       map[Name]*Table{},
		Indexes:      map[Name]*Index{},
		Views:        map[Name]*View{},
		Sequences:    map[Name]*Sequence{},
		Types:        map[Name]*Type{},
		Functions:    map[Name]*Function{},
		Publications: map[string]*Publication{},
		Extensions:   map[string]bool{},
	}
}

// Has reports whether a relation of any kind has this name.
func (s *Schema) Has(n Name) bool {
	return s.Tables[n] != nil || s.Indexes[n] != nil || s.Views[n] != nil || s.Sequences[n] != nil || s.isComposite(n)
}

func (s *Schema) isComposite(n Name) bool {
	t := s.Types[n]
	return t != nil && t.Kind == Composite
}

// IndexesOf returns the indexes of a table or materialized view, by name.
func (s *Schema) IndexesOf(table Name) []*Index {
	return byName(s.linked().indexes[table], func(i *Index) Name { return i.Name })
}

// SequencesOf returns the sequences that the table's columns own, by name.
func (s *Schema) SequencesOf(table Name) []*Sequence {
	return pick(s.Sequences, func(q *Sequence) bool { return q.Table == table }, func(q *Sequence) Name { return q.Name })
}

// Children returns the partitions and inheriting tables right below a table,
// by name.
func (s *Schema) Children(table Name) []*Table {
	return byName(s.linked().children[table], func(t *Table) Name { return t.Name })
}

// Tree returns the table and all tables below it, the table itself first.
func (s *Schema) Tree(table Name) []Name {
	all := []Name{table}
	for i := 0; i < len(all); i++ {
		for _, child := range s.Children(all[i]) {
			if !slices.Contains(all, child.Name) {
				all = append(all, child.Name)
			}
		}
	}
	return all
}

// DefaultPartition returns the default partition of a table, or nil.
func (s *Schema) DefaultPartition(table Name) *Table {
	for _, child := range s.Children(table) {
		if child.PartitionOf == table && child.Bound.GetIsDefault() {
			return child
		}
	}
	return nil
}

// Reference is a foreign key, seen from the table that it points at.
type Reference struct {
	From       Name
	Constraint *Constraint
}

// ReferencesTo returns the foreign keys that point at a table, by their table
// and then in the order in which they were made.
func (s *Schema) ReferencesTo(table Name) []Reference {
	var all []Reference
	pointing := func(c *Constraint) bool { return c.Kind == ForeignKey && c.References == table }
	for _, t := range pick(s.Tables, func(t *Table) bool { return slices.ContainsFunc(t.Constraints, pointing) }, func(t *Table) Name { return t.Name }) {
		for _, c := range t.Constraints {
			if pointing(c) {
				all = append(all, Reference{t.Name, c})
			}
		}
	}
	return all
}

// ViewsOn returns the views and materialized views that read a relation; with
// a column, only those that may read that column.
func (s *Schema) ViewsOn(relation Name, column string) []*View {
	return pick(s.Views, func(v *View) bool { return v.reads(relation, column) }, func(v *View) Name { return v.Name })
}

// TablesUsing returns the tables that have a column of this type or of a
// domain over it, by name.
func (s *Schema) TablesUsing(typ Name) []*Table {
	return pick(s.Tables, func(t *Table) bool {
		return slices.ContainsFunc(t.Columns, func(c *Column) bool { return s.usesType(c.Type, typ) })
	}, func(t *Table) Name { return t.Name })
}

func (s *Schema) usesType(have DataType, typ Name) bool {
	for range 32 { // a domain over a domain over ...; a ring cannot be made
		if have.Name == typ {
			return true
		}
		d := s.Types[have.Name]
		if d == nil || d.Kind != Domain {
			return false
		}
		have = d.Base
	}
	return false
}

func pick[T any](all map[Name]T, want func(T) bool, name func(T) Name) []T {
	var found []T
	for _, v := range all {
		if want(v) {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, func(a, b T) int { return compareNames(name(a), name(b)) })
	return found
}

func compareNames(a, b Name) int {
	return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Local, b.Local))
}
