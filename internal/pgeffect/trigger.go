package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// createTrigger locks out writers; a trigger for each row of a partitioned
// table is made on every partition.
//
// Source: "SHARE ROW EXCLUSIVE" in
// https://www.postgresql.org/docs/current/explicit-locking.html. Measured:
// create_trigger_part, replace_trigger.
func (a *analysis) createTrigger(s *pg.CreateTrigStmt) {
	n := a.named(s.GetRelation(), shareRowExclusive)
	if t := a.schema.Tables[n]; t != nil && t.Partitioned && s.GetRow() {
		a.below(n, shareRowExclusive)
	}
	if s.GetConstrrel() != nil {
		a.named(s.GetConstrrel(), accessShare)
	}
}
