package command

import (
	"errors"
	"strings"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// unreadableError says which target could not be looked at.
type unreadableError struct {
	address string
	err     error
}

// Error says the address once, however many layers have put it in front.
func (e *unreadableError) Error() string {
	text := e.err.Error()
	for strings.HasPrefix(text, e.address+": ") {
		text = text[len(e.address)+2:]
	}
	if busy, ok := errors.AsType[*database.MigratingError](e.err); ok {
		return e.address + " cannot be worked on now: " + busy.Error()
	}
	if locked, ok := errors.AsType[*terraform.LockedError](e.err); ok {
		return e.address + " cannot be worked on now: " + locked.Error()
	}
	return e.address + " cannot be read: " + text
}

func (e *unreadableError) Unwrap() error { return e.err }

// unreadable ends a command before it has changed anything.
func unreadable(address, environment string, err error) error {
	code := exitError
	if errors.Is(err, providers.ErrBlocked) {
		code = exitTryAgain
	}
	next := []string{"Nothing was changed. Check that it is there, and what its block says for " + environment + "; then try again."}
	if _, ok := errors.AsType[*database.MigratingError](err); ok {
		next = []string{"Nothing was changed. Wait for its end, or end it if nobody works on it; then try again."}
	}
	if locked, ok := errors.AsType[*terraform.LockedError](err); ok {
		next = locked.Next()
	}
	if _, ok := errors.AsType[*database.OtherToolError](err); ok {
		next = []string{
			"Nothing was changed. If that tool has migrated this database, take it over:",
			"lockstep import " + strings.TrimPrefix(address, "database.") + " --env " + environment,
			"If it has not, give the database block another name for the version: table = \"lockstep_schema_migrations\"",
		}
	}
	return &endError{code: code, err: &unreadableError{address, err}, next: next}
}
