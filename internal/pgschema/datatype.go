package pgschema

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// builtin is the schema of PostgreSQL's own types and functions.
const builtin = "pg_catalog"

// DataType is the type of a column: its canonical name, such as int4 or
// varchar for a built-in one, with its modifiers.
type DataType struct {
	Name      Name
	Modifiers []int
	Array     bool
}

// Builtin is the type's name when it is PostgreSQL's own and no array, else
// empty.
func (d DataType) Builtin() string {
	if d.Name.Schema != builtin || d.Array {
		return ""
	}
	return d.Name.Local
}

// Serial reports whether the type is one of those that make a sequence for
// their column.
func (d DataType) Serial() bool {
	_, is := serial(d)
	return is
}

// Equal reports whether both are the same type with the same modifiers.
func (d DataType) Equal(o DataType) bool {
	return d.Same(o) && slices.Equal(d.Modifiers, o.Modifiers)
}

// Same reports whether both are the same type, whatever their modifiers are.
func (d DataType) Same(o DataType) bool { return d.Name == o.Name && d.Array == o.Array }

// String spells the type for people: varchar(20), public mood[].
func (d DataType) String() string {
	text := d.Name.String()
	if d.Name.Schema == builtin {
		text = d.Name.Local
	}
	if len(d.Modifiers) > 0 {
		var mods []string
		for _, m := range d.Modifiers {
			mods = append(mods, strconv.Itoa(m))
		}
		text += "(" + strings.Join(mods, ",") + ")"
	}
	if d.Array {
		text += "[]"
	}
	return text
}

// TypeKind is what a user's type is.
type TypeKind string

// Kinds of types.
const (
	Enum      TypeKind = "enum"
	Domain    TypeKind = "domain"
	Composite TypeKind = "composite"
	Range     TypeKind = "range"
	Base      TypeKind = "base"
)

// Type is a type that is not PostgreSQL's own.
type Type struct {
	Name   Name
	Was    []Name
	Kind   TypeKind
	Values []string // of an enum, in order
	// Base, Default, NotNull, and Checks are a domain's.
	Base    DataType
	Default *pg.Node // nil for none
	NotNull bool
	Checks  []*Constraint
	Columns []*Column // of a composite
	// Made is the statement that makes a range.
	Made *pg.CreateRangeStmt
	// Extension is the extension that brought it, empty for none.
	Extension string
}

// Constrained reports whether a type is a domain that refuses values, at any
// depth.
func (s *Schema) Constrained(d DataType) bool {
	for range 32 {
		t := s.Types[d.Name]
		if t == nil || t.Kind != Domain {
			return false
		}
		if t.NotNull || len(t.Checks) > 0 {
			return true
		}
		d = t.Base
	}
	return false
}

// Underlying is the type below all domains. The modifiers are those of the
// innermost type.
func (s *Schema) Underlying(d DataType) DataType {
	for range 32 {
		t := s.Types[d.Name]
		if t == nil || t.Kind != Domain || d.Array {
			return d
		}
		d = t.Base
	}
	return d
}

// TypeOf is the type that a statement names. A name without a schema is the
// user's type in public when there is one, and PostgreSQL's own otherwise.
func (s *Schema) TypeOf(t *pg.TypeName) DataType {
	d := DataType{Array: len(t.GetArrayBounds()) > 0}
	parts := Strings(t.GetNames())
	switch {
	case len(parts) == 0:
		return d
	case len(parts) > 1:
		d.Name = NameOfParts(parts)
	case s.Types[qualified("", parts[0])] != nil:
		d.Name = qualified("", parts[0])
	default:
		d.Name = Name{builtin, parts[0]}
	}
	for _, m := range t.GetTypmods() {
		if c := m.GetAConst(); c != nil {
			d.Modifiers = append(d.Modifiers, int(c.GetIval().GetIval()))
		}
	}
	if d.Name == (Name{builtin, "bpchar"}) && len(d.Modifiers) == 0 && len(parts) > 1 {
		d.Modifiers = []int{1} // char without a length is char(1)
	}
	return d
}

// serials are the pseudo-types that stand for a column with a sequence.
func serial(d DataType) (DataType, bool) {
	real := map[string]string{
		"serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8",
		"smallserial": "int2", "serial2": "int2",
	}[d.Builtin()]
	if real == "" {
		return d, false
	}
	return DataType{Name: Name{builtin, real}}, true
}
