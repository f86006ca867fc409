package postgres

import (
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

// The matrix of the documentation page, row by row, AccessShare first.
func TestConflicts(t *testing.T) {
	t.Parallel()
	matrix := map[mode]string{
		accessShare:          ".......X",
		rowShare:             "......XX",
		rowExclusive:         "....XXXX",
		shareUpdateExclusive: "...XXXXX",
		share:                "..XX.XXX",
		shareRowExclusive:    "..XXXXXX",
		exclusive:            ".XXXXXXX",
		accessExclusive:      "XXXXXXXX",
	}
	for held, row := range matrix {
		for i, want := range row {
			asked := mode(i + 1)
			if got := held.conflicts()&(1<<asked) != 0; got != (want == 'X') {
				t.Errorf("%s and %s: got %t", held, asked, got)
			}
		}
	}
}

func TestOneModeForTwo(t *testing.T) {
	t.Parallel()
	for a := accessShare; a <= accessExclusive; a++ {
		for b := accessShare; b <= accessExclusive; b++ {
			both := a.conflicts() | b.conflicts()
			if got := a.with(b); got.conflicts()&both != both {
				t.Errorf("%s with %s: %s lets others in", a, b, got)
			}
		}
	}
	if got := shareUpdateExclusive.with(share); got != shareRowExclusive {
		t.Errorf("got %s", got)
	}
}

func TestModeNames(t *testing.T) {
	t.Parallel()
	for m := accessShare; m <= accessExclusive; m++ {
		if got := modeOf(plans.Lock{Mode: m.String()}); got != m {
			t.Errorf("%s is read as %d", m, got)
		}
	}
	if got := modeOf(plans.Lock{Mode: ""}); got != 0 {
		t.Errorf("no mode is read as %s", got)
	}
	if got := modeOf(plans.Lock{Mode: "metadata lock"}); got != 0 {
		t.Errorf("another database's mode is read as %s", got)
	}
}
