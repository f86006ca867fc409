package pgschema

import (
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) rename(r *pg.RenameStmt) string {
	name := NameOf(r.GetRelation())
	to := Name{name.Schema, r.GetNewname()}
	switch r.GetRenameType() {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE, pg.ObjectType_OBJECT_VIEW,
		pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE:
		return s.renameRelation(name, to, r.GetMissingOk())
	case pg.ObjectType_OBJECT_COLUMN:
		return s.renameColumn(name, r)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return s.renameConstraint(name, r)
	case pg.ObjectType_OBJECT_TRIGGER:
		if t := s.Tables[name]; t != nil {
			for i := range t.Triggers {
				if t.Triggers[i].Name == r.GetSubname() {
					t.Triggers[i].Name = r.GetNewname()
				}
			}
		}
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		old := NameOfParts(objectParts(r.GetObject()))
		s.renameType(old, Name{old.Schema, r.GetNewname()})
	case pg.ObjectType_OBJECT_SCHEMA:
		return s.renameSchema(r.GetSubname(), r.GetNewname())
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		old := NameOfParts(objectParts(r.GetObject()))
		return s.renameFunction(old, r.GetObject().GetObjectWithArgs(), Name{old.Schema, r.GetNewname()})
	}
	return ""
}

// renameSchema gives all that is in a schema its new name.
func (s *Schema) renameSchema(from, to string) string {
	if s.Schemas[to] {
		return "there is a schema " + to + " already"
	}
	delete(s.Schemas, from)
	s.Schemas[to] = true
	in := func(n Name) bool { return n.Schema == from }
	relations := append(s.relations(), slices.Collect(maps.Keys(s.Indexes))...)
	for _, n := range slices.DeleteFunc(relations, func(n Name) bool { return !in(n) }) {
		s.renameRelation(n, Name{to, n.Local}, true)
	}
	for _, t := range pick(s.Types, func(t *Type) bool { return in(t.Name) }, func(t *Type) Name { return t.Name }) {
		s.renameType(t.Name, Name{to, t.Name.Local})
	}
	for _, f := range pick(s.Functions, func(f *Function) bool { return in(f.Name) }, func(f *Function) Name { return f.Name }) {
		s.nameFunction(f, Name{to, f.Name.Local})
	}
	for _, p := range s.Publications {
		p.Schemas = renamed(p.Schemas, from, to)
	}
	return ""
}

func (s *Schema) move(a *pg.AlterObjectSchemaStmt) string {
	if a.GetRelation() != nil {
		name := NameOf(a.GetRelation())
		to := Name{a.GetNewschema(), name.Local}
		for _, i := range s.IndexesOf(name) {
			s.renameRelation(i.Name, Name{to.Schema, i.Name.Local}, true)
		}
		for _, q := range s.SequencesOf(name) {
			s.renameRelation(q.Name, Name{to.Schema, q.Name.Local}, true)
		}
		return s.renameRelation(name, to, a.GetMissingOk())
	}
	if a.GetObjectType() == pg.ObjectType_OBJECT_TYPE || a.GetObjectType() == pg.ObjectType_OBJECT_DOMAIN {
		old := NameOfParts(objectParts(a.GetObject()))
		s.renameType(old, Name{a.GetNewschema(), old.Local})
		return ""
	}
	if f := a.GetObject().GetObjectWithArgs(); f != nil {
		old := NameOfParts(objectParts(a.GetObject()))
		return s.renameFunction(old, f, Name{a.GetNewschema(), old.Local})
	}
	return "SET SCHEMA is followed for relations, types and functions alone"
}

func (s *Schema) renameRelation(from, to Name, missingOK bool) string {
	if !s.Has(from) {
		if missingOK {
			return ""
		}
		return from.String() + " is not known"
	}
	if s.Has(to) {
		return to.String() + " is there already"
	}
	s.unlink()
	rekey(s.Tables, from, to, func(t *Table) { t.Name, t.Was = to, append(slices.Clip(t.Was), from) })
	rekey(s.Views, from, to, func(v *View) { v.Name, v.Was = to, append(slices.Clip(v.Was), from) })
	rekey(s.Sequences, from, to, func(q *Sequence) { q.Name, q.Was = to, append(slices.Clip(q.Was), from) })
	rekey(s.Indexes, from, to, func(i *Index) { s.renameIndex(i, to) })
	for _, t := range s.Tables {
		t.follow(from, to)
	}
	for _, i := range s.Indexes {
		replace(&i.Table, from, to)
		replace(&i.Parent, from, to)
	}
	for _, q := range s.Sequences {
		replace(&q.Table, from, to)
	}
	for _, v := range s.Views {
		replaceAll(v.Reads, from, to)
	}
	for _, p := range s.Publications {
		replaceAll(p.Tables, from, to)
	}
	return ""
}

