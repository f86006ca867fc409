package pglint_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestNewValuesAreRefusedWhereTheyAreCertain: a string that is meant as the new
// value is an error, one that may be is a warning.
func TestNewValuesAreRefusedWhereTheyAreCertain(t *testing.T) {
	t.Parallel()
	const add = `ALTER TYPE mood ADD VALUE 'c'; `
	for use, want := range map[string]plans.Severity{
		`UPDATE "order" SET e = 'c' WHERE id = 1`:            plans.SeverityError,
		`INSERT INTO "order" (id, nn, e) VALUES (2, 2, 'c')`: plans.SeverityError,
		`INSERT INTO "order" (id, nn, e) SELECT 2, 2, 'c'`:   plans.SeverityError,
		`ALTER TABLE "order" ALTER COLUMN e SET DEFAULT 'c'`: plans.SeverityError,
		`SELECT 'c'::mood`:                                        plans.SeverityError,
		`DELETE FROM "order" WHERE e = 'c'`:                       plans.SeverityError,
		`INSERT INTO nokey (a, t) VALUES (2, 'c')`:                plans.SeverityWarning,
		`INSERT INTO nokey (a, t) VALUES (2, 'd')`:                "",
		`COMMIT; UPDATE "order" SET e = 'c' WHERE id = 1`:         "",
		`UPDATE "order" SET ci = 'c' WHERE e = 'a' AND chk = 'c'`: plans.SeverityWarning,
	} {
		got := plans.Severity("")
		for _, f := range found(t, add+use, "new-enum-value") {
			got = f.Severity
		}
		if got != want {
			t.Errorf("%s: %q, want %q", use, got, want)
		}
		if down := newValues(t, add+use, false); down != want {
			t.Errorf("down: %s: %q, want %q", use, down, want)
		}
		if down := newValues(t, add+use, true); down != "" {
			t.Errorf("each by itself: %s: %q", use, down)
		}
	}
}

func newValues(t *testing.T, text string, apart bool) (severity plans.Severity) {
	t.Helper()
	l := pglint.New(pgeffect.Server{Major: 17})
	if _, _, err := l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(matrixBase)}); err != nil {
		t.Fatal(err)
	}
	statements, err := pgsyntax.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range l.NewValues(pglint.Text{Path: "1.down.sql", Statements: statements, Apart: apart}) {
		if f.File != "1.down.sql" {
			t.Errorf("found in %s", f.File)
		}
		severity = f.Severity
	}
	return severity
}
