package command

import (
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// Exit codes are a contract: scripts depend on them.
const (
	exitDone        = 0
	exitError       = 1
	exitChanges     = 2   // plan or diff with --detailed-exitcode: there are changes; drift: there is some
	exitBlocked     = 3   // nothing was changed
	exitFindings    = 4   // findings at or above --fail-on
	exitRolledBack  = 5   // the run failed, the previous release serves
	exitNeedsPerson = 6   // the run failed or paused half-way
	exitTryAgain    = 75  // a passing cause: a lease, a bake beyond --wait
	exitInterrupted = 130 // stopped at a step boundary, resumable
	exitTerminated  = 143
)

// endError ends the command with a code. Summary says what happened; Next
// says who can do what about it, one line each.
type endError struct {
	code    int
	summary string
	next    []string
	err     error
}

func (e *endError) Error() string {
	if e.err != nil && e.summary != "" {
		return e.summary + ": " + e.err.Error()
	}
	if e.err != nil {
		return e.err.Error()
	}
	return e.summary
}

func (e *endError) Unwrap() error { return e.err }

// silent ends the command with a code after everything has been said.
func silent(code int) error {
	if code == exitDone {
		return nil
	}
	return &endError{code: code}
}

func failed(err error, next ...string) error {
	return &endError{code: exitError, err: err, next: next}
}

func usageError(format string, args ...any) error {
	return &endError{code: exitError, summary: fmt.Sprintf(format, args...)}
}

func blocked(summary string, next ...string) error {
	return &endError{code: exitBlocked, summary: summary, next: next}
}

// diagnosticsError carries diagnostics to the place that prints them.
type diagnosticsError struct {
	diagnostics diag.Diagnostics
	source      func(file string) []byte
}

func (e *diagnosticsError) Error() string {
	return fmt.Sprintf("%d problems", len(e.diagnostics))
}

func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if e, ok := errors.AsType[*endError](err); ok {
		return e.code
	}
	return exitError
}
