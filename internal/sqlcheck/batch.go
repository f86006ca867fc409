package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Batch says what one batch of a backfill takes. Its text has named
// placeholders; the rows of a batch are found by their key.
func Batch(file plans.SQLFile, dialect string) []plans.Statement {
	if dialect != postgres {
		verdict, _ := Classify(plans.MigrationFile{Up: file}, dialect)
		return verdict.Statements
	}
	scanned, err := sqlscan.Split(file.Bytes)
	if err != nil {
		return nil
	}
	var list []plans.Statement
	linter := pglint.New(pgeffect.Server{Major: Newest})
	for _, s := range scanned {
		bound, err := pgsyntax.Read([]byte(s.Bind(func(string) string { return "$1" })))
		if err != nil {
			return nil
		}
		list = append(list, plans.Statement{
			File: file.Path, Line: s.Line, SQL: s.Text, Source: "rule", Locks: linter.Locks(bound),
		})
	}
	return list
}
