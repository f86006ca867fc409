package pgclass

import (
	"slices"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// leaves is what an INSERT that does not name a column leaves in it.
func (j judging) leaves(c *pgschema.Column) value {
	switch {
	case c.Identity:
		return value{kind: something}
	case c.Generated:
		return value{}
	case c.Default != nil:
		return constants().of(c.Default)
	}
	for t := j.now.Types[c.Type.Name]; t != nil && !c.Type.Array; t = j.now.Types[t.Base.Name] {
		if t.Default != nil {
			return constants().of(t.Default)
		}
	}
	return value{kind: null}
}

// constants computes expressions without columns.
func constants() evaluation { return evaluation{column: func(string) value { return value{} }} }

// filled reports whether INSERTs that do not name a column leave a value in
// it. A function is believed to give one.
func (j judging) filled(c *pgschema.Column) bool {
	switch j.leaves(c).kind {
	case null:
		return false
	case anything:
		return c.Generated || c.Default == nil || c.Default.GetAExpr() == nil && c.Default.GetCaseExpr() == nil
	}
	return true
}

// refusal names what may reject the INSERTs of running code for what they
// leave in a column of a table; it is empty where nothing does.
func (j judging) refusal(t *pgschema.Table, c *pgschema.Column) string {
	v := j.leaves(c)
	switch {
	case c.NotNull && !j.filled(c):
		return "its NOT NULL"
	case v.kind == text && tooLong(c.Type, v.text):
		return "its type, which is too short,"
	case v.kind != null && v.kind != text && c.Default != nil && !c.Generated && outgrows(c.Type, c.Default):
		return "its type, which may be too short for its default,"
	}
	if why := j.domainRefusal(c.Type, v); why != "" {
		return why
	}
	for _, k := range t.Constraints {
		if k.Kind == pgschema.Check && slices.Contains(k.Columns, c.Name) && !j.check(t, c, k.Expression).passes() {
			return "the CHECK " + quotedPart(k.Name)
		}
		if k.Kind == pgschema.ForeignKey && slices.Contains(k.Columns, c.Name) && !j.pointsNowhere(t, c, k.Columns) {
			return "the foreign key " + quotedPart(k.Name)
		}
	}
	return ""
}

func tooLong(d pgschema.DataType, s string) bool {
	return spelled(d) && len(d.Modifiers) == 1 && utf8.RuneCountInString(s) > d.Modifiers[0]
}

// domainRefusal names a domain that may reject a value.
func (j judging) domainRefusal(d pgschema.DataType, v value) string {
	for t := j.now.Types[d.Name]; t != nil && t.Kind == pgschema.Domain && !d.Array; t = j.now.Types[t.Base.Name] {
		if t.NotNull && (v.kind == null || v.kind == anything) {
			return "the domain " + t.Name.String()
		}
		for _, k := range t.Checks {
			if !(evaluation{column: func(string) value { return v }}).of(k.Expression).passes() {
				return "the domain " + t.Name.String()
			}
		}
	}
	return ""
}

// check is the value of a CHECK for what an INSERT of running code leaves in
// a column, as it is given here, and in others that it does not know.
func (j judging) check(t *pgschema.Table, column *pgschema.Column, e *pg.Node) value {
	return evaluation{column: func(name string) value {
		c := columnOf(t, name)
		switch {
		case column != nil && column.Name == name:
			return j.leaves(column)
		case c == nil:
			return value{}
		case j.newColumn(t.Name, name):
			return j.leaves(c)
		case c.NotNull:
			return value{kind: something}
		}
		return value{}
	}}.of(e)
}

func columnOf(t *pgschema.Table, name string) *pgschema.Column {
	if t == nil {
		return nil
	}
	return t.Column(name)
}

// pointsNowhere reports whether an INSERT of running code leaves a foreign key
// NULL, which rejects nothing.
func (j judging) pointsNowhere(t *pgschema.Table, column *pgschema.Column, columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool {
		if column != nil && column.Name == name {
			return j.leaves(column).kind == null
		}
		c := columnOf(t, name)
		return c != nil && j.newColumn(t.Name, name) && j.leaves(c).kind == null
	})
}
