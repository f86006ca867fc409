package pgsyntax

import (
	"strings"
	"unicode/utf8"
)

// Place is where in the whole text a location in the statement's tree is: line
// and column from 1, columns count characters. A location that the grammar
// does not know (-1), or that is of another tree, is the statement's first.
func (s Statement) Place(location int32) (line, column int) {
	offset := int(location) - s.begin
	if s.Tree == nil || offset < 0 || offset > len(s.Text) {
		offset = 0
	}
	return s.at(offset)
}

// at takes bytes from the start of the statement's text.
func (s Statement) at(offset int) (line, column int) {
	passed := s.Text[:offset]
	if n := strings.Count(passed, "\n"); n > 0 {
		passed = passed[strings.LastIndexByte(passed, '\n')+1:]
		return s.Line + n, 1 + utf8.RuneCountInString(passed)
	}
	return s.Line, s.Column + utf8.RuneCountInString(passed)
}

// refuse sets the problem at a character of the statement's text, from 0.
func (s *Statement) refuse(character int, message string) {
	line, column := s.at(bytesOf(s.Text, character))
	s.Problem = &Error{Line: line, Column: column, Message: message}
}

func bytesOf(text string, characters int) int {
	for offset := range text {
		if characters <= 0 {
			return offset
		}
		characters--
	}
	return len(text)
}
