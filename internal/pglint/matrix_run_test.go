package pglint_test

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
)

// cluster is the server of all tests of this package.
var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

func matrix() []row {
	return slices.Concat(matrixOfColumns(), matrixOfConstraints(), matrixOfIndexes(), matrixOfTypes(), matrixOfTables(), matrixOfRights(), matrixOfFiles())
}

// elsewhereFound are rules that no statement by itself meets, with who does.
func elsewhereFound() map[string]string {
	return map[string]string{
		"PG-T08": "package sqlcheck, which takes BEGIN and COMMIT around a file away",
		"PG-T09": "package sqlcheck, which knows whether BEGIN and COMMIT stood around the file",
		"PG-S02": "package sqlcheck, of all statements that leave the database by COPY",
		"PG-F01": "package sqlcheck, which knows the down file",
		"PG-F02": "package sqlcheck, of indexes that are looked up after a crash",
		"PG-F03": "package sqlcheck, of SET without LOCAL",
		"PG-F04": "package sqlcheck, of all statements that leave the database by COPY",
	}
}

// found lints a file behind the base, with every rule on, and returns the
// findings of one rule.
func found(t *testing.T, text, code string) []plans.Finding {
	t.Helper()
	return slices.DeleteFunc(allFound(t, text, serverFor(code)), func(f plans.Finding) bool { return f.Code != code })
}

// found has the findings of the row's rule in a file, for the row's version.
func (r row) found(t *testing.T, text string) []plans.Finding {
	t.Helper()
	rule, _ := pgrule.Find(r.id)
	if r.major == 0 {
		return found(t, text, rule.Code)
	}
	return slices.DeleteFunc(allFound(t, text, r.major), func(f plans.Finding) bool { return f.Code != rule.Code })
}

func allFound(t *testing.T, text string, major int) []plans.Finding {
	t.Helper()
	l := pglint.New(pgeffect.Server{Major: major, UTC: true})
	for _, r := range pgrule.All() {
		if r.Off {
			l.Enable(r.Code)
		}
	}
	if _, _, err := l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(matrixBase)}); err != nil {
		t.Fatal(err)
	}
	_, findings, err := l.File(plans.SQLFile{Path: "2.sql", Bytes: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// serverFor is a version on which the rule holds.
func serverFor(code string) int {
	if r, _ := pgrule.Find(code); r.Since > 17 {
		return r.Since
	}
	return 17
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, r := range matrix() {
		rule, known := pgrule.Find(r.id)
		if !known {
			t.Errorf("there is no rule %s", r.id)
			continue
		}
		findings := r.found(t, r.sql)
		if len(findings) == 0 {
			t.Errorf("%s is not found in %s", rule.Code, r.sql)
		}
		for _, f := range findings {
			if !strings.Contains(f.Fix, r.says) {
				t.Errorf("%s has no %q in\n%s", r.sql, r.says, f.Fix)
			}
		}
		if more := r.found(t, r.neighbour); len(more) > 0 {
			t.Errorf("%s is found in %s", rule.Code, r.neighbour)
		}
	}
}

// TestMatrixHasEveryRule: what has no row here is found elsewhere, and is said
// to be.
func TestMatrixHasEveryRule(t *testing.T) {
	t.Parallel()
	rows := matrix()
	for _, rule := range pgrule.All() {
		_, other := elsewhereFound()[rule.ID]
		if here := slices.ContainsFunc(rows, func(r row) bool { return r.id == rule.ID }); here == other {
			t.Errorf("%s (%s): a row %v, found elsewhere %v", rule.Code, rule.ID, here, other)
		}
	}
}

// TestMatrixAlternativesRun: a server that holds the base carries out every
// alternative as it is printed.
func TestMatrixAlternativesRun(t *testing.T) {
	t.Parallel()
	for _, r := range matrix() {
		rule, _ := pgrule.Find(r.id)
		t.Run(rule.Code+" "+r.sql, func(t *testing.T) {
			t.Parallel()
			findings := r.found(t, r.sql)
			if len(findings) == 0 || r.unrun != "" {
				return
			}
			carryOut(t, r, findings[len(findings)-1].Fix)
		})
	}
}

func carryOut(t *testing.T, r row, fix string) {
	t.Helper()
	statements, err := pgsyntax.Read([]byte(fix))
	if err != nil || len(statements) == 0 {
		t.Fatalf("%v: no statements in\n%s", err, fix)
	}
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run := func(ctx context.Context, text string) error {
		_, err := conn.ExecContext(ctx, text)
		return err
	}
	if err := run(t.Context(), matrixBase); err != nil {
		t.Fatalf("the base: %v", err)
	}
	if strings.Contains(fix, "LOCK TABLE") { // one file, and so one transaction
		if err := run(t.Context(), "BEGIN"); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range statements {
		if err := run(t.Context(), r.amid[i]); err != nil {
			t.Fatalf("%v in %s", err, r.amid[i])
		}
		err := run(t.Context(), s.Text)
		switch {
		case err != nil && r.fails != "" && strings.Contains(err.Error(), r.fails):
			return
		case err != nil:
			t.Fatalf("%v in\n%s\nof\n%s", err, s.Text, fix)
		}
	}
	if r.fails != "" {
		t.Errorf("it was expected to fail with %q:\n%s", r.fails, fix)
	}
}

// TestNoPlaceholderIsLeft: where the schema is known, a finding's alternative
// has nothing to fill in.
func TestNoPlaceholderIsLeft(t *testing.T) {
	t.Parallel()
	for _, r := range matrix() {
		for _, f := range allFound(t, r.sql, 17) {
			if strings.Contains(f.Fix, "{") && strings.Contains(f.Fix, "}") {
				t.Errorf("%s of %s:\n%s", f.Code, r.sql, f.Fix)
			}
		}
	}
}
