package queries

import "time"

// Kind is what a migration does to a statement.
type Kind string

// Kinds of breaks. The first that fits is given where one includes the other.
const (
	// Fails: the server refuses the statement, whoever sends it.
	Fails Kind = "fails"
	// FailsPrepared: it is refused on connections that have it prepared since
	// before the migration, because its parameters had other types.
	FailsPrepared Kind = "fails-prepared"
	// Unfilled: an INSERT leaves a column without a value that must have one.
	Unfilled Kind = "unfilled"
	// ResultColumns: the result has other columns, by number, name or order.
	ResultColumns Kind = "result-columns"
	// ResultType: a column of the result has another type.
	ResultType Kind = "result-type"
	// ParameterType: a parameter has another type.
	ParameterType Kind = "parameter-type"
	// EnumLabels: an enum of a parameter or of the result has lost a label;
	// whoever sends it fails. What a statement sends is not recorded.
	EnumLabels Kind = "enum-labels"
	// Restricts: a table has a new rule (a constraint, a unique index, NOT NULL,
	// a trigger that refuses) for columns that the statement writes. Whether it
	// refuses its rows depends on values, which nobody recorded.
	Restricts Kind = "restricts"
	// FiresTrigger: rows that the statement writes go through a new trigger.
	// What it does to them is not known, and moves no migration.
	FiresTrigger Kind = "fires-trigger"
	// Referenced: a new table refers to rows that the statement deletes. They
	// stay deletable until somebody writes to the new table.
	Referenced Kind = "referenced"
	// LosesIndex: the plan used an index and uses none now.
	LosesIndex Kind = "loses-index"
	// OtherIndex: the plan uses another index now.
	OtherIndex Kind = "other-index"
)

// Break is one statement that does not work as before after a migration.
type Break struct {
	Kind      Kind      `json:"kind"`
	Statement Statement `json:"-"`
	SQL       string    `json:"sql"`
	// Where the statement is known from: "shop.sql:12 (GetOrder)" or
	// "pg_stat_statements 7284912".
	Where string `json:"where"`
	// Object is what it is about: a table, a column, an index.
	Object  string   `json:"object,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
	Before  string   `json:"before,omitempty"`
	After   string   `json:"after,omitempty"`
	// Reconnect is true when each connection that has the statement prepared
	// fails until it prepares it again, with "cached plan must not change
	// result type": PostgreSQL compares names, types and lengths of columns. It
	// compares collations as well, which are not seen here.
	Reconnect bool `json:"reconnect,omitempty"`
	// Contract is true when the migration belongs after the deployment for it.
	Contract bool `json:"contract"`
	// CallsPerDay and TimePerDay are measured; Counted is false when nobody
	// counted.
	Counted     bool          `json:"counted"`
	CallsPerDay float64       `json:"calls_per_day,omitempty"`
	TimePerDay  time.Duration `json:"time_per_day_ns,omitempty"`
	// Source labels the figures and the break: always "measured".
	Source  string `json:"source"`
	Summary string `json:"summary"` // one sentence
	Fix     string `json:"fix"`     // what to do
}
