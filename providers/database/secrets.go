package database

import (
	"net/url"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// secrets returns what of a connection URL must not be shown: the password in
// either place, or the whole text when it cannot be read.
func secrets(dsn string) []string {
	if _, err := url.Parse(dsn); err != nil {
		return append(strings.FieldsFunc(dsn, func(r rune) bool { return strings.ContainsRune(" @/'", r) }), dsn)
	}
	return redact.Passwords(dsn)
}
