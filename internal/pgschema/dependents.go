package pgschema

import (
	"iter"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// Dependents are the objects for which the server refuses a DROP without
// CASCADE, as words: "the view v", "the column t.c". What the statement drops
// as well is none. Users of functions are left out: their overloads are not
// told apart.
//
// Source: https://www.postgresql.org/docs/current/ddl-depend.html
func (s *Schema) Dependents(d *pg.DropStmt) []string {
	if d.GetBehavior() == pg.DropBehavior_DROP_CASCADE {
		return nil
	}
	switch d.GetRemoveType() {
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_EXTENSION:
		return nil
	}
	all, _ := proto.Clone(d).(*pg.DropStmt)
	all.Behavior = pg.DropBehavior_DROP_CASCADE
	alone, with := s.Dropped(d), s.Dropped(all)
	var found []string
	for _, n := range with.Relations {
		if !slices.Contains(alone.Relations, n) && !with.owned(n) {
			found = append(found, s.kindOf(n)+" "+n.String())
		}
	}
	for _, list := range []struct {
		kind      string
		have, had []part
	}{{"the column ", with.columns, alone.columns}, {"the constraint ", with.constraints, alone.constraints}, {"the default of ", with.defaults, alone.defaults}} {
		for _, p := range list.have {
			if !slices.Contains(list.had, p) && !slices.Contains(with.Relations, p.table) {
				found = append(found, list.kind+p.table.String()+"."+p.name)
			}
		}
	}
	return found
}

// owned reports whether a relation goes with a column or constraint that is
// named by itself.
func (r *Removal) owned(n Name) bool {
	_, isIndex := r.schema.Indexes[n]
	_, isSequence := r.schema.Sequences[n]
	return isIndex || isSequence
}

func (s *Schema) kindOf(n Name) string {
	switch {
	case s.Views[n] != nil:
		return "the view"
	case s.Tables[n] != nil:
		return "the table"
	}
	return "the type"
}

// DependentsOfColumn are the objects for which the server refuses to drop a
// column without CASCADE, as far as that is certain: views of this table alone
// that name the column, and generated columns.
func (s *Schema) DependentsOfColumn(table Name, column string) []string {
	var found []string
	for _, v := range s.ViewsOn(table, column) {
		if !v.everything && len(v.Reads) == 1 && slices.Contains(v.columns, column) {
			found = append(found, "the view "+v.Name.String())
		}
	}
	if t := s.Tables[table]; t != nil {
		for _, c := range t.Columns {
			if c.Generated && c.Name != column && c.Default != nil && slices.Contains(MentionsOf(c.Default).Columns, column) {
				found = append(found, "the generated column "+c.Name)
			}
		}
	}
	return found
}

// Columns are the columns that go from tables that stay.
func (r *Removal) Columns() iter.Seq2[Name, string] {
	return func(yield func(Name, string) bool) {
		for _, p := range r.columns {
			if !slices.Contains(r.Relations, p.table) && !yield(p.table, p.name) {
				return
			}
		}
	}
}
