package redact

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// written finds the password of a URL, and of the key=value form that
// database drivers take. Digits before a slash are a port, not a password:
// "http://host:8080/file@sha256:..." has none.
var written = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s/:@]*:)([0-9]*[^0-9\s/@][^\s@]*|[0-9]+)(@)|((?:password|passwd|pwd|secret|token|sslpassword)=)([^\s&;]+)`)

// Setting masks the passwords in an author's own text and leaves the rest as
// it is, so that a plan still shows what will be used. Text is for what others
// wrote: it would rather hide too much.
func Setting(s string) string {
	return written.ReplaceAllString(s, "${1}${4}"+Mask+"${3}")
}

// Passwords returns the passwords in s as written and as decoded, for a mask
// to learn. It finds what Setting masks.
func Passwords(s string) []string {
	var found []string
	for _, match := range written.FindAllStringSubmatch(s, -1) {
		found = append(found, match[2], match[5], strings.Trim(match[5], `'"`))
	}
	if u, err := url.Parse(s); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			found = append(found, password)
		}
	}
	for _, password := range slices.Clone(found) {
		if decoded, err := url.QueryUnescape(password); err == nil {
			found = append(found, decoded)
		}
	}
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(password string) bool { return password == "" })
}
