package sqlcheck

import (
	"strings"

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

// name reads a table's name, qualified or not, without the default schema.
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
	if len(parts) > 1 && (parts[0] == "public" || parts[0] == "main") {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// names reads a comma-separated list of names.
func (r *reader) names() []string {
	var list []string
	for {
		r.accept("ONLY")
		name := r.name()
		if name == "" {
			return list
		}
		list = append(list, name)
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
