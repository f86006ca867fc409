package pgsyntax

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// deepest bounds how deep a statement may nest. The grammar has no bound of its
// own: in C the process dies at some 20,000 levels, and in WebAssembly at 1,000
// (subqueries) to 3,000 (operators) other statements are read wrong from then
// on. Both builds have the same bound, so that they read the same.
const deepest = 1000

// unfit says why a statement must not reach the grammar; it is empty for one
// that may.
func unfit(s sqlscan.Statement) string {
	switch {
	case strings.HasPrefix(s.Text, `\`):
		return "a command of psql, not SQL"
	case len(s.Text) > deepest && nested(s.Tokens()): // shorter text cannot nest that deep
		return fmt.Sprintf("more than %d operators, brackets or queries in one another", deepest)
	default:
		return ""
	}
}

// nested reports whether a tree of these tokens may be deeper than deepest.
// What it counts is at least the depth: every token nests in the one before,
// unless a list begins a new item.
func nested(tokens []sqlscan.Token) bool {
	var outer []level
	var here level
	below := 0
	for _, t := range tokens {
		switch {
		case t.Symbol("(") || t.Symbol("["):
			here.chain++
			below += here.depth()
			outer, here = append(outer, here), level{}
		case (t.Symbol(")") || t.Symbol("]")) && len(outer) > 0:
			here, outer = outer[len(outer)-1], outer[:len(outer)-1]
			below -= here.depth()
		default:
			here.see(t)
		}
		if below+here.depth() > deepest {
			return true
		}
	}
	return false
}

// level is what stands between two brackets.
type level struct {
	chain int // tokens of the list's item
	links int // what nests beyond the items of a list
}

func (l *level) depth() int { return l.chain + l.links }

func (l *level) see(t sqlscan.Token) {
	l.chain++
	switch {
	case t.Symbol(";"): // in the body of a routine or a rule
		*l = level{}
	case t.Symbol(","):
		l.chain = 0
	case t.Kind != sqlscan.Word:
	case isOneOf(t, "AND", "OR", "WHEN"):
		l.chain = 0
	case isOneOf(t, "UNION", "INTERSECT", "EXCEPT", "JOIN", "CASE"):
		l.links++
	}
}

func isOneOf(t sqlscan.Token, words ...string) bool { return slices.ContainsFunc(words, t.Is) }
