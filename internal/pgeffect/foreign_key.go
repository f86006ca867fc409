package pgeffect

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// foreignKeys follows the checks that changed rows set off: a new reference
// locks the referenced row, a row that goes or gets another key is looked for
// in the tables that reference it, or changed there by CASCADE.
//
// Source: https://www.postgresql.org/docs/current/ddl-constraints.html, "Foreign
// Keys"; the queries of src/backend/utils/adt/ri_triggers.c.
func (a *analysis) foreignKeys(t *pgschema.Table, c change) {
	for _, k := range t.Constraints {
		if k.Kind == pgschema.ForeignKey && c.action != deletes && c.sets(k.Columns) {
			a.lock(k.References, rowShare)
			if a.server.Major >= 12 {
				a.indexes(k.References, rowShare)
			}
		}
	}
	if c.action == inserts {
		return
	}
	for _, ref := range a.schema.ReferencesTo(t.Name) {
		if c.action == deletes || c.sets(a.key(t, ref.Constraint)) {
			a.referencing(ref, c.action)
		}
	}
}

func (a *analysis) referencing(ref pgschema.Reference, how action) {
	action := ref.Constraint.OnUpdate
	if how == deletes {
		action = ref.Constraint.OnDelete
	}
	m := rowExclusive // CASCADE, SET NULL and SET DEFAULT change rows
	if action == "" || action == "a" || action == "r" {
		m = rowShare
	}
	a.lock(ref.From, m)
	if a.server.Major >= 12 || m == rowExclusive {
		a.indexes(ref.From, m)
	}
	for _, i := range a.schema.IndexesOf(ref.From) {
		if len(i.Parts) > 0 && len(ref.Constraint.Columns) > 0 && i.Parts[0].Column == ref.Constraint.Columns[0] && i.Where == nil {
			return
		}
	}
	a.scan(ref.From)
}

// key is the columns that a foreign key points at.
func (a *analysis) key(t *pgschema.Table, fk *pgschema.Constraint) []string {
	if len(fk.ReferencedColumns) > 0 {
		return fk.ReferencedColumns
	}
	for _, k := range t.Constraints {
		if k.Kind == pgschema.Primary {
			return k.Columns
		}
	}
	return nil
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
