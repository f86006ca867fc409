package pgclass

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// judging looks at one statement.
type judging struct {
	released *pgschema.Schema // what running code was written for
	now      *pgschema.Schema // right before the statement
}

func newJudging(released, now *pgschema.Schema) judging {
	if released == nil {
		released = pgschema.New()
	}
	return judging{released: released, now: now}
}

// newRelation reports whether no running code has seen a relation: it is
// there, and neither its name nor one that it had before is released.
func (j judging) newRelation(n pgschema.Name) bool {
	return j.now.Has(n) && !slices.ContainsFunc(append(j.earlier(n), n), j.released.Has)
}

// earlier lists the names that a relation had before.
func (j judging) earlier(n pgschema.Name) []pgschema.Name {
	switch {
	case j.now.Tables[n] != nil:
		return slices.Clone(j.now.Tables[n].Was)
	case j.now.Views[n] != nil:
		return slices.Clone(j.now.Views[n].Was)
	case j.now.Indexes[n] != nil:
		return slices.Clone(j.now.Indexes[n].Was)
	case j.now.Sequences[n] != nil:
		return slices.Clone(j.now.Sequences[n].Was)
	case j.now.Types[n] != nil:
		return slices.Clone(j.now.Types[n].Was)
	}
	return nil
}

// origin is the released table that a table was, or nil.
func (j judging) origin(table pgschema.Name) *pgschema.Table {
	if t := j.released.Tables[table]; t != nil {
		return t
	}
	for _, n := range slices.Backward(j.earlier(table)) {
		if t := j.released.Tables[n]; t != nil {
			return t
		}
	}
	return nil
}

// newColumn reports whether no running code has seen a column.
func (j judging) newColumn(table pgschema.Name, column string) bool {
	if j.newRelation(table) {
		return true
	}
	t, was := j.now.Tables[table], j.origin(table)
	if t == nil || t.Column(column) == nil || was == nil {
		return false
	}
	names := append(slices.Clone(t.Column(column).Was), column)
	return !slices.ContainsFunc(names, func(name string) bool { return was.Column(name) != nil })
}

// allNew reports whether there are columns and all are new.
func (j judging) allNew(table pgschema.Name, columns []string) bool {
	return len(columns) > 0 && !slices.ContainsFunc(columns, func(c string) bool { return !j.newColumn(table, c) })
}

func (j judging) newConstraint(table pgschema.Name, name string) bool {
	if j.newRelation(table) {
		return true
	}
	t, was := j.now.Tables[table], j.origin(table)
	if t == nil || t.Constraint(name) == nil || was == nil {
		return false
	}
	names := append(slices.Clone(t.Constraint(name).Was), name)
	return !slices.ContainsFunc(names, func(name string) bool { return was.Constraint(name) != nil })
}

func (j judging) newTrigger(table pgschema.Name, name string) bool {
	if j.newRelation(table) {
		return true
	}
	named := func(g pgschema.Trigger) bool { return g.Name == name }
	t, was := j.now.Tables[table], j.origin(table)
	return t != nil && was != nil && slices.ContainsFunc(t.Triggers, named) && !slices.ContainsFunc(was.Triggers, named)
}

func (j judging) newPolicy(table pgschema.Name, name string) bool {
	if j.newRelation(table) {
		return true
	}
	t, was := j.now.Tables[table], j.origin(table)
	return t != nil && was != nil && slices.Contains(t.Policies, name) && !slices.Contains(was.Policies, name)
}

func (j judging) newType(n pgschema.Name) bool {
	t := j.now.Types[n]
	if t == nil {
		return false
	}
	names := append(slices.Clone(t.Was), n)
	return !slices.ContainsFunc(names, func(n pgschema.Name) bool { return j.released.Types[n] != nil })
}

func (j judging) newFunction(n pgschema.Name) bool {
	return j.now.Functions[n] != nil && j.released.Functions[n] == nil
}

func (j judging) newSchema(name string) bool { return j.now.Schemas[name] && !j.released.Schemas[name] }

func (j judging) newExtension(name string) bool {
	return j.now.Extensions[name] && !j.released.Extensions[name]
}

// sure reports whether the schema holds all that the statements before have
// made, as far as the model can tell.
func (j judging) sure() bool { return len(j.now.Unsure) == 0 }
