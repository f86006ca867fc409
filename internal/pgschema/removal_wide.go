package pgschema

import (
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// typ follows a type: with CASCADE its columns, its domains and the functions'
// users go, too.
func (r *Removal) typ(n Name) {
	s := r.schema
	if slices.Contains(r.types, n) {
		return
	}
	if s.Types[n] == nil {
		r.Missing = append(r.Missing, n.String())
		return
	}
	r.types = append(r.types, n)
	if s.isComposite(n) {
		r.goes(n)
	}
	if !r.cascade {
		return
	}
	for _, t := range pick(s.Tables, func(*Table) bool { return true }, func(t *Table) Name { return t.Name }) {
		for _, c := range t.Columns {
			if c.Type.Name == n {
				r.column(t.Name, c.Name)
			}
		}
	}
	for _, d := range pick(s.Types, func(d *Type) bool { return d.Base.Name == n }, func(d *Type) Name { return d.Name }) {
		r.typ(d.Name)
	}
}

func (r *Removal) function(n Name) {
	s := r.schema
	if slices.Contains(r.functions, n) {
		return
	}
	if s.Functions[n] == nil {
		r.Missing = append(r.Missing, n.String()+"()")
	}
	r.functions = append(r.functions, n)
	if !r.cascade {
		return
	}
	for _, t := range pick(s.Tables, func(*Table) bool { return true }, func(t *Table) Name { return t.Name }) {
		r.functionInTable(t, n)
	}
	for _, i := range pick(s.Indexes, func(i *Index) bool { return i.calls(n) }, func(i *Index) Name { return i.Name }) {
		r.index(i)
	}
	for _, v := range pick(s.Views, func(v *View) bool { return calls(v.Query, n) }, func(v *View) Name { return v.Name }) {
		r.view(v)
	}
}

func (r *Removal) functionInTable(t *Table, n Name) {
	for _, trigger := range t.Triggers {
		if trigger.Function == n {
			r.touch(t.Name)
			r.triggers = append(r.triggers, part{t.Name, trigger.Name})
		}
	}
	for _, c := range t.Columns {
		switch {
		case c.Default == nil || !calls(c.Default, n):
		case c.Generated:
			r.column(t.Name, c.Name)
		default:
			r.touch(t.Name)
			r.defaults = append(r.defaults, part{t.Name, c.Name})
		}
	}
	for _, k := range t.Constraints {
		if k.Expression != nil && calls(k.Expression, n) {
			r.constraint(t.Name, k.Name)
		}
	}
}

func (i *Index) calls(n Name) bool {
	return i.Where != nil && calls(i.Where, n) || slices.ContainsFunc(i.Parts, func(p IndexPart) bool {
		return p.Expression != nil && calls(p.Expression, n)
	})
}

func calls(e *pg.Node, n Name) bool {
	if e == nil {
		return false
	}
	return slices.ContainsFunc(MentionsOf(e).Functions, func(f *pg.FuncCall) bool {
		return NameOfParts(Strings(f.GetFuncname())) == n
	})
}

func (r *Removal) wholeSchema(schema string) {
	s := r.schema
	if !s.Schemas[schema] {
		r.Missing = append(r.Missing, schema)
	}
	r.schemas = append(r.schemas, schema)
	if !r.cascade {
		return
	}
	for _, n := range s.relations() {
		if n.Schema == schema {
			r.relation(n)
		}
	}
	for _, t := range pick(s.Types, func(t *Type) bool { return t.Name.Schema == schema }, func(t *Type) Name { return t.Name }) {
		r.typ(t.Name)
	}
	for _, f := range pick(s.Functions, func(f *Function) bool { return f.Name.Schema == schema }, func(f *Function) Name { return f.Name }) {
		r.function(f.Name)
	}
}

// relations returns the names of all tables, views, indexes and sequences.
func (s *Schema) relations() []Name {
	all := slices.Collect(maps.Keys(s.Tables))
	all = slices.AppendSeq(all, maps.Keys(s.Views))
	all = slices.AppendSeq(all, maps.Keys(s.Sequences))
	slices.SortFunc(all, compareNames)
	return all
}

func (r *Removal) extension(name string) {
	if !r.schema.Extensions[name] {
		r.Missing = append(r.Missing, name)
	}
	r.extensions = append(r.extensions, name)
	for _, t := range pick(r.schema.Types, func(t *Type) bool { return t.Extension == name }, func(t *Type) Name { return t.Name }) {
		r.typ(t.Name)
	}
}

// Remove takes a removal out of the schema.
func (s *Schema) Remove(r *Removal) {
	s.unlink()
	for _, n := range r.Relations {
		delete(s.Tables, n)
		delete(s.Indexes, n)
		delete(s.Views, n)
		delete(s.Sequences, n)
		s.unpublish(n)
	}
	for _, n := range r.types {
		delete(s.Types, n)
	}
	for _, n := range r.functions {
		delete(s.Functions, n)
	}
	for _, made := range r.overloads {
		for _, f := range s.Functions {
			if slices.Contains(f.Overloads, made) {
				s.takeOverload(f, made)
			}
		}
	}
	for _, n := range r.schemas {
		delete(s.Schemas, n)
	}
	for _, n := range r.extensions {
		delete(s.Extensions, n)
	}
	for _, n := range r.publications {
		delete(s.Publications, n)
	}
	s.removeParts(r)
}

func (s *Schema) unpublish(n Name) {
	for _, p := range s.Publications {
		p.Tables = slices.DeleteFunc(p.Tables, func(t Name) bool { return t == n })
	}
}

func (s *Schema) removeParts(r *Removal) {
	for _, p := range r.columns {
		if t := s.Tables[p.table]; t != nil {
			t.Columns = slices.DeleteFunc(t.Columns, func(c *Column) bool { return c.Name == p.name })
			t.Statistics = slices.DeleteFunc(t.Statistics, func(c *pg.CreateStatsStmt) bool { return slices.Contains(statisticsColumns(c), p.name) })
		}
	}
	for _, p := range r.constraints {
		if t := s.Tables[p.table]; t != nil {
			t.Constraints = slices.DeleteFunc(t.Constraints, func(c *Constraint) bool { return c.Name == p.name })
		}
	}
	for _, p := range r.triggers {
		if t := s.Tables[p.table]; t != nil {
			t.Triggers = slices.DeleteFunc(t.Triggers, func(g Trigger) bool { return g.Name == p.name })
		}
	}
	for _, p := range r.policies {
		if t := s.Tables[p.table]; t != nil {
			t.Policies = slices.DeleteFunc(t.Policies, func(name string) bool { return name == p.name })
			t.Guards = slices.DeleteFunc(t.Guards, func(g *pg.CreatePolicyStmt) bool { return g.GetPolicyName() == p.name })
		}
	}
	for _, p := range r.defaults {
		if t := s.Tables[p.table]; t != nil && t.Column(p.name) != nil {
			t.Column(p.name).Default = nil
		}
	}
}
