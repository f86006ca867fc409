package plans

// Right is what a role needs to run a statement.
type Right string

// Rights that a server can be asked for.
const (
	RightOwner      Right = "owner"      // of the object, directly or as a member of its owner
	RightDrop       Right = "drop"       // owner of the object or of its schema
	RightMaintain   Right = "maintain"   // owner, or MAINTAIN since PostgreSQL 17
	RightGrant      Right = "grant"      // owner, or a privilege WITH GRANT OPTION
	RightCreate     Right = "create"     // in a schema or a database
	RightBeside     Right = "beside"     // CREATE in the schema of the relation that is named
	RightReferences Right = "references" // on a table, or on columns of it
	RightTrigger    Right = "trigger"
	RightTruncate   Right = "truncate"
	RightInsert     Right = "insert"
	RightUpdate     Right = "update"
	RightDelete     Right = "delete"
	RightInstall    Right = "install" // an extension
	RightCreateRole Right = "createrole"
	RightSubscribe  Right = "subscribe"
	RightSuperuser  Right = "superuser"
)

// Kinds of object that a right is about.
const (
	KindRelation  = "relation"
	KindType      = "type"
	KindFunction  = "function"
	KindSchema    = "schema"
	KindDatabase  = "database"
	KindExtension = "extension"
	KindServer    = "server"
	KindHistory   = "history" // Lockstep's own tables
)

// Need is a right that a statement needs.
type Need struct {
	Right Right
	Kind  string
	// Schema is empty where the statement names none: the search_path decides.
	Schema, Name string
	// Arguments is the number of a function's input arguments; -1 for any.
	Arguments int
	File      string
	Line      int
}

// Lack is a right that the role of a database's url has not got, and that a
// statement of the plan needs.
type Lack struct {
	// Summary is a sentence: "app may not alter orders: it belongs to owner".
	Summary string `json:"summary"`
	// Who can give the right, and what that person types.
	Who  string `json:"who"`
	Type string `json:"type"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}
