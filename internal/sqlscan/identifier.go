package sqlscan

import "strings"

// Identifier spells a name as SQL reads it: parts are joined by dots, and
// quoted where plain letters would be folded or cut. Keywords are not quoted:
// a name of one is read back all the same.
func Identifier(parts ...string) string {
	spelled := make([]string, len(parts))
	for i, part := range parts {
		spelled[i] = part
		if !plain(part) {
			spelled[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
		}
	}
	return strings.Join(spelled, ".")
}

// Names reads what Identifier wrote: the parts of one name, or nil when text
// is no name.
func Names(text string) []string {
	if statements, err := Split([]byte(text)); err == nil && len(statements) == 1 {
		return names(statements[0].Tokens())
	}
	return nil
}

func names(tokens []Token) []string {
	var parts []string
	for i, t := range tokens {
		switch {
		case i%2 == 1 && t.Symbol(".") && i+1 < len(tokens):
		case i%2 == 0 && t.Name() != "":
			parts = append(parts, t.Name())
		default:
			return nil
		}
	}
	return parts
}

// plain reports whether an unquoted name reads as itself.
func plain(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_', 'a' <= c && c <= 'z', c >= 0x80:
		case i > 0 && (c == '$' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return name != ""
}

// fold makes a plain identifier lower case as PostgreSQL does in UTF-8:
// letters outside of ASCII stay as they are.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, name)
}
