package sqlscan

import "strings"

// Kind is what a token is.
type Kind uint8

// Kinds of tokens.
const (
	Word    Kind = iota + 1 // keyword or plain identifier
	Quoted                  // quoted identifier
	String                  // string constant of any form
	Number                  // number or numbered parameter
	Symbol                  // one character of punctuation or of an operator
	Command                 // psql meta-command, to the end of its line
	comment
	edge // of an executable comment of MySQL; what is between two edges is SQL
)

// Token is the smallest piece of a statement. Comments and white space are
// not tokens.
type Token struct {
	Kind   Kind
	Text   string // as written
	Offset int    // in bytes, from the start of the scanned text
}

// Is reports whether t is the keyword word, in any case.
func (t Token) Is(word string) bool { return t.Kind == Word && strings.EqualFold(t.Text, word) }

// Symbol reports whether t is the punctuation character s.
func (t Token) Symbol(s string) bool { return t.Kind == Symbol && t.Text == s }

// Name is the identifier that t spells: folded to lower case when plain, as
// written when quoted, "" when t is no identifier.
func (t Token) Name() string {
	switch t.Kind {
	case Word:
		return fold(t.Text)
	case Quoted:
		body := t.Text[1 : len(t.Text)-1]
		if t.Text[0] == '[' {
			return body
		}
		quote := t.Text[:1]
		return strings.ReplaceAll(body, quote+quote, quote)
	default:
		return ""
	}
}
