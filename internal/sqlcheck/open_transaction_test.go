package sqlcheck_test

import (
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestUncommittedTransaction(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"begin; select 1":                                   true,
		"select 1; start transaction; select 2":             true,
		"begin; select 1; commit; begin; select 2":          true,
		"begin; select 1; commit":                           false,
		"begin; select 1; commit; begin; select 2; commit":  false,
		"select 1; begin; select 1; rollback":               false,
		"select 1; begin; savepoint a; release savepoint a": true,
		"create table t (a int)":                            false,
	} {
		_, findings := sqlcheck.Classify(file(src), "postgres")
		if got := slices.ContainsFunc(findings, func(f plans.Finding) bool { return f.Code == "uncommitted-transaction" }); got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}
