package queries

import "slices"

// Described is what a server said of one statement on one schema.
type Described struct {
	Statement Statement
	// Failure is why the server refuses the statement; what follows is empty
	// then.
	Failure *Failure
	// Kept is why a connection that has the statement prepared since before
	// fails, when one that prepares it now does not. Only DescribeAgain finds
	// out.
	Kept *Failure
	// Tried is the text that was prepared. It differs from the statement's
	// where the statistics' own text is no SQL any more (INTERVAL $1), and
	// where parameters had to be given a type.
	Tried string
	// Constants is true when the statement can be prepared only with NULL in
	// the place of every parameter: nothing is known of them, nor of indexes.
	Constants  bool
	Parameters []Parameter
	Columns    []Column
	// Planned is true when the server showed a plan; Indexes are those that it
	// searches or takes an order from.
	Planned bool
	Indexes []Index
	// Unfilled are columns that must have a value and get none from this
	// INSERT, as table.column: every execution fails.
	Unfilled []string
	// Rules are what the tables ask for that the statement writes to.
	Rules []Rule
	// Tables are all of the schema, where the statement deletes rows.
	Tables map[string]bool
}

// Failure is an error of the server.
type Failure struct {
	SQLState string `json:"sqlstate"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	// Object is what the message is about: orders, "Orders".total, f(integer);
	// "" where it names none.
	Object string `json:"object,omitempty"`
}

// Type is a type by PostgreSQL's own name, qualified unless it is built in:
// integer, character varying(40), shop.mood.
type Type struct {
	Name string
	// Base is the name without length and precision.
	Base string
	// Labels are those of an enum or of an array of it, in order.
	Labels []string
}

func (t Type) equal(other Type) bool { return t.Name == other.Name }

// Parameter is the type of $n.
type Parameter struct {
	Type
	// Assumed is true when the server could not find the type out, and text
	// was taken.
	Assumed bool
}

// Column is one column of a result.
type Column struct {
	Name string
	Type Type
}

// Index is an index that a plan uses.
type Index struct {
	Name string // as SQL spells it, qualified
	// Definition is the index without its name, so that a renamed one is the
	// same: "ON shop.orders USING btree (customer_id)".
	Definition string
	// id and table are its own and its table's object identifiers, which stay
	// when either is renamed or moved.
	id, table int64
}

// has reports whether an index is among others: itself, or one that is made as
// it is.
func has(indexes []Index, index Index) bool {
	return slices.ContainsFunc(indexes, func(i Index) bool {
		return i.id != 0 && i.id == index.id || i.Definition == index.Definition
	})
}
