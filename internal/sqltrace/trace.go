// Package sqltrace reads from a statement's text what it leaves in the catalog
// and what it takes away, so that somebody who looks can tell whether it ran.
// It knows text alone and looks at nothing.
package sqltrace

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Kind is what a trace is a trace of.
type Kind string

// Kinds of traces.
const (
	Table      Kind = "table"
	View       Kind = "view" // materialized ones too
	Sequence   Kind = "sequence"
	Index      Kind = "index"
	Column     Kind = "column"
	NotNull    Kind = "not null"
	Default    Kind = "default"
	Constraint Kind = "constraint"
	Validated  Kind = "validated constraint"
	Type       Kind = "type" // domains too
	EnumValue  Kind = "enum value"
	Function   Kind = "function" // procedures and aggregates too
	Trigger    Kind = "trigger"
	Policy     Kind = "policy"
	Rule       Kind = "rule"
	Schema     Kind = "schema"
	Extension  Kind = "extension"
)

// Name is an identifier with the schema that the statement gives, if any;
// unquoted.
type Name struct{ Schema, Base string }

// String quotes the name for SQL.
func (n Name) String() string {
	if n.Schema == "" {
		return quote(n.Base)
	}
	return quote(n.Schema) + "." + quote(n.Base)
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// Trace is one thing that is there, or gone, after a statement has run.
type Trace struct {
	Kind Kind
	Name Name // the object; of a column, constraint, trigger and the like its own name
	On   Name // the table that it belongs to; of an enum's value the type
	// Gone: the statement takes it away.
	Gone bool
	// Weak: that it is there proves nothing, as it may have been before
	// (CREATE OR REPLACE); that it is not there proves that the statement did
	// not run.
	Weak bool
	// Materialized marks a materialized view.
	Materialized bool
	// Renamed: the object is older than the statement that gave it this name.
	Renamed bool
}

// String is the trace for people: `column "a" of "t"`.
func (t Trace) String() string {
	text := string(t.Kind) + " " + t.Name.String()
	if t.On != (Name{}) {
		text += " of " + t.On.String()
	}
	return text
}

// Same reports whether two traces are of one object.
func (t Trace) Same(o Trace) bool {
	return t.Kind == o.Kind && t.On.like(o.On) && t.Name.like(o.Name)
}

// like: a name without a schema may be that of any.
func (n Name) like(o Name) bool {
	return n.Base == o.Base && (n.Schema == o.Schema || n.Schema == "" || o.Schema == "")
}

// Of returns the traces of a statement. A statement runs as a whole or not at
// all, so each of them tells of all of it; none means that the catalog does
// not tell.
func Of(statement sqlscan.Statement) []Trace {
	traces, _ := read(statement)
	return traces
}

// Inverses are the statements that take a statement back, in order; ok is
// false when they would not restore what was.
func Inverses(statement sqlscan.Statement) (inverses []string, ok bool) {
	traces, all := read(statement)
	if !all || len(traces) == 0 {
		return nil, false
	}
	for _, t := range slices.Backward(traces) {
		inverse := t.inverse()
		if inverse == "" {
			return nil, false
		}
		inverses = append(inverses, inverse)
	}
	return inverses, true
}

func read(statement sqlscan.Statement) (traces []Trace, all bool) {
	if len(statement.Words) == 0 {
		return nil, false
	}
	r := &reader{tokens: statement.Tokens()}
	traces = r.statement()
	return traces, !r.untold
}

func (r *reader) statement() []Trace {
	switch strings.ToUpper(r.word()) {
	case "CREATE":
		return r.create()
	case "DROP":
		return r.drop()
	case "ALTER":
		return r.alter()
	default:
		return nil
	}
}

// Overrides reports whether a later trace makes an earlier one unreadable: it
// is of the same object, or takes its table away.
func (t Trace) Overrides(earlier Trace) bool {
	if t.Same(earlier) {
		return true
	}
	if !t.Gone || t.Kind != Table && t.Kind != View && t.Kind != Type && t.Kind != Schema {
		return false
	}
	if t.Kind == Schema {
		return earlier.Name.Schema == t.Name.Base || earlier.On.Schema == t.Name.Base
	}
	return t.Name.like(earlier.On)
}

// inverse is the statement that takes a trace back; "" when there is none that
// restores what was.
func (t Trace) inverse() string {
	switch {
	case t.Gone || t.Weak || t.Renamed:
		return ""
	case slices.Contains([]Kind{Table, Sequence, Index, Type, Schema, Extension}, t.Kind):
		return "DROP " + strings.ToUpper(string(t.Kind)) + " " + t.dropName()
	case t.Kind == View && t.Materialized:
		return "DROP MATERIALIZED VIEW " + t.Name.String()
	case t.Kind == View:
		return "DROP VIEW " + t.Name.String()
	case t.Kind == Column:
		return "ALTER TABLE " + t.On.String() + " DROP COLUMN " + t.Name.String()
	case t.Kind == Constraint:
		return "ALTER TABLE " + t.On.String() + " DROP CONSTRAINT " + t.Name.String()
	case t.Kind == NotNull:
		return "ALTER TABLE " + t.On.String() + " ALTER COLUMN " + t.Name.String() + " DROP NOT NULL"
	case t.Kind == Trigger || t.Kind == Policy || t.Kind == Rule:
		return "DROP " + strings.ToUpper(string(t.Kind)) + " " + t.Name.String() + " ON " + t.On.String()
	default:
		return ""
	}
}

// dropName: an index lives in its table's schema.
func (t Trace) dropName() string {
	if t.Kind == Index && t.Name.Schema == "" {
		return Name{t.On.Schema, t.Name.Base}.String()
	}
	return t.Name.String()
}
