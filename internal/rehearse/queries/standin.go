package queries

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// standIn returns a query that fails where a utility statement of the
// application would, for the few that name what a migration may take away: COPY
// with its columns, TRUNCATE, LOCK and REFRESH MATERIALIZED VIEW. ok is false
// for all others.
func standIn(text string, tokens []sqlscan.Token) (query string, ok bool) {
	first := tokens[0]
	skip := func(words ...string) {
		for len(tokens) > 0 && anyOf(tokens[0], words) {
			tokens = tokens[1:]
		}
	}
	skip("COPY", "TRUNCATE", "LOCK", "REFRESH", "MATERIALIZED", "VIEW", "CONCURRENTLY", "TABLE", "ONLY")
	switch {
	case !anyOf(first, []string{"COPY", "TRUNCATE", "LOCK", "REFRESH"}) || len(tokens) == 0:
		return "", false
	case tokens[0].Symbol("("): // COPY (query) TO
		end := closing(tokens)
		return text[tokens[0].Offset+1 : tokens[end].Offset], first.Is("COPY") && end > 1
	}
	columns, name := "", 1
	for name+1 < len(tokens) && tokens[name].Symbol(".") {
		name += 2
	}
	rest := tokens[name:]
	if first.Is("COPY") {
		columns = "*"
		if len(rest) > 0 && rest[0].Symbol("(") {
			end := closing(rest)
			columns = text[rest[0].Offset+1 : rest[end].Offset]
		}
	}
	last := tokens[name-1]
	return strings.TrimSpace("SELECT "+columns) + " FROM " + text[tokens[0].Offset:last.Offset+len(last.Text)], tokens[0].Name() != "" && last.Name() != ""
}

func anyOf(t sqlscan.Token, words []string) bool {
	for _, word := range words {
		if t.Is(word) {
			return true
		}
	}
	return false
}

// closing is the place of the parenthesis that closes the first token, or of the
// last token.
func closing(tokens []sqlscan.Token) int {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}
