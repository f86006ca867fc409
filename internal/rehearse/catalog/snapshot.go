package catalog

import "strings"

// Kind is the kind of an object, in the words of SQL and of people.
type Kind string

// Kinds of objects.
const (
	Schema           Kind = "schema"
	Extension        Kind = "extension"
	Collation        Kind = "collation"
	Enum             Kind = "enum type"
	Composite        Kind = "composite type"
	Range            Kind = "range type"
	BaseType         Kind = "base type"
	Domain           Kind = "domain"
	DomainConstraint Kind = "domain constraint"
	Sequence         Kind = "sequence"
	Function         Kind = "function"
	Procedure        Kind = "procedure"
	Aggregate        Kind = "aggregate"
	Operator         Kind = "operator"
	Cast             Kind = "cast"
	Other            Kind = "object" // of a rare kind, which is part of its name: "LANGUAGE plv8"
	Table            Kind = "table"
	Column           Kind = "column"
	Constraint       Kind = "constraint"
	Index            Kind = "index"
	Statistics       Kind = "statistics object"
	View             Kind = "view"
	MaterializedView Kind = "materialized view"
	ViewColumn       Kind = "view column"
	Trigger          Kind = "trigger"
	Rule             Kind = "rule"
	Policy           Kind = "policy"
	Publication      Kind = "publication"
	EventTrigger     Kind = "event trigger"
	DefaultGrants    Kind = "default privileges"
)

// Attribute is one property of an object. A property that has its default
// value is not listed.
type Attribute struct{ Name, Value string }

// Object is one object of the database.
type Object struct {
	Kind Kind
	// Name is unique among objects of the kind: qualified and quoted as SQL
	// spells it. What belongs to a table is called TABLE.NAME, an index
	// excepted, which SQL calls SCHEMA.NAME.
	Name string
	// On is the table, view or domain that the object is part of, or "".
	On         string
	Attributes []Attribute

	// uses lists what the object cannot be without. It orders statements and
	// is not compared: what matters of it is said by attributes.
	uses []key
	// id is the object's address in pg_depend, which a rename leaves alone.
	id string
}

// Snapshot is the schema of one database at one moment, in a fixed order:
// by kind, then by name, columns by position.
type Snapshot struct {
	// Server is the server's version as server_version_num spells it: 150004.
	Server  int
	Objects []Object

	// database tells databases of all servers apart: ids compare within one.
	database string
}

// key tells an object among all others.
type key struct {
	kind Kind
	name string
}

func (o Object) key() key { return key{o.Kind, o.Name} }

// get returns the value of an attribute, or "" where it has its default.
func (o Object) get(attribute string) string {
	for _, a := range o.Attributes {
		if a.Name == attribute {
			return a.Value
		}
	}
	return ""
}

// bare is the name without what it is on: a column's own name.
func (o Object) bare() string {
	if o.On == "" {
		return o.Name
	}
	return strings.TrimPrefix(o.Name, o.On+".")
}

// byKey finds objects by kind and name.
func (s Snapshot) byKey() map[key]Object {
	found := make(map[key]Object, len(s.Objects))
	for _, o := range s.Objects {
		found[o.key()] = o
	}
	return found
}
