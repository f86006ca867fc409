package pglint_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestZonesThatAreNotKnownMayRewrite: only UTC spares the rewrite, and a file
// that sets another zone is not spared it by the server's.
func TestZonesThatAreNotKnownMayRewrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		set      string
		utc      bool
		rewrites bool
		source   string
	}{
		{"", false, true, "assumed"},
		{"", true, false, "rule"},
		{"SET LOCAL timezone = 'UTC'; ", false, false, "rule"},
		{"SET TIME ZONE 'Etc/UTC'; ", false, false, "rule"},
		{"SET LOCAL timezone = 'Europe/Vienna'; ", true, true, "assumed"},
		{"SET LOCAL timezone = 'UTC'; SET LOCAL timezone = 'Asia/Tokyo'; ", true, true, "assumed"},
	} {
		l := pglint.New(pgeffect.Server{Major: 17, UTC: test.utc})
		text := "CREATE TABLE t (at timestamp);"
		if _, _, err := l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(text)}); err != nil {
			t.Fatal(err)
		}
		statements, _, err := l.File(plans.SQLFile{Path: "2.sql", Bytes: []byte(test.set + "ALTER TABLE t ALTER COLUMN at TYPE timestamptz")})
		if err != nil {
			t.Fatal(err)
		}
		last := statements[len(statements)-1]
		if len(last.Rewrites) > 0 != test.rewrites || last.Source != test.source {
			t.Errorf("%q: rewrites %v (%s)", test.set, last.Rewrites, last.Source)
		}
	}
}
