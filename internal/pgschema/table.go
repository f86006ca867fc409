package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Table is a table, partitioned or not, or a foreign table.
type Table struct {
	Name Name
	// Was are the names that it had before, the latest last. So it is with
	// the other kinds.
	Was         []Name
	Columns     []*Column
	Constraints []*Constraint
	Triggers    []Trigger
	Policies    []string
	// Guards are the statements that make those policies as they are, as far as
	// they are known.
	Guards []*pg.CreatePolicyStmt
	// Statistics are the statements that make extended statistics of it.
	Statistics []*pg.CreateStatsStmt
	// Partitioned is true for a table that keeps its rows in partitions.
	Partitioned bool
	// PartitionKey are the columns that rows are divided by; empty when it is
	// an expression.
	PartitionKey []string
	// PartitionOf is the table that this is a partition of, with its bound.
	PartitionOf Name
	Bound       *pg.PartitionBoundSpec
	Inherits    []Name
	Temporary   bool
	Unlogged    bool
	Foreign     bool
	// AccessMethod is empty for the server's default.
	AccessMethod string
}

// Column is a column of a table.
type Column struct {
	Name      string
	Was       []string
	Type      DataType
	Collation string // as written, empty for the type's own
	NotNull   bool
	Default   *pg.Node // nil for none
	Identity  bool
	// Always is true for an identity that is GENERATED ALWAYS.
	Always    bool
	Generated bool
}

// Trigger is a trigger on a table.
type Trigger struct {
	Name     string
	Function Name
	// Made is the statement that makes it.
	Made *pg.CreateTrigStmt
}

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Constraint returns the constraint of that name, or nil.
func (t *Table) Constraint(name string) *Constraint {
	for _, c := range t.Constraints {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// IsNotNull reports whether a validated CHECK says that the column has no
// NULLs, which spares SET NOT NULL its scan since PostgreSQL 12.
func (t *Table) IsNotNull(column string) bool {
	return slices.ContainsFunc(t.Constraints, func(c *Constraint) bool {
		return c.Kind == Check && c.Validated && ImpliesNotNull(c.Expression, column)
	})
}

// ImpliesNotNull reports whether a condition that is not false says that a
// column is not NULL, by one of its parts.
func ImpliesNotNull(e *pg.Node, column string) bool {
	if and := e.GetBoolExpr(); and != nil && and.GetBoolop() == pg.BoolExprType_AND_EXPR {
		return slices.ContainsFunc(and.GetArgs(), func(n *pg.Node) bool { return ImpliesNotNull(n, column) })
	}
	test := e.GetNullTest()
	return test != nil && test.GetNulltesttype() == pg.NullTestType_IS_NOT_NULL && ColumnOf(test.GetArg()) == column
}

// ColumnOf is the column's name when an expression is nothing but a column,
// else empty.
func ColumnOf(e *pg.Node) string {
	names := Strings(e.GetColumnRef().GetFields())
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// ConstraintKind is what a constraint demands.
type ConstraintKind string

// Kinds of constraints. NOT NULL is a property of its column.
const (
	Check      ConstraintKind = "check"
	ForeignKey ConstraintKind = "foreign key"
	Primary    ConstraintKind = "primary key"
	Unique     ConstraintKind = "unique"
	Exclusion  ConstraintKind = "exclusion"
)

// Constraint is a constraint of a table or of a domain.
type Constraint struct {
	Name string
	Was  []string
	Kind ConstraintKind
	// Columns are those that it is about, as far as a CHECK names them.
	Columns    []string
	Expression *pg.Node // of a CHECK
	// References and ReferencedColumns are a foreign key's target; the
	// columns are empty where the statement leaves them to the primary key.
	References        Name
	ReferencedColumns []string
	OnDelete          string // PostgreSQL's letter: a, r, c, n or d
	OnUpdate          string
	Validated         bool
	// Deferrable and Deferred say whether it may be, and is, checked at the end
	// of a transaction.
	Deferrable, Deferred bool
	// Index is the index that keeps it; zero for none.
	Index Name
	// Made is what adds it, as far as it is known; its names of columns are the
	// present ones.
	Made *pg.Constraint
}

// Index is an index of a table or of a materialized view.
type Index struct {
	Name   Name
	Was    []Name
	Table  Name
	Method string
	Parts  []IndexPart
	// Included are the columns that it holds and that are no keys.
	Included []string
	// Columns are all that it names: keys, included ones, and those of its
	// expressions and its condition.
	Columns []string
	Unique  bool
	Where   *pg.Node // of a partial index
	// Valid is false for an index that was made ON ONLY a partitioned table.
	Valid bool
	// Constraint is the constraint that owns it, empty for none.
	Constraint string
	Primary    bool
	// Parent is the partitioned index that it belongs to.
	Parent Name
	// Made is the statement that makes it, nil for an index of a constraint;
	// its names of columns are the present ones.
	Made *pg.IndexStmt
}

// IndexPart is one key of an index.
type IndexPart struct {
	Column     string   // empty for an expression
	Expression *pg.Node // nil for a column
	Collation  string
	OpClass    string
}

// Plain reports whether the index has neither expressions nor a condition.
func (i *Index) Plain() bool {
	return i.Where == nil && !slices.ContainsFunc(i.Parts, func(p IndexPart) bool { return p.Expression != nil })
}

// View is a view or a materialized view.
type View struct {
	Name         Name
	Was          []Name
	Materialized bool
	Query        *pg.Node
	// Options is true for a view that has options of its own, such as
	// security_invoker or a CHECK OPTION.
	Options bool
	// Made is the statement that makes it, with the names that relations and
	// columns had then.
	Made  *pg.Node
	Reads []Name
	// columns are the column names that its query mentions; everything is true
	// when it mentions a star.
	columns    []string
	everything bool
}

func (v *View) reads(relation Name, column string) bool {
	return slices.Contains(v.Reads, relation) && (column == "" || v.everything || slices.Contains(v.columns, column))
}

// Sequence is a sequence and the column that owns it, if any.
type Sequence struct {
	Name   Name
	Was    []Name
	Table  Name
	Column string
	// Internal is true for a sequence of an identity column.
	Internal bool
	// Options are those that it was made and altered with, later ones behind
	// earlier ones.
	Options []*pg.Node
}

// Function is a function or a procedure; overloads are one.
type Function struct {
	Name Name
	// Volatility is "volatile", "stable" or "immutable"; of overloads, the
	// least strict one.
	Volatility string
	// Language and Body are as written; of overloads, the latest one's.
	Language, Body string
	// Made is the statement that makes it as it is; nil where there are
	// overloads.
	Made *pg.CreateFunctionStmt
	// Overloads are the statements that make all of that name.
	Overloads []*pg.CreateFunctionStmt
}

// Publication is what is sent to subscribers.
type Publication struct {
	Name      string
	AllTables bool
	Tables    []Name
	Schemas   []string
}
