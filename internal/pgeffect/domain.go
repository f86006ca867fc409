package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// alterDomain reads every table that has a column of the domain, and locks
// out writers meanwhile, when a constraint has to hold for the rows that are
// there. NOT VALID, and taking a constraint away, touch no table.
//
// Source: the notes of https://www.postgresql.org/docs/current/sql-alterdomain.html;
// get_rels_with_domain in src/backend/commands/typecmds.c. Measured: domain_*,
// on 11 to 18.
func (a *analysis) alterDomain(s *pg.AlterDomainStmt) {
	name := pgschema.NameOfParts(pgschema.Strings(s.GetTypeName()))
	if a.schema.Types[name] == nil {
		a.unknown("domain " + name.String() + " is not in the schema")
	}
	switch s.GetSubtype() {
	case "C":
		if s.GetDef().GetConstraint().GetSkipValidation() {
			return
		}
	case "O", "V":
	default:
		return
	}
	for _, t := range a.schema.TablesUsing(name) {
		a.lock(t.Name, share)
		a.scan(t.Name)
	}
}
