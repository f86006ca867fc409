package redact

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns one line that is safe to print: control characters (escape
// sequences among them), invisible characters, text-direction overrides
// (CVE-2021-42574, https://trojansource.codes) and bytes that are no text are
// shown as \x1b, \u202e and the like. Printable
// text is unchanged, so escaping twice changes nothing.
func Escape(s string) string { return escape(s, "") }

// EscapeLines is Escape for text of several lines: line ends and tabs stay.
func EscapeLines(s string) string {
	return escape(strings.ReplaceAll(s, "\r\n", "\n"), "\n\t")
}

func escape(s, keep string) string {
	if plain(s, keep) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case visible(r, keep):
			b.WriteString(s[:size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

func plain(s, keep string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !visible(r, keep) })
}

func visible(r rune, keep string) bool {
	return unicode.IsPrint(r) || strings.ContainsRune(keep, r)
}
