package config

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// checkKeyStays refuses an update that moves rows to other keys: one that
// moves ahead is met again by a later batch.
func (r *resolution) checkKeyStays(b *block, key, sql string, split splitter) {
	statements, err := split([]byte(sql))
	names, nameErr := split([]byte(key))
	if err != nil || nameErr != nil || len(statements) != 1 || len(names) != 1 || !statements[0].Starts("UPDATE") {
		return // reported, or no update of the table's own columns
	}
	tokens := names[0].Tokens()
	if len(tokens) != 1 || !assigns(statements[0].Tokens(), tokens[0].Name()) {
		return
	}
	r.refuseArgument(b, "update", mistake{
		"update-moves-key", fmt.Sprintf("The update changes the key %q", cut(key)),
		"A row whose key changes can belong to two batches, or to none.",
		"Walk through the table by a column that keeps its values.",
	})
}

// assigns reports whether an UPDATE's SET list, written as a = ..., b = ...,
// has the column.
func assigns(tokens []sqlscan.Token, column string) bool {
	depth, set, begins := 0, false, false
	for i, t := range tokens {
		switch {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			depth--
		case depth > 0:
		case t.Is("SET"):
			set, begins = true, true
			continue
		case set && (t.Is("WHERE") || t.Is("FROM")):
			return false
		case set && t.Symbol(","):
			begins = true
			continue
		case begins && t.Name() == column && i+1 < len(tokens) && tokens[i+1].Symbol("="):
			return true
		}
		begins = false
	}
	return false
}
