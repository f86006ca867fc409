package sqlscan

import (
	"iter"
	"slices"
	"strings"
)

// maxWords bounds Statement.Words; no statement needs more to be recognised.
const maxWords = 8

// Statement is one statement of a text, without its semicolon and without the
// comments before it.
type Statement struct {
	Text         string
	Line, Column int // of its first token, from 1; columns count characters
	Offset       int // of its first token, in bytes
	// Words are the keywords it begins with, in upper case and at most eight:
	// CREATE UNIQUE INDEX CONCURRENTLY. Plain identifiers look like keywords;
	// the list ends at the first token that cannot be one. A psql
	// meta-command has one word, such as \COPY.
	Words []string

	sqlite, mysql bool
}

// Starts reports whether the statement begins with these keywords.
func (s Statement) Starts(words ...string) bool {
	if len(words) > len(s.Words) {
		return false
	}
	for i, w := range words {
		if s.Words[i] != w {
			return false
		}
	}
	return true
}

// Tokens returns the statement's tokens. Offsets count from the start of Text.
func (s Statement) Tokens() []Token {
	tokens := make([]Token, 0, min(2+len(s.Text)/4, 64)) // the usual length of a token
	return slices.AppendSeq(tokens, s.EachToken())
}

// EachToken goes through what Tokens returns.
func (s Statement) EachToken() iter.Seq[Token] {
	return func(yield func(Token) bool) {
		l := lexer{src: s.Text, sqlite: s.sqlite, mysql: s.mysql}
		for {
			t, err := l.next()
			if err != nil || t.Kind == 0 {
				return
			}
			if t.Kind != comment && t.Kind != edge && !yield(t) {
				return
			}
		}
	}
}

// Split cuts PostgreSQL text into its statements. The error is an *Error that
// names the place of text that cannot be read.
func Split(src []byte) ([]Statement, error) { return split(src, false) }

// SplitSQLite cuts SQLite text into its statements; see Split.
func SplitSQLite(src []byte) ([]Statement, error) { return split(src, true) }

func split(src []byte, sqlite bool) ([]Statement, error) {
	return splitBy(lexer{sqlite: sqlite}, src)
}

// splitBy takes a lexer that has its dialect and nothing else.
func splitBy(lexer lexer, src []byte) ([]Statement, error) {
	text := string(src)
	if err := checkText(text); err != nil {
		return nil, err
	}
	lexer.src = text
	s := splitter{lexer: lexer, place: cursor{src: text, line: 1, column: 1}}
	if err := s.run(); err != nil {
		return nil, err
	}
	return s.done, nil
}

type splitter struct {
	lexer lexer
	place cursor
	done  []Statement

	open   bool // a statement has begun
	begin  int  // its first byte
	end    int  // the byte after its last token
	words  []string
	closed bool // words is complete
	body   body
	block  block // MySQL's bodies
}

func (s *splitter) run() *Error {
	for {
		t, err := s.lexer.next()
		switch {
		case err != nil:
			return err
		case t.Kind == 0:
			if s.open && s.body.parens > 0 {
				return errorAt(s.lexer.src, s.body.parenAt, "parenthesis is never closed", "close it with )")
			}
			if s.open && (s.body.depth > 0 || s.block.ends(t)) {
				return errorAt(s.lexer.src, s.begin, "body that begins with BEGIN has no END", "end it with END;")
			}
			s.finish()
			return nil
		case t.Kind == comment:
		case s.lexer.mysql && !s.open && t.Is("DELIMITER"):
			return errorAt(s.lexer.src, t.Offset, "DELIMITER is a command of the mysql client, not SQL",
				"remove it, and end the body with END; alone: a body from BEGIN to END is read as one statement")
		case t.Kind == edge:
			s.extend(t)
		case t.Kind == Command:
			s.finish()
			s.command(t)
		case t.Symbol(";") && !s.body.inside() && !s.block.ends(t):
			if s.lexer.executable > 0 {
				return errorAt(s.lexer.src, t.Offset, "a semicolon inside of an executable comment", "write one statement in each /*! ... */")
			}
			s.finish()
		default:
			s.add(t)
		}
	}
}

// extend makes t a part of the statement's text.
func (s *splitter) extend(t Token) {
	if !s.open {
		s.open, s.begin = true, t.Offset
	}
	s.end = t.Offset + len(t.Text)
}

