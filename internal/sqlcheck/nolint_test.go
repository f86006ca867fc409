package sqlcheck_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestStrayNoLint(t *testing.T) {
	t.Parallel()
	const drop = "drop table t;\n"
	for name, test := range map[string]struct{ src, code, words string }{
		"misspelled":         {"-- lockstep:nolint drop-tabel we keep it\n" + drop, "unknown-code", `did you mean "drop-table"?`},
		"other name":         {"-- lockstep:nolint PG-L82x we keep it\n" + drop, "unknown-code", `did you mean "PG-L82"?`},
		"nothing near":       {"-- lockstep:nolint everything-is-fine because\n" + drop, "unknown-code", "lockstep lint --rules"},
		"no reason":          {"-- lockstep:nolint drop-table\n" + drop, "directive", "lockstep:nolint CODE REASON"},
		"nothing to answer":  {"-- lockstep:nolint create-index small\n" + drop, "unused-nolint", "remove the answer"},
		"an error":           {"-- lockstep:nolint alter-system sure\nalter system set a = 1;\n", "unused-nolint", "mend"},
		"twice":              {"-- lockstep:nolint drop-table a\n-- lockstep:nolint drop-table b\n" + drop, "unused-nolint", "remove one"},
		"used":               {"-- lockstep:nolint drop-table we keep it\n" + drop, "", ""},
		"used by other name": {"-- lockstep:nolint PG-L81 we keep it\n" + drop, "", ""},
		"used by the place":  {"-- lockstep:nolint class-unknown it is known\ndo $$ begin end $$;\n", "", ""},
		"used by its part":   {"-- lockstep:nolint unreadable-statement it is known\ndo $$ begin end $$;\n", "", ""},
	} {
		_, open, _ := sqlcheck.ForFolder(pgeffect.Server{Major: 17, UTC: true}, nil).Lint(file(test.src))
		open = slices.DeleteFunc(open, func(f plans.Finding) bool {
			return f.Code != "unknown-code" && f.Code != "unused-nolint" && f.Code != "directive"
		})
		switch {
		case test.code == "" && len(open) > 0:
			t.Errorf("%s: %+v", name, open)
		case test.code != "" && (len(open) != 1 || open[0].Code != test.code || !strings.Contains(open[0].Fix, test.words)):
			t.Errorf("%s: want %s with %q, got %+v", name, test.code, test.words, open)
		}
	}
}

// TestStrayNoLintInPlans: a plan says so too.
func TestStrayNoLintInPlans(t *testing.T) {
	t.Parallel()
	_, findings := sqlcheck.Classify(file("-- lockstep:nolint drop-tabel we keep it\ndrop table t;"), "postgres")
	if !slices.ContainsFunc(findings, func(f plans.Finding) bool { return f.Code == "unknown-code" && f.Line == 1 }) {
		t.Errorf("got %+v", findings)
	}
	_, findings = sqlcheck.Classify(file("-- lockstep:nolint nonsense we keep it\ndrop table t;"), "mysql")
	if !slices.ContainsFunc(findings, func(f plans.Finding) bool { return f.Code == "unknown-code" }) {
		t.Errorf("got %+v", findings)
	}
}
