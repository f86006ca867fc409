package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// createSequence locks nothing but the table that is to own it.
func (a *analysis) createSequence(s *pg.CreateSeqStmt) { a.ownedBy(s.GetOptions()) }

// alterSequence locks out nextval and gives the sequence a new file; OWNED BY
// alone keeps the file.
//
// Source: https://www.postgresql.org/docs/current/sql-altersequence.html;
// init_params in src/backend/commands/sequence.c. Measured: alter_sequence,
// alter_sequence_as.
func (a *analysis) alterSequence(s *pg.AlterSeqStmt) {
	n := a.named(s.GetSequence(), shareRowExclusive)
	a.sequenceOptions(n, s.GetOptions())
	a.ownedBy(s.GetOptions())
}

func (a *analysis) sequenceOptions(n pgschema.Name, options []*pg.Node) {
	a.lock(n, shareRowExclusive)
	for _, o := range options {
		if name := o.GetDefElem().GetDefname(); name != "owned_by" && name != "generated" {
			a.rewrites[n] = true
		}
	}
}

func (a *analysis) ownedBy(options []*pg.Node) {
	for _, o := range options {
		parts := pgschema.Strings(o.GetDefElem().GetArg().GetList().GetItems())
		if o.GetDefElem().GetDefname() == "owned_by" && len(parts) > 1 {
			a.lockNamed(pgschema.NameOfParts(parts[:len(parts)-1]), accessShare)
		}
	}
}