func (t *Table) follow(from, to Name) {
	replace(&t.PartitionOf, from, to)
	replaceAll(t.Inherits, from, to)
	for _, k := range t.Constraints {
		replace(&k.References, from, to)
		replace(&k.Index, from, to)
	}
}

// renameIndex gives an index its new name; the constraint that it keeps has
// the same one.
func (s *Schema) renameIndex(i *Index, to Name) {
	if t := s.Tables[i.Table]; t != nil && i.Constraint != "" {
		if k := t.Constraint(i.Constraint); k != nil {
			k.Was = append(slices.Clip(k.Was), k.Name)
			k.Name, i.Constraint = to.Local, to.Local
		}
	}
	i.Was = append(slices.Clip(i.Was), i.Name)
	i.Name = to
}

func rekey[T any](all map[Name]T, from, to Name, set func(T)) {
	if v, ok := all[from]; ok {
		delete(all, from)
		all[to] = v
		set(v)
	}
}

func replace(n *Name, from, to Name) {
	if *n == from {
		*n = to
	}
}

func replaceAll(names []Name, from, to Name) {
	for i := range names {
		replace(&names[i], from, to)
	}
}

func (s *Schema) renameColumn(table Name, r *pg.RenameStmt) string {
	if v := s.Views[table]; v != nil {
		return ""
	}
	if s.Tables[table] == nil {
		return table.String() + " is not known"
	}
	for _, name := range s.Tree(table) {
		if t := s.Tables[name]; t != nil {
			s.renameColumnOf(t, r.GetSubname(), r.GetNewname())
		}
	}
	if len(s.ViewsOn(table, r.GetSubname())) > 0 {
		return "views keep the old name of a renamed column in this model"
	}
	return ""
}

func (s *Schema) renameColumnOf(t *Table, from, to string) {
	if c := t.Column(from); c != nil {
		c.Name, c.Was = to, append(slices.Clip(c.Was), from)
	}
	for _, k := range t.Constraints {
		k.Columns = renamed(k.Columns, from, to)
	}
	for _, i := range s.IndexesOf(t.Name) {
		i.Columns, i.Included = renamed(i.Columns, from, to), renamed(i.Included, from, to)
		for p := range i.Parts {
			if i.Parts[p].Column == from {
				i.Parts[p].Column = to
			}
		}
	}
	s.followColumn(t, from, to)
	for _, q := range s.SequencesOf(t.Name) {
		if q.Column == from {
			q.Column = to
		}
	}
	for _, ref := range s.ReferencesTo(t.Name) {
		ref.Constraint.ReferencedColumns = renamed(ref.Constraint.ReferencedColumns, from, to)
	}
}

func renamed(names []string, from, to string) []string {
	names = slices.Clone(names)
	for i := range names {
		if names[i] == from {
			names[i] = to
		}
	}
	return names
}

func (s *Schema) renameConstraint(table Name, r *pg.RenameStmt) string {
	t := s.Tables[table]
	if t == nil {
		return table.String() + " is not known"
	}
	k := t.Constraint(r.GetSubname())
	if k == nil {
		return "constraint " + r.GetSubname() + " of " + table.String() + " is not known"
	}
	if k.Index != (Name{}) {
		return s.renameRelation(k.Index, Name{k.Index.Schema, r.GetNewname()}, false)
	}
	k.Name, k.Was = r.GetNewname(), append(slices.Clip(k.Was), k.Name)
	return ""
}

func (s *Schema) renameType(from, to Name) {
	rekey(s.Types, from, to, func(t *Type) { t.Name, t.Was = to, append(slices.Clip(t.Was), from) })
	for _, t := range s.Types {
		replace(&t.Base.Name, from, to)
	}
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			replace(&c.Type.Name, from, to)
		}
	}
}