func (s *splitter) add(t Token) {
	s.extend(t)
	if t.Kind == Word && !s.closed && len(s.words) < maxWords {
		s.words = append(s.words, strings.ToUpper(t.Text))
	} else {
		s.closed = true
	}
	if s.lexer.mysql {
		s.block.see(t)
		return
	}
	s.body.see(t, s.words, s.lexer.sqlite)
}

func (s *splitter) finish() {
	if !s.open {
		return
	}
	line, column := s.place.at(s.begin)
	st := Statement{
		Text: s.lexer.src[s.begin:s.end],
		Line: line, Column: column, Offset: s.begin,
		Words: s.words, sqlite: s.lexer.sqlite, mysql: s.lexer.mysql,
	}
	s.done = append(s.done, st)
	copyFromStdin := s.body.copyFromStdin
	s.open, s.words, s.closed, s.body, s.block = false, nil, false, body{}, block{}
	if copyFromStdin && !s.lexer.sqlite {
		s.skipCopyData()
	}
}

func (s *splitter) command(t Token) {
	line, column := s.place.at(t.Offset)
	word := t.Text
	if i := strings.IndexFunc(word, func(r rune) bool { return r <= ' ' }); i > 0 {
		word = word[:i]
	}
	s.done = append(s.done, Statement{
		Text: strings.TrimRight(t.Text, "\r"), Line: line, Column: column, Offset: t.Offset,
		Words: []string{strings.ToUpper(word)},
	})
}

// skipCopyData passes over the rows after COPY .. FROM STDIN, which are not
// SQL and would otherwise be reported as unterminated strings.
func (s *splitter) skipCopyData() {
	rest := s.lexer.src[s.lexer.pos:]
	if i := strings.Index(rest, "\n\\."); i >= 0 {
		s.lexer.pos += i + len("\n\\.")
		return
	}
	s.lexer.pos = len(s.lexer.src)
}

// body tracks where a semicolon does not end the statement: inside of
// parentheses (CREATE RULE), of a SQL-standard routine body (BEGIN ATOMIC),
// and of a SQLite trigger. psql counts in the same way.
type body struct {
	parens, depth int
	parenAt       int
	previous      string // the previous token's text when it was a word
	routine       bool
	sawFrom       bool
	copyFromStdin bool
}

func (b *body) inside() bool { return b.parens > 0 || b.depth > 0 }

func (b *body) see(t Token, words []string, sqlite bool) {
	switch {
	case t.Symbol("("):
		if b.parens == 0 {
			b.parenAt = t.Offset
		}
		b.parens++
	case t.Symbol(")"):
		b.parens = max(0, b.parens-1)
	case t.Kind == Word:
		b.word(t, words, sqlite)
		b.previous = t.Text
		return
	}
	b.previous = ""
}

func (b *body) word(t Token, words []string, sqlite bool) {
	if len(words) > 0 && words[0] == "COPY" {
		b.sawFrom = b.sawFrom || b.parens == 0 && t.Is("FROM")
		b.copyFromStdin = b.copyFromStdin || b.sawFrom && b.parens == 0 && t.Is("STDIN")
		return
	}
	if !b.routine {
		b.routine = isRoutine(words, sqlite)
	}
	switch {
	case !b.routine:
	case b.depth == 0 && sqlite && t.Is("BEGIN"):
		b.depth = 1
	case b.depth == 0 && !sqlite && t.Is("ATOMIC") && strings.EqualFold(b.previous, "BEGIN"):
		b.depth = 1
	case b.depth > 0 && t.Is("CASE"):
		b.depth++
	case b.depth > 0 && t.Is("END"):
		b.depth--
	}
}

func isRoutine(words []string, sqlite bool) bool {
	if len(words) < 2 || words[0] != "CREATE" {
		return false
	}
	rest := words[1:]
	if sqlite {
		if rest[0] == "TEMP" || rest[0] == "TEMPORARY" {
			rest = rest[1:]
		}
		return len(rest) > 0 && rest[0] == "TRIGGER"
	}
	if len(rest) > 2 && rest[0] == "OR" && rest[1] == "REPLACE" {
		rest = rest[2:]
	}
	return rest[0] == "FUNCTION" || rest[0] == "PROCEDURE"
}
