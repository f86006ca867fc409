package queries

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// withoutLiterals puts parameters in the place of what values the statistics
// have left in a text. They replace constants themselves, but not in PREPARE and
// DECLARE, nor in an entry that was thrown away while its statement ran.
// Source: the manual's page on pg_stat_statements. Plans are read by more people
// than rows are.
//
// Numbers stay in what was normalized: they are positions (ORDER BY 1) and
// lengths of types there.
func withoutLiterals(text string, numbers bool) string {
	tokens := tokensOf(text)
	next := 1
	for _, t := range tokens {
		if n, ok := placeholder(t); ok {
			next = max(next, n+1)
		}
	}
	var edits []edit
	word := ""
	for _, t := range tokens {
		if t.Kind == sqlscan.Word {
			word = t.Name()
		}
		_, already := placeholder(t)
		if t.Kind == sqlscan.String || numbers && !already && t.Kind == sqlscan.Number && word != "by" {
			edits = append(edits, edit{t.Offset, t.Offset + len(t.Text), fmt.Sprintf("$%d", next)})
			next++
		}
	}
	return edited(text, edits)
}
