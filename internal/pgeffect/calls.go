package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// Volatility is "volatile", "stable" or "immutable" for a call: what the schema
// says of a function of that name, else what PostgreSQL's own has. It is empty
// for a function that neither knows.
func Volatility(call *pg.FuncCall, schema *pgschema.Schema) string {
	return newAnalysis(schema, Server{}).volatility(call)
}
