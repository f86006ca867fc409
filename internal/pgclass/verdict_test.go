package pgclass_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
)

func allCases() []verdictCase {
	return slices.Concat(addingCases(), columnCases(), constraintCases(), droppingCases(), renamingCases(), behaviourCases(), rowCases(), survivalCases())
}

func TestOf(t *testing.T) {
	t.Parallel()
	released := release(t)
	for _, c := range allCases() {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			now := replay(t, released.Clone(), c.before)
			statements := read(t, c.sql)
			if len(statements) != 1 {
				t.Fatalf("%d statements, expected one", len(statements))
			}
			v := pgclass.Of(statements[0], released, now)
			if string(v.Class) != c.class || !strings.Contains(v.Reason, c.reason) {
				t.Errorf("after %q it is %s: %s\nexpected %s: ...%s...", c.before, v.Class, v.Reason, c.class, c.reason)
			}
			if strings.HasSuffix(v.Reason, ".") {
				t.Errorf("the reason %q has a full stop", v.Reason)
			}
		})
	}
	if n := len(allCases()); n < 120 {
		t.Errorf("%d statements, expected 120", n)
	}
}
