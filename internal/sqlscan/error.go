package sqlscan

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is a place in the text that cannot be read as SQL.
type Error struct {
	Line, Column int // from 1; columns count characters
	Offset       int // in bytes, from 0
	Problem      string
	Fix          string
}

// Error returns "LINE:COLUMN: PROBLEM; FIX".
func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s; %s", e.Line, e.Column, e.Problem, e.Fix)
}

func errorAt(src string, offset int, problem, fix string) *Error {
	c := cursor{src: src, line: 1, column: 1}
	line, column := c.at(offset)
	return &Error{Line: line, Column: column, Offset: offset, Problem: problem, Fix: fix}
}

// CheckText refuses bytes that no database reads as UTF-8 SQL text: UTF-16, a
// byte order mark, NUL, and invalid UTF-8. The error is an *Error or nil.
func CheckText(src []byte) error {
	s := string(src)
	if err := checkText(s); err != nil {
		return err
	}
	return nil
}

func checkText(s string) *Error {
	const saveAs = "save the file as UTF-8 without a byte order mark"
	switch {
	case strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff"):
		return &Error{Line: 1, Column: 1, Problem: "the file is UTF-16, expected UTF-8", Fix: saveAs}
	case strings.HasPrefix(s, "\xef\xbb\xbf"):
		return &Error{Line: 1, Column: 1, Problem: "the file begins with a byte order mark", Fix: saveAs}
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		return errorAt(s, i, "a NUL byte", "remove it; SQL text cannot hold NUL")
	}
	if !utf8.ValidString(s) {
		i := firstInvalid(s)
		return errorAt(s, i, fmt.Sprintf("byte 0x%02x is not UTF-8", s[i]), "convert the file to UTF-8")
	}
	return nil
}

func firstInvalid(s string) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(s)
}

// cursor turns rising byte offsets into lines and columns, so that all places
// of a text together cost one pass.
type cursor struct {
	src          string
	offset       int
	line, column int
}

func (c *cursor) at(offset int) (line, column int) {
	passed := c.src[c.offset:offset]
	if n := strings.Count(passed, "\n"); n > 0 {
		c.line += n
		c.column = 1
		passed = passed[strings.LastIndexByte(passed, '\n')+1:]
	}
	c.column += utf8.RuneCountInString(passed)
	c.offset = offset
	return c.line, c.column
}
