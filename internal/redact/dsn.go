package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// Mask stands where a secret was.
const Mask = "***"

// Hidden stands where a connection string was that could not be read.
const Hidden = "(connection string not shown)"

// DSN returns a connection string without its secrets. It reads URLs
// (postgres://user:secret@host/db?sslpassword=x), MySQL's user:secret@tcp(host)/db
// and libpq's key=value form
// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING).
// What it cannot read becomes Hidden.
func DSN(s string) string {
	if pairFirst.MatchString(s) {
		return keyValueForm(s)
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && isScheme(scheme) {
		return scheme + "://" + authority(scheme, rest)
	}
	switch {
	case strings.Contains(s, "://"):
		return Hidden
	case strings.Contains(s, "@"):
		return mysqlForm(s)
	case strings.HasPrefix(s, "file:"):
		return parameters(s)
	case strings.Contains(s, "="):
		return Hidden
	}
	return s
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		other := r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return s != ""
}

// authority masks from the first colon to the last "@": wherever a password
// with unescaped characters ends, it ends there or before.
func authority(scheme, rest string) string {
	at := strings.LastIndexByte(rest, '@')
	colon := strings.IndexByte(rest, ':')
	web := strings.HasPrefix(strings.ToLower(scheme), "http")
	switch {
	case at >= 0 && colon >= 0 && colon < at:
		return rest[:colon+1] + Mask + parameters(rest[at:])
	case at >= 0 && (web || strings.ContainsAny(rest[:at], "/?#")):
		return Mask + parameters(rest[at:]) // a token instead of a user, or no user at all
	case at < 0 && !validPort(rest):
		return Hidden
	}
	return parameters(rest)
}

// validPort reports whether what follows the host's colon is a port. Anything
// else may be a password whose "@" is missing.
func validPort(rest string) bool {
	host := rest
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, ']'); i >= 0 {
		host = host[i:]
	}
	for _, member := range strings.Split(host, ",") {
		if _, port, found := strings.Cut(member, ":"); found && strings.Trim(port, "0123456789") != "" {
			return false
		}
	}
	return true
}

// mysqlForm masks user:secret@address.
func mysqlForm(s string) string {
	at, colon := strings.LastIndexByte(s, '@'), strings.IndexByte(s, ':')
	if colon < 0 || colon > at {
		return Hidden
	}
	return s[:colon+1] + Mask + parameters(s[at:])
}

// parameters masks the secret ones among ?name=value&name=value.
func parameters(s string) string {
	head, query, found := strings.Cut(s, "?")
	if !found {
		return s
	}
	pairs := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' || r == '#' || r == '?' })
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || secretName(plain) {
			pairs[i] = name + "=" + Mask
		}
	}
	return head + "?" + strings.Join(pairs, "&")
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"pass", "pwd", "secret", "token", "credential", "signature", "apikey", "api_key", "api-key", "auth"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "sig" || name == "key"
}

// keyValueForm masks libpq's connection strings. Values may be quoted, with
// backslashes before quotes.
func keyValueForm(s string) string {
	var pairs []string
	for rest := strings.TrimSpace(s); rest != ""; rest = strings.TrimSpace(rest) {
		name, after, found := strings.Cut(rest, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" || strings.ContainsAny(name, " \t\n'\"\\;") {
			return Hidden
		}
		value, next, ok := libpqValue(strings.TrimLeft(after, " \t\n"))
		switch {
		case !ok:
			return Hidden
		case secretName(name):
			value = Mask
		case strings.ContainsAny(value, ";=@"):
			return Hidden // another tool's form: the password may be in here
		}
		pairs = append(pairs, name+"="+value)
		rest = next
	}
	return strings.Join(pairs, " ")
}

// libpqValue splits one value, as written, from what follows it.
func libpqValue(s string) (value, rest string, ok bool) {
	quoted := strings.HasPrefix(s, "'")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case quoted && c == '\'' && i > 0:
			rest = s[i+1:]
			return s[:i+1], rest, rest == "" || strings.ContainsAny(rest[:1], " \t\n")
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			return s[:i], s[i:], true
		}
	}
	return s, "", !quoted
}

var (
	pairFirst  = regexp.MustCompile(`^\s*\w+\s*=`)
	urlInText  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>` + "`" + `]+`)
	pairInText = regexp.MustCompile(`(?i)\b([\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key)[\w-]*)(["']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&)}\]]+)`)
)

// Text masks what looks like a secret in prose, such as another program's
// error message: passwords in URLs and password=value pairs. Known secrets
// are masked by Values, which does not depend on their form.
func Text(s string) string {
	s = urlInText.ReplaceAllStringFunc(s, DSN)
	return pairInText.ReplaceAllString(s, "${1}${2}"+Mask)
}
