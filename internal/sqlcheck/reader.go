package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// reader walks over a statement's tokens.
type reader struct {
	tokens []sqlscan.Token
	at     int
}

func read(s sqlscan.Statement) *reader { return &reader{tokens: s.Tokens()} }

func (r *reader) end() bool { return r.at >= len(r.tokens) }

func (r *reader) peek() sqlscan.Token {
	if r.end() {
		return sqlscan.Token{}
	}
	return r.tokens[r.at]
}

// accept passes over the words if all of them stand here.
func (r *reader) accept(words ...string) bool {
	if r.at+len(words) > len(r.tokens) {
		return false
	}
	for i, w := range words {
		if !r.tokens[r.at+i].Is(w) {
			return false
		}
	}
	r.at += len(words)
	return true
}

// acceptAny passes over one of the words.
func (r *reader) acceptAny(words ...string) bool {
	for _, w := range words {
		if r.accept(w) {
			return true
		}
	}
	return false
}

func (r *reader) symbol(s string) bool {
	if r.end() || !r.tokens[r.at].Symbol(s) {
		return false
	}
	r.at++
	return true
}

// name reads a relation's name as the statement qualifies it, spelled so that
// it can be read again.
func (r *reader) name() string {
	var parts []string
	for {
		part := r.peek().Name()
		if part == "" {
			break
		}
		r.at++
		parts = append(parts, part)
		if !r.symbol(".") {
			break
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return sqlscan.Identifier(parts...)
}

// named is a relation as a statement names it.
type named struct {
	relation string
	only     bool // without partitions and child tables
}

// names reads a comma-separated list of relations.
func (r *reader) names() []named {
	var list []named
	for {
		only := r.accept("ONLY")
		name := r.name()
		if name == "" {
			return list
		}
		list = append(list, named{name, only})
		r.symbol("*")
		if !r.symbol(",") {
			return list
		}
	}
}

// clauses cuts the rest at the commas outside of parentheses.
func (r *reader) clauses() []*reader {
	var list []*reader
	start, depth := r.at, 0
	for i := r.at; i <= len(r.tokens); i++ {
		if i < len(r.tokens) {
			switch {
			case r.tokens[i].Symbol("("):
				depth++
			case r.tokens[i].Symbol(")"):
				depth--
			}
			if depth > 0 || !r.tokens[i].Symbol(",") {
				continue
			}
		}
		if i > start {
			list = append(list, &reader{tokens: r.tokens[start:i]})
		}
		start = i + 1
	}
	return list
}

// sets reports whether storage parameters follow: SET (...) or RESET (...).
func (r *reader) sets() bool {
	return (r.peek().Is("SET") || r.peek().Is("RESET")) && r.at+1 < len(r.tokens) && r.tokens[r.at+1].Symbol("(")
}

// has reports whether the words stand in this order anywhere from here on.
func (r *reader) has(words ...string) bool {
	probe := reader{tokens: r.tokens}
	for probe.at = r.at; !probe.end(); probe.at++ {
		if from := probe.at; probe.accept(words...) {
			return true
		} else {
			probe.at = from
		}
	}
	return false
}

// after returns the names that follow each occurrence of word.
func (r *reader) after(word string) []string {
	var list []string
	probe := reader{tokens: r.tokens, at: r.at}
	for !probe.end() {
		if probe.accept(word) {
			if name := probe.name(); name != "" {
				list = append(list, name)
			}
			continue
		}
		probe.at++
	}
	return list
}
