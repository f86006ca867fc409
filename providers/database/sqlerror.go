package database

import (
	"fmt"
	"strings"
)

// SQLError is what a database says about a statement of a file.
type SQLError struct {
	File    string
	Line    int
	Message string
	Code    string // SQLSTATE, or the driver's own
	Detail  string
	Hint    string
	Cause   error
}

// Unwrap returns the driver's own error.
func (e *SQLError) Unwrap() error { return e.Cause }

// Error returns "FILE:LINE: MESSAGE (CODE); DETAIL; hint: HINT".
func (e *SQLError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s", e.File, e.Line, e.Message)
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.Detail != "" {
		b.WriteString("; " + e.Detail)
	}
	if e.Hint != "" {
		b.WriteString("; hint: " + e.Hint)
	}
	return b.String()
}
