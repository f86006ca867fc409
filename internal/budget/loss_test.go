package budget

import (
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestLoses(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"ALTER TABLE t DROP COLUMN a":                       true,
		"ALTER TABLE t ADD b int, DROP IF EXISTS a CASCADE": true,
		"alter table t drop a":                              true,
		"ALTER TYPE p DROP ATTRIBUTE a":                     true,
		"DROP TABLE t":                                      true,
		"TRUNCATE t":                                        true,
		"DELETE FROM t WHERE x":                             true,
		"ALTER TABLE t DROP CONSTRAINT a":                   false,
		"ALTER TABLE t ALTER a DROP DEFAULT":                false,
		"ALTER TABLE t ALTER a DROP NOT NULL":               false,
		"ALTER TABLE t ALTER a DROP IDENTITY IF EXISTS":     false,
		`ALTER TABLE t RENAME a TO "drop"`:                  false,
		"DROP INDEX i":                                      false,
		"DROP VIEW v":                                       false,
		"DO $$ BEGIN DELETE FROM t; END $$":                 false,
		"not ' SQL":                                         false,
	} {
		if got := Loses(plans.Statement{SQL: sql}); got != want {
			t.Errorf("%s: got %v", sql, got)
		}
	}
}
