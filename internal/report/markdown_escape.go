package report

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// Prose is foreign text as one line of Markdown that shows what it says: every
// character with a meaning to GitHub's Markdown has a backslash, and "@" is
// cut off from the name that it would call.
// Source: https://github.github.com/gfm/, backslash escapes
func Prose(s string) string {
	var b strings.Builder
	line := []rune(oneLine(s))
	for i, r := range line {
		switch {
		case r == '_' && i > 0 && i+1 < len(line) && wordRune(line[i-1]) && wordRune(line[i+1]):
			b.WriteRune(r) // inside of a word it means nothing
		case strings.ContainsRune(meaningful, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '@':
			b.WriteString("@<!-- -->")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// meaningful are the characters that can mean something inside of a line.
const meaningful = "\\`*_[]<>|~#$!&"

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Code is foreign text as code on one line, safe in a cell of a table. What a
// code span cannot hold there is spelled in HTML.
func Code(s string) string {
	s = redact.Escape(strings.TrimSpace(strings.NewReplacer("\n", " ", "\t", " ").Replace(s)))
	if s != "" && !strings.ContainsAny(s, "`|\\") {
		return "`" + s + "`"
	}
	var b strings.Builder
	b.WriteString("<code>")
	for _, r := range s {
		if strings.ContainsRune(meaningful, r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String() + "</code>"
}

// Fence is a block of SQL; its fence is longer than any in it.
func Fence(sql string) string {
	marks := "```"
	for strings.Contains(sql, marks) {
		marks += "`"
	}
	return marks + "sql\n" + sql + "\n" + marks
}

// destination is a link's target without characters that would end it.
func destination(link string) string {
	parsed, err := url.Parse(link)
	if err != nil || parsed.Scheme != "https" {
		return "#"
	}
	return strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C", "<", "%3C", ">", "%3E", `\`, "%5C").Replace(parsed.String())
}
