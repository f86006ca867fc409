package command

import (
	"errors"
	"strings"

	"github.com/lockstep-dev/lockstep/providers"
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
	return e.address + " cannot be read: " + text
}

func (e *unreadableError) Unwrap() error { return e.err }

// unreadable ends a command before it has changed anything.
func unreadable(address, environment string, err error) error {
	code := exitError
	if errors.Is(err, providers.ErrBlocked) {
		code = exitTryAgain
	}
	return &endError{code: code, err: &unreadableError{address, err}, next: []string{
		"Nothing was changed. Check that it is there, and what its block says for " + environment + "; then try again.",
	}}
}
