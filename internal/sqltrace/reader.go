package sqltrace

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// reader walks through a statement's tokens.
type reader struct {
	tokens []sqlscan.Token
	at     int
	// untold: the statement does more than its traces say.
	untold bool
}

func (r *reader) end() bool { return r.at >= len(r.tokens) }

func (r *reader) word() string {
	if r.end() {
		return ""
	}
	r.at++
	return r.tokens[r.at-1].Text
}

func (r *reader) is(words ...string) bool {
	for i, w := range words {
		if r.at+i >= len(r.tokens) || !r.tokens[r.at+i].Is(w) {
			return false
		}
	}
	return true
}

// take passes over the words if all of them are next.
func (r *reader) take(words ...string) bool {
	if !r.is(words...) {
		return false
	}
	r.at += len(words)
	return true
}

// skip passes over any of the words, in whatever order.
func (r *reader) skip(words ...string) {
	for again := true; again; {
		again = false
		for _, w := range words {
			again = r.take(w) || again
		}
	}
}

func (r *reader) symbol(s string) bool { return !r.end() && r.tokens[r.at].Symbol(s) }

// name reads an identifier with its schema; ok is false when there is none.
func (r *reader) name() (Name, bool) {
	var parts []string
	for !r.end() {
		part := r.tokens[r.at].Name()
		if part == "" {
			break
		}
		parts = append(parts, part)
		r.at++
		if !r.symbol(".") {
			break
		}
		r.at++
	}
	switch len(parts) {
	case 0:
		return Name{}, false
	case 1:
		return Name{"", parts[0]}, true
	default:
		return Name{parts[len(parts)-2], parts[len(parts)-1]}, true
	}
}

// text reads a plain string constant.
func (r *reader) text() (string, bool) {
	if r.end() || r.tokens[r.at].Kind != sqlscan.String {
		return "", false
	}
	t := r.tokens[r.at].Text
	if len(t) < 2 || t[0] != '\'' {
		return "", false
	}
	r.at++
	return strings.ReplaceAll(t[1:len(t)-1], "''", "'"), true
}

// pass goes to the word on the top level, behind it, if it is there.
func (r *reader) pass(word string) bool {
	depth := 0
	for ; !r.end(); r.at++ {
		switch t := r.tokens[r.at]; {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			depth--
		case depth == 0 && t.Is(word):
			r.at++
			return true
		}
	}
	return false
}

// comma goes behind the next comma on the top level.
func (r *reader) comma() bool {
	depth := 0
	for ; !r.end(); r.at++ {
		switch t := r.tokens[r.at]; {
		case t.Symbol("("), t.Symbol("["):
			depth++
		case t.Symbol(")"), t.Symbol("]"):
			if depth--; depth < 0 {
				return false // the end of the list
			}
		case depth == 0 && t.Symbol(","):
			r.at++
			return true
		}
	}
	return false
}
