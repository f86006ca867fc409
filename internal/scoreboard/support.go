package scoreboard

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/measure"
)

// supported reports whether what was measured supports a warning, by what its
// rule's family speaks of: locks, a transaction, old code, data. Statements
// that fail support every warning.
func supported(w Warning, facts measure.Facts) bool {
	if facts.Fails != "" {
		return true
	}
	r, known := pgrule.Find(w.Code)
	if !known {
		return facts.Blocks()
	}
	switch r.Family() {
	case "L", "R":
		return locks(w, facts) || strings.HasPrefix(w.Code, "drop") && len(facts.Breaks) > 0
	case "T":
		return facts.Blocks() || facts.Queues()
	case "C":
		return len(facts.Breaks) > 0
	case "D":
		return len(facts.Loses)+len(facts.Breaks) > 0
	}
	return false
}

// locks reports whether the warning's statement takes a lock for which others
// wait.
func locks(w Warning, facts measure.Facts) bool {
	return slices.ContainsFunc(facts.Statements, func(s measure.Statement) bool {
		return s.File == w.File && s.Line == w.Line && (len(s.Took) > 0 || s.Blocks())
	})
}
