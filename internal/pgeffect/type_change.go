package pgeffect

import (
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// keepsValues reports whether every value of the old type is stored as the
// new type stores it and fits, so that no row has to be written.
//
// Source: "binary coercible" in https://www.postgresql.org/docs/current/sql-createcast.html
// with the rows of pg_cast, and the support functions that prove a length
// cast needless (varchar_support, numeric_support, timestamp_support, ...).
// Measured: type_*.
func (a *analysis) keepsValues(from, to pgschema.DataType) bool {
	if from.Equal(to) {
		return true
	}
	if a.schema.Constrained(to) {
		return false
	}
	from, to = a.schema.Underlying(from), a.schema.Underlying(to)
	if from.Array || to.Array {
		return from.Same(to) && (len(to.Modifiers) == 0 || from.Equal(to))
	}
	if from.Same(to) {
		return widens(from, to)
	}
	return a.coercible(from, to)
}

// widens reports whether the new modifiers of one type take every old value.
func widens(from, to pgschema.DataType) bool {
	if from.Equal(to) || len(to.Modifiers) == 0 && to.Builtin() != "bpchar" && to.Builtin() != "bit" {
		return true
	}
	switch to.Builtin() {
	case "varchar", "varbit":
		return len(from.Modifiers) > 0 && to.Modifiers[0] >= from.Modifiers[0]
	case "numeric":
		return len(from.Modifiers) > 0 && scale(from) == scale(to) && to.Modifiers[0] >= from.Modifiers[0]
	case "timestamp", "timestamptz", "time", "timetz":
		return precision(to) >= precision(from)
	case "interval":
		return widensInterval(from, to)
	}
	return false
}

func scale(d pgschema.DataType) int {
	if len(d.Modifiers) < 2 {
		return 0
	}
	return d.Modifiers[1]
}

// fullPrecision is what date and time types have without a modifier.
const fullPrecision = 6

func precision(d pgschema.DataType) int {
	if len(d.Modifiers) == 0 {
		return fullPrecision
	}
	return d.Modifiers[0]
}

// allFields is the modifier of an interval that is not limited to some of its
// fields (INTERVAL_FULL_RANGE).
const allFields = 0x7FFF

func widensInterval(from, to pgschema.DataType) bool {
	fields := func(d pgschema.DataType) int {
		if len(d.Modifiers) == 0 {
			return allFields
		}
		return d.Modifiers[0]
	}
	digits := func(d pgschema.DataType) int {
		if len(d.Modifiers) < 2 {
			return fullPrecision
		}
		return d.Modifiers[1]
	}
	return (fields(to) == allFields || fields(to) == fields(from)) && digits(to) >= digits(from)
}

// coercible knows pairs of different types.
func (a *analysis) coercible(from, to pgschema.DataType) bool {
	name := func(d pgschema.DataType) string { return d.Name.Local }
	unlimited := len(to.Modifiers) == 0
	switch name(from) + " " + name(to) {
	case "varchar text", "text varchar", "text bpchar", "varchar bpchar":
		return unlimited
	case "citext text", "text citext", "varchar citext", "citext varchar":
		return unlimited && (a.fromExtension(from, "citext") || a.fromExtension(to, "citext"))
	case "cidr inet", "xml text", "xml varchar", "int4 oid", "oid int4", "oid regclass", "regclass oid", "int4 regclass",
		"regclass int4", "bit varbit", "varbit bit":
		return unlimited
	case "timestamp timestamptz", "timestamptz timestamp":
		if !a.server.UTC {
			a.unknown("the session's time zone is not known to be UTC")
		}
		return a.server.UTC && a.server.Major >= 12 && precision(to) >= precision(from)
	}
	return false
}

func (a *analysis) fromExtension(d pgschema.DataType, extension string) bool {
	t := a.schema.Types[d.Name]
	return t != nil && t.Extension == extension
}

// sortsAs names the way in which an index orders a type: types of one name
// share their default operator class, so that an index can be kept. Source:
// pg_opclass, and CheckIndexCompatible in src/backend/commands/indexcmds.c.
func (a *analysis) sortsAs(d pgschema.DataType) string {
	d = a.schema.Underlying(d)
	if d.Array {
		return d.Name.Local + "[]" // array_ops is one for all, and looks at the elements
	}
	switch d.Name.Local {
	case "varchar":
		return "text"
	case "cidr":
		return "inet"
	}
	return d.Name.Local
}
