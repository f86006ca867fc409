package database

import (
	"fmt"
	"strings"
)

// SQLError is what a database says about a statement of a file.
type SQLError struct {
	File    string
	Line    int // 0 where the database does not say
	Message string
	Code    string // SQLSTATE, or the driver's own
	Detail  string
	Hint    string
	// Cancelled is true when somebody has cut the statement short: how far it
	// came is not known.
	Cancelled bool
	// Place is what is known of the place instead of a line.
	Place string
	Cause error
}

// Unwrap returns the driver's own error.
func (e *SQLError) Unwrap() error { return e.Cause }

// Error returns "FILE:LINE: MESSAGE (CODE); PLACE; DETAIL; hint: HINT".
func (e *SQLError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": " + e.Message)
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.Place != "" {
		b.WriteString("; " + e.Place)
	}
	if e.Detail != "" {
		b.WriteString("; " + e.Detail)
	}
	if e.Hint != "" {
		b.WriteString("; hint: " + e.Hint)
	}
	return b.String()
}
