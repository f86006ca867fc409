package database

import "fmt"

// OtherToolError says that a table with the version table's name has columns
// that golang-migrate never makes: another tool keeps its versions there, or
// it is no version table at all.
type OtherToolError struct {
	Table   string
	Columns string // found
	Wants   string // golang-migrate's own
}

// Error says what was found and what was expected.
func (e *OtherToolError) Error() string {
	return fmt.Sprintf("table %s belongs to another tool: it has the columns %s, expected %s", e.Table, e.Columns, e.Wants)
}
