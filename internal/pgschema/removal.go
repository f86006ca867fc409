package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Removal is everything that a DROP takes along, and what it takes a part
// from.
type Removal struct {
	// Relations go: tables, indexes, views, sequences, composite types.
	Relations []Name
	// Touched are tables that stay and lose something, or that a lost foreign
	// key points at.
	Touched []Name
	// Missing are the objects that the statement names and the schema does
	// not hold.
	Missing []string

	columns      []part
	constraints  []part
	triggers     []part
	policies     []part
	defaults     []part
	types        []Name
	functions    []Name
	overloads    []*pg.CreateFunctionStmt // of functions that stay
	schemas      []string
	extensions   []string
	publications []string

	schema *Schema
	// cascade follows what would otherwise make the server refuse.
	cascade bool
}

// part is something of a table, by its name.
type part struct {
	table Name
	name  string
}

// DroppedColumn says what goes with a column; dependents are followed as
// CASCADE does.
func (s *Schema) DroppedColumn(table Name, column string) *Removal {
	r := &Removal{schema: s, cascade: true}
	for _, t := range s.Tree(table) {
		r.column(t, column)
	}
	return r
}

// DroppedConstraint says what goes with a constraint; see DroppedColumn.
func (s *Schema) DroppedConstraint(table Name, constraint string) *Removal {
	r := &Removal{schema: s, cascade: true}
	for _, t := range s.Tree(table) {
		r.constraint(t, constraint)
	}
	return r
}

// Dropped says what a DROP statement takes along.
func (s *Schema) Dropped(d *pg.DropStmt) *Removal {
	r := &Removal{schema: s, cascade: d.GetBehavior() == pg.DropBehavior_DROP_CASCADE}
	for _, o := range d.GetObjects() {
		r.object(d.GetRemoveType(), o)
	}
	return r
}

func (r *Removal) object(kind pg.ObjectType, o *pg.Node) {
	parts := objectParts(o)
	name := NameOfParts(parts)
	switch kind {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE, pg.ObjectType_OBJECT_VIEW,
		pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE:
		if !r.schema.Has(name) {
			r.Missing = append(r.Missing, name.String())
		}
		r.relation(name)
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		r.typ(name)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		if f := r.schema.Functions[name]; f != nil && len(f.Overloads) > 1 && r.schema.Overload(name, o.GetObjectWithArgs()) != nil {
			r.overloads = append(r.overloads, r.schema.Overload(name, o.GetObjectWithArgs()))
			return
		}
		r.function(name)
	case pg.ObjectType_OBJECT_SCHEMA:
		r.wholeSchema(name.Local)
	case pg.ObjectType_OBJECT_EXTENSION:
		r.extension(name.Local)
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_POLICY:
		r.partOfTable(kind, parts)
	case pg.ObjectType_OBJECT_PUBLICATION:
		r.publications = append(r.publications, name.Local)
	}
}

// objectParts reads the name of a dropped object, which the grammar keeps in
// one of four shapes.
func objectParts(o *pg.Node) []string {
	switch n := o.GetNode().(type) {
	case *pg.Node_List:
		return Strings(n.List.GetItems())
	case *pg.Node_String_:
		return []string{n.String_.GetSval()}
	case *pg.Node_TypeName:
		return Strings(n.TypeName.GetNames())
	case *pg.Node_ObjectWithArgs:
		return Strings(n.ObjectWithArgs.GetObjname())
	}
	return nil
}

func (r *Removal) partOfTable(kind pg.ObjectType, parts []string) {
	if len(parts) < 2 {
		return
	}
	table := NameOfParts(parts[:len(parts)-1])
	trees := []Name{table}
	if kind == pg.ObjectType_OBJECT_TRIGGER {
		trees = r.schema.Tree(table)
	}
	for _, t := range trees {
		r.touch(t)
	}
	p := part{table, parts[len(parts)-1]}
	switch kind {
	case pg.ObjectType_OBJECT_TRIGGER:
		r.triggers = append(r.triggers, p)
	case pg.ObjectType_OBJECT_POLICY:
		r.policies = append(r.policies, p)
	}
}

func (r *Removal) touch(table Name) {
	if !slices.Contains(r.Touched, table) {
		r.Touched = append(r.Touched, table)
	}
}

// goes notes a relation and reports whether it is new.
func (r *Removal) goes(n Name) bool {
	if slices.Contains(r.Relations, n) {
		return false
	}
	r.Relations = append(r.Relations, n)
	return true
}

