package plans_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		fits          bool
	}{
		{"db.internal", "db.internal", true},
		{"db.internal", "db.internal.evil", false},
		{"*.db.internal", "a.b.db.internal", true},
		{"*.db.internal", "db.internal", false},
		{"*.db.internal", "a.db.internal.evil", false},
		{"10.1.*", "10.1.2.3", true},
		{"10.1.*", "10.11.2.3", false},
		{"*", "", true},
		{"", "x", false},
		{"a*b*c", "abc", true},
		{"a*b*c", "acb", false},
		{"ab*bc", "abc", false},
	} {
		if got := plans.Matches(c.pattern, c.text); got != c.fits {
			t.Errorf("%q and %q: %v", c.pattern, c.text, got)
		}
	}
}
