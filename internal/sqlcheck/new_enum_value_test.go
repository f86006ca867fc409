package sqlcheck_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
)

func TestNewEnumValueElsewhere(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"create type e as enum ('a'); alter type e add value 'x'; update t set a = 'x'",
		"create type app.e as enum ('a'); alter type app.e add value 'x'; update t set a = 'x'",
		"-- lockstep:no-transaction\nalter type e add value 'x'; update t set a = 'x'",
		"alter type e add value 'x'; update t set a = 'y'",
		"update t set a = 'x'; alter type e add value 'x'",
		"alter type e rename value 'a' to 'x'",
	} {
		_, findings := sqlcheck.Classify(file(text), "postgres")
		for _, f := range findings {
			if f.Code == "new-enum-value" {
				t.Errorf("%q: %s", text, f.Summary)
			}
		}
	}
}
