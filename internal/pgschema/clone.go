package pgschema

import (
	"maps"
	"slices"
)

// Clone returns a schema of its own: what is applied to either leaves the
// other as it is. Trees of expressions are shared; nothing changes those.
func (s *Schema) Clone() *Schema {
	return &Schema{
		Schemas:      maps.Clone(s.Schemas),
		Tables:       cloneEach(s.Tables, (*Table).clone),
		Indexes:      cloneEach(s.Indexes, (*Index).clone),
		Views:        cloneEach(s.Views, (*View).clone),
		Sequences:    cloneEach(s.Sequences, (*Sequence).clone),
		Types:        cloneEach(s.Types, (*Type).clone),
		Functions:    cloneEach(s.Functions, (*Function).clone),
		Publications: cloneEach(s.Publications, (*Publication).clone),
		Extensions:   maps.Clone(s.Extensions),
		Unsure:       slices.Clone(s.Unsure),
	}
}

func cloneEach[K comparable, V any](all map[K]*V, clone func(*V) *V) map[K]*V {
	cloned := make(map[K]*V, len(all))
	for k, v := range all {
		cloned[k] = clone(v)
	}
	return cloned
}

func cloneList[V any](all []*V, clone func(*V) *V) []*V {
	var cloned []*V
	for _, v := range all {
		cloned = append(cloned, clone(v))
	}
	return cloned
}

func (f *Function) clone() *Function {
	c := *f
	c.Overloads = slices.Clone(f.Overloads)
	return &c
}

func (t *Table) clone() *Table {
	c := *t
	c.Was, c.Inherits = slices.Clone(t.Was), slices.Clone(t.Inherits)
	c.Triggers, c.Policies, c.Guards = slices.Clone(t.Triggers), slices.Clone(t.Policies), slices.Clone(t.Guards)
	c.Statistics = slices.Clone(t.Statistics)
	c.PartitionKey = slices.Clone(t.PartitionKey)
	c.Columns = cloneList(t.Columns, (*Column).clone)
	c.Constraints = cloneList(t.Constraints, (*Constraint).clone)
	return &c
}

func (c *Column) clone() *Column {
	cloned := *c
	cloned.Was = slices.Clone(c.Was)
	return &cloned
}

func (c *Constraint) clone() *Constraint {
	cloned := *c
	cloned.Was, cloned.Columns = slices.Clone(c.Was), slices.Clone(c.Columns)
	cloned.ReferencedColumns = slices.Clone(c.ReferencedColumns)
	return &cloned
}

func (i *Index) clone() *Index {
	c := *i
	c.Was, c.Parts, c.Columns = slices.Clone(i.Was), slices.Clone(i.Parts), slices.Clone(i.Columns)
	return &c
}

func (v *View) clone() *View {
	c := *v
	c.Was, c.Reads = slices.Clone(v.Was), slices.Clone(v.Reads)
	return &c
}

func (q *Sequence) clone() *Sequence {
	c := *q
	c.Was, c.Options = slices.Clone(q.Was), slices.Clone(q.Options)
	return &c
}

func (t *Type) clone() *Type {
	c := *t
	c.Was, c.Values = slices.Clone(t.Was), slices.Clone(t.Values)
	c.Checks, c.Columns = cloneList(t.Checks, (*Constraint).clone), cloneList(t.Columns, (*Column).clone)
	return &c
}

func (p *Publication) clone() *Publication {
	c := *p
	c.Tables, c.Schemas = slices.Clone(p.Tables), slices.Clone(p.Schemas)
	return &c
}
