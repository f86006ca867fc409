package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape shows what a terminal or a reviewer's eye would not: control
// characters, invalid UTF-8, and the characters that reorder or hide text
// (CVE-2021-42574). Newlines and tabs stay.
func Escape(s string) string {
	if !strings.ContainsFunc(s, Deceptive) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case Deceptive(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// Deceptive reports whether r is a control character other than newline and
// tab, or reorders or hides the text around it.
func Deceptive(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.IsControl(r) || Bidirectional(r) || (r >= 0x200b && r <= 0x200d) || r == 0x2060 || r == 0xfeff
}

// Bidirectional reports whether r changes the direction of the text after it.
func Bidirectional(r rune) bool {
	return (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0x200e || r == 0x200f || r == 0x061c
}
