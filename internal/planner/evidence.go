package planner

import "github.com/lockstep-dev/lockstep/plans"

// Evidence is what a rehearsal found of one pending file.
type Evidence struct {
	// Statements are those of the up file with what was measured of them, in
	// their order; nil when the file could not be run.
	Statements []plans.Statement
	Rehearsal  plans.Rehearsal
	// Queries is nil when no statement of the application is known.
	Queries *plans.QueryEvidence
}
