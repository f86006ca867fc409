package config

import "encoding/json"

// BlockDoc describes one block type of the language.
type BlockDoc struct {
	Type string `json:"type"`
	// Driver is the first label where two labels are wanted; each driver has
	// an entry of its own.
	Driver string   `json:"driver,omitempty"`
	Labels []string `json:"labels,omitempty"`
	Doc    string   `json:"doc"`
	// Supported is false for blocks of the language that this version knows
	// by name and refuses.
	Supported bool `json:"supported"`
	// Repeatable is true when the block may stand more than once in its parent.
	Repeatable bool `json:"repeatable,omitempty"`
	// Free is true when the block takes any argument names.
	Free      bool          `json:"free,omitempty"`
	Arguments []ArgumentDoc `json:"arguments,omitempty"`
	// Exports are what expressions can read from the block's address.
	Exports []ArgumentDoc `json:"exports,omitempty"`
	Blocks  []BlockDoc    `json:"blocks,omitempty"`
}

// ArgumentDoc describes one argument of a block.
type ArgumentDoc struct {
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Required bool   `json:"required,omitempty"`
	// Default is the value when the argument is left out; absent for none.
	Default json.RawMessage `json:"default,omitempty"`
	// Constant arguments may not use variables or other blocks: they are
	// read before there are values.
	Constant bool     `json:"constant,omitempty"`
	OneOf    []string `json:"one_of,omitempty"`
	// Unsupported is true for an argument that this version knows by name
	// and refuses.
	Unsupported bool   `json:"unsupported,omitempty"`
	Doc         string `json:"doc"`
}

// Type is the kind of value an argument takes.
type Type string

// Types of arguments.
const (
	TypeString      Type = "string"
	TypeNumber      Type = "number"
	TypeCount       Type = "count" // a whole number from 1
	TypeBool        Type = "bool"
	TypeDuration    Type = "duration"
	TypeVersion     Type = "migration version"
	TypeDigest      Type = "digest"
	TypeHTTPURL     Type = "http url"
	TypePath        Type = "path in the project"
	TypeAnyPath     Type = "path"
	TypeStrings     Type = "list of string"
	TypePaths       Type = "list of path in the project"
	TypePatterns    Type = "list of address pattern" // * stands for anything
	TypeRecipients  Type = "list of recipient"       // of age
	TypeHosts       Type = "list of host pattern"    // * stands for anything
	TypeStringMap   Type = "map of string"
	TypeObject      Type = "object"
	TypeAny         Type = "any"
	TypeExpression  Type = "expression"
	TypeConstraint  Type = "type constraint"
	TypeDatabase    Type = "reference to database"
	TypeArtifact    Type = "reference to artifact"
	TypeChecks      Type = "references to check"
	TypeBlocks      Type = "references to blocks"
	TypeEnvironment Type = "references to environment"
	TypeChangeSets  Type = "references to change_set"
)

// Language returns every block of the language, in the order of the
// reference. The result is fresh; the caller may change it.
func Language() []BlockDoc {
	return []BlockDoc{
		lockstepBlock(),
		variableBlock(),
		{
			Type: "locals", Supported: true, Repeatable: true, Free: true,
			Doc: "Named expressions, read as local.NAME.",
		},
		databaseBlock(),
		environmentBlock(),
		changeSetBlock(),
		lintBlock(),
		unsupported("notify", "Who is told about what.", "type", "name"),
	}
}

func unsupported(kind, doc string, labels ...string) BlockDoc {
	return BlockDoc{Type: kind, Labels: labels, Doc: doc, Repeatable: true}
}

func unsupportedDriver(kind, driver, doc string) BlockDoc {
	return BlockDoc{Type: kind, Driver: driver, Labels: []string{"type", "name"}, Doc: doc, Repeatable: true}
}

func text(value string) json.RawMessage {
	b, _ := json.Marshal(value) // a string always encodes
	return b
}

// Version is the version of the document that the language command prints.
const Version = "1.0"
