package database

import (
	"net/url"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// secrets returns what of a connection URL must not be shown: the password in
// either place, or the whole text when it cannot be read.
func secrets(dsn string) []string {
	if rest, ok := strings.CutPrefix(dsn, "mysql://"); ok {
		if password, ok := driverPassword(rest); ok {
			return password
		}
	}
	if _, err := url.Parse(dsn); err != nil {
		return append(strings.FieldsFunc(dsn, func(r rune) bool { return strings.ContainsRune(" @/'", r) }), dsn)
	}
	return redact.Passwords(dsn)
}

// driverPassword finds the password of go-sql-driver's form, which is no URL:
// user:password@protocol(address)/database. It may hold any character.
func driverPassword(dsn string) (list []string, ok bool) {
	slash := strings.LastIndexByte(dsn, '/')
	if slash < 0 {
		return nil, false
	}
	at := strings.LastIndexByte(dsn[:slash], '@')
	if at < 0 {
		return nil, true
	}
	_, password, found := strings.Cut(dsn[:at], ":")
	if !found || password == "" {
		return nil, true
	}
	list = []string{password}
	if decoded, err := url.QueryUnescape(password); err == nil && decoded != password {
		list = append(list, decoded)
	}
	return list, true
}
