package database

import (
	"net/url"
	"strings"
)

// secrets returns what of a connection URL must not be shown: the password in
// either place, or the whole text when it cannot be read.
func secrets(dsn string) []string {
	u, err := url.Parse(dsn)
	if err != nil {
		return append(strings.FieldsFunc(dsn, func(r rune) bool { return strings.ContainsRune(" @/'", r) }), dsn)
	}
	var list []string
	if u.User != nil {
		if password, ok := u.User.Password(); ok {
			list = append(list, password)
		}
	}
	for name, values := range u.Query() {
		if strings.Contains(name, "password") || name == "sslkey" {
			list = append(list, values...)
		}
	}
	for _, field := range strings.Fields(dsn) {
		if password, ok := strings.CutPrefix(field, "password="); ok {
			list = append(list, strings.Trim(password, "'"))
		}
	}
	return list
}
