package pgeffect

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// Server is what a rule has to know of the server.
type Server struct {
	// Major is its major version, 11 to 18.
	Major int
	// UTC is true when the session's TimeZone is known to be UTC.
	UTC bool
}

// Effect is what a statement does to relations that are there before it.
type Effect struct {
	// Locks has one entry a relation, the strongest; by relation.
	Locks []plans.Lock
	// Rewrites are the relations whose rows, keys or state are written into a
	// new file; Scans those that are read from end to end. By name.
	Rewrites []string
	Scans    []string
	// Unknown says why there may be more than this; empty when the rules
	// cover the whole statement.
	Unknown []string
}

// Of returns the effect of one statement on a schema. It never changes the
// schema.
func Of(st pgsyntax.Statement, schema *pgschema.Schema, server Server) Effect {
	a := newAnalysis(schema, server)
	if st.Tree == nil {
		a.unknown("the grammar does not know the statement")
		return a.effect()
	}
	if !a.table(st.Tree) && !a.object(st.Tree) && !a.rows(st.Tree) && !takesNothing(st.Tree) {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", st.Tree.GetNode()), "*pg_query.Node_")
		a.unknown("there is no rule for " + kind)
	}
	return a.effect()
}
