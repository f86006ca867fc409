package pgsyntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const commandProblem = "a command of psql, not SQL"

// isCommand knows psql's meta-commands: nothing else in SQL begins with a
// backslash.
func isCommand(s Statement) bool { return strings.HasPrefix(s.Text, `\`) }

func readEach(statements []Statement) {
	for i := range statements {
		statements[i].parse()
	}
}

func (s *Statement) parse() {
	if isCommand(*s) {
		s.refuse(0, commandProblem)
		return
	}
	result, refused := chosen.parse(s.Text)
	switch {
	case refused != nil:
		s.refuse(refused.position-1, refused.message)
	case len(result.Stmts) != 1:
		s.refuse(0, fmt.Sprintf("the grammar sees %d statements where one was expected", len(result.Stmts)))
	default:
		s.Tree, s.base = result.Stmts[0].Stmt, s.Offset
	}
}

// refuse sets the problem at the character of the statement's text, from 0; a
// place that is not known is the statement's first.
func (s *Statement) refuse(character int, message string) {
	passed := s.Text[:byteOffset(s.Text, character)]
	line, column := s.Line, s.Column
	if n := strings.Count(passed, "\n"); n > 0 {
		line += n
		column = 1
		passed = passed[strings.LastIndexByte(passed, '\n')+1:]
	}
	s.Tree = nil
	s.Problem = &Error{Line: line, Column: column + utf8.RuneCountInString(passed), Message: message}
}

func byteOffset(text string, character int) int {
	for offset := range text {
		if character <= 0 {
			return offset
		}
		character--
	}
	return len(text)
}
