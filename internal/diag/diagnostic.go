package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// Severity tells whether a diagnostic stops the work.
type Severity string

// Severities from worst to least.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Pos is a place in a file. Line and Column count from 1, Column in characters
// as a reader sees them; Byte is the offset from 0.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Range is a stretch of a file; the zero value means "no place". File is
// slash-separated and relative to the project.
type Range struct {
	File  string `json:"file,omitempty"`
	Start Pos    `json:"start"`
	End   Pos    `json:"end"`
}

// String returns "file:line:column", or "" for no place.
func (r Range) String() string {
	switch {
	case r.File == "":
		return ""
	case r.Start.Line == 0:
		return redact.EscapeLines(r.File)
	}
	return fmt.Sprintf("%s:%d:%d", redact.EscapeLines(r.File), r.Start.Line, r.Start.Column)
}

// Diagnostic is one thing that is wrong.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Code is stable and made of words ("unsupported-argument"); scripts may
	// depend on it.
	Code string `json:"code"`
	// Summary says what is wrong, in one line without a final stop.
	Summary string `json:"summary"`
	// Detail says what was found, what was expected and why.
	Detail string `json:"detail,omitempty"`
	// Fix says what to do, or what the author may have meant.
	Fix   string `json:"fix,omitempty"`
	Range Range  `json:"range"`
	// Hidden keeps the source line out of what is printed: it may hold a
	// secret.
	Hidden bool `json:"-"`
}

// Error returns the diagnostic in one line.
func (d Diagnostic) Error() string {
	var b strings.Builder
	if place := d.Range.String(); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(redact.EscapeLines(d.Summary))
	for _, text := range []string{d.Detail, d.Fix} {
		if text != "" {
			b.WriteString("; " + strings.ReplaceAll(redact.EscapeLines(text), "\n", " "))
		}
	}
	return b.String()
}

// Diagnostics are the results of one reading, errors and warnings.
type Diagnostics []Diagnostic

// HasErrors reports whether any of them is an error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns an error whose text holds every error diagnostic, one a line,
// or nil when there is none.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return failure(ds)
}

// Hide marks every diagnostic as one whose source line must not be printed.
func (ds Diagnostics) Hide() {
	for i := range ds {
		ds[i].Hidden = true
	}
}

// Sort orders by file, place, severity and text, and drops repetitions.
func (ds *Diagnostics) Sort() {
	slices.SortStableFunc(*ds, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Range.File, b.Range.File),
			cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte),
			cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Summary, b.Summary),
			cmp.Compare(a.Detail, b.Detail),
		)
	})
	*ds = slices.Compact(*ds)
}

type failure Diagnostics

func (f failure) Error() string {
	var lines []string
	for _, d := range f {
		if d.Severity == Error {
			lines = append(lines, d.Error())
		}
	}
	return strings.Join(lines, "\n")
}
