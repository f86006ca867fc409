package sqlcheck_test

import (
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestStatementsWithoutAPlaceHaveNoPhase: of a file that has no single place,
// each statement has its own, or none.
func TestStatementsWithoutAPlaceHaveNoPhase(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]plans.Phase{
		"ALTER TABLE t ADD COLUMN b int; ALTER TABLE t DROP COLUMN a;": {plans.Expand, plans.Contract},
		"DO $$ BEGIN END $$;":                       {""},
		"ALTER TABLE t ALTER COLUMN a TYPE bigint;": {""},
		"ALTER TABLE t DROP COLUMN a;":              {plans.Contract},
		"-- lockstep:phase contract nobody reads it\nALTER TABLE t ADD COLUMN b int; ALTER TABLE t DROP COLUMN a;": {plans.Contract, plans.Contract},
	} {
		p := sqlcheck.ForFolder(pgeffect.Server{Major: 17}, nil)
		p.Lint(file("CREATE TABLE t (a int);"))
		verdict, _, _ := p.Lint(file(text))
		var got []plans.Phase
		for _, s := range verdict.Statements {
			got = append(got, s.Phase)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