func (r *Removal) relation(n Name) {
	s := r.schema
	switch {
	case s.Tables[n] != nil:
		r.table(s.Tables[n])
	case s.Views[n] != nil:
		r.view(s.Views[n])
	case s.Indexes[n] != nil:
		r.index(s.Indexes[n])
	case s.Sequences[n] != nil:
		r.sequence(n)
	}
}

func (r *Removal) table(t *Table) {
	if !r.goes(t.Name) {
		return
	}
	s := r.schema
	if t.PartitionOf != (Name{}) {
		r.touch(t.PartitionOf)
		if def := s.DefaultPartition(t.PartitionOf); def != nil && def != t {
			r.touch(def.Name) // its bound changes; heap_drop_with_catalog locks it
		}
	}
	for _, i := range s.IndexesOf(t.Name) {
		r.goes(i.Name)
	}
	for _, k := range t.Constraints {
		if k.Kind == ForeignKey {
			r.touch(k.References)
		}
	}
	for _, q := range s.SequencesOf(t.Name) {
		r.sequence(q.Name)
	}
	for _, child := range s.Children(t.Name) {
		if r.cascade || child.PartitionOf == t.Name {
			r.table(child)
		}
	}
	r.dependents(t.Name, "")
}

// dependents follows what reads or points at a table, or at its column.
func (r *Removal) dependents(table Name, column string) {
	if !r.cascade {
		return
	}
	for _, v := range r.schema.ViewsOn(table, column) {
		r.view(v)
	}
	if column != "" {
		return
	}
	for _, ref := range r.schema.ReferencesTo(table) {
		r.constraint(ref.From, ref.Constraint.Name)
	}
}

func (r *Removal) view(v *View) {
	if !r.goes(v.Name) {
		return
	}
	for _, i := range r.schema.IndexesOf(v.Name) {
		r.goes(i.Name)
	}
	r.dependents(v.Name, "")
}

func (r *Removal) index(i *Index) {
	if !r.goes(i.Name) {
		return
	}
	r.touch(i.Table)
	for _, child := range pick(r.schema.Indexes, func(c *Index) bool { return c.Parent == i.Name }, func(c *Index) Name { return c.Name }) {
		r.index(child)
	}
}

func (r *Removal) sequence(n Name) {
	if !r.goes(n) || !r.cascade {
		return
	}
	for _, t := range pick(r.schema.Tables, func(*Table) bool { return true }, func(t *Table) Name { return t.Name }) {
		for _, c := range t.Columns {
			if c.Default != nil && slices.Contains(SequencesIn(c.Default), n) {
				r.touch(t.Name)
				r.defaults = append(r.defaults, part{t.Name, c.Name})
			}
		}
	}
}

func (r *Removal) column(table Name, column string) {
	p := part{table, column}
	t := r.schema.Tables[table]
	if t == nil || t.Column(column) == nil || slices.Contains(r.columns, p) {
		return
	}
	r.columns = append(r.columns, p)
	r.touch(table)
	for _, k := range t.Constraints {
		if slices.Contains(k.Columns, column) {
			r.constraint(table, k.Name)
		}
	}
	for _, i := range r.schema.IndexesOf(table) {
		if slices.Contains(i.Columns, column) {
			r.index(i)
		}
	}
	for _, q := range r.schema.SequencesOf(table) {
		if q.Column == column {
			r.sequence(q.Name)
		}
	}
	r.dependents(table, column)
}

func (r *Removal) constraint(table Name, name string) {
	p := part{table, name}
	t := r.schema.Tables[table]
	if t == nil || t.Constraint(name) == nil || slices.Contains(r.constraints, p) {
		return
	}
	r.constraints = append(r.constraints, p)
	r.touch(table)
	k := t.Constraint(name)
	if k.Kind == ForeignKey {
		r.touch(k.References)
	}
	if k.Index == (Name{}) {
		return
	}
	r.goes(k.Index)
	if !r.cascade {
		return
	}
	for _, ref := range r.schema.ReferencesTo(table) {
		if r.schema.keyOf(ref.Constraint) == k {
			r.constraint(ref.From, ref.Constraint.Name)
		}
	}
}

// keyOf is the constraint that a foreign key points at, or nil.
func (s *Schema) keyOf(fk *Constraint) *Constraint {
	t := s.Tables[fk.References]
	if t == nil {
		return nil
	}
	for _, k := range t.Constraints {
		if len(fk.ReferencedColumns) == 0 && k.Kind == Primary {
			return k
		}
		if k.Index != (Name{}) && len(fk.ReferencedColumns) > 0 && slices.Equal(k.Columns, fk.ReferencedColumns) {
			return k
		}
	}
	return nil
}
