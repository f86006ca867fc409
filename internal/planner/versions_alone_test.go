package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// versionAlone is the input of a database that keeps a version and no more.
func versionAlone(t *testing.T, body, version string) planner.Input {
	in := input(t, body)
	text := strings.Replace(project, `"postgres"`, `"redshift"`, 1)
	in.ChangeSet = evaluatedText(t, text+"change_set \"c\" {\n"+body+"\n}\n")
	observe(&in, plans.Observation{
		Address: "database.orders", Provider: "database/redshift", Identity: "redshift at h/orders",
		Database: &plans.DatabaseState{Driver: "redshift", Version: version},
	})
	return in
}

func TestVersionAlone(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, versionAlone(t, migrationBlock, "1"))
	var before []string
	for _, s := range p.Steps {
		before = append(before, s.Migration.Before+" -> "+s.Migration.Version)
		if s.Provider != "database/redshift" || s.Migration.Mode != "driver" {
			t.Errorf("%s: %s, %s", s.Address, s.Provider, s.Migration.Mode)
		}
	}
	if want := []string{"1 -> 2", "2 -> 3", "3 -> 4"}; !slices.Equal(before, want) {
		t.Errorf("got %q, want %q", before, want)
	}
	if !slices.Contains(codes(p), "version-alone") {
		t.Errorf("findings %v", codes(p))
	}
}

// Import and repair know nothing of such a database, so nobody is sent there.
func TestVersionAloneIsMendedByHand(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, versionAlone(t, migrationBlock, "1"))
	if f := finding(p, "baseline"); f == nil || strings.Contains(f.Fix, "lockstep import") {
		t.Errorf("%+v", f)
	}
	in := versionAlone(t, migrationBlock, "1")
	for i := range in.Observations {
		if in.Observations[i].Database != nil {
			in.Observations[i].Database.Dirty = true
		}
	}
	_, ds := planner.Plan(in)
	if len(ds) != 1 || !strings.Contains(ds[0].Fix, "migrate force VERSION") || strings.Contains(ds[0].Fix, "lockstep repair") {
		t.Errorf("%v", ds)
	}
}

func TestVersionAloneHoldsNothingBack(t *testing.T) {
	t.Parallel()
	in := versionAlone(t, strings.Replace(migrationBlock, "4", "5", 1), "3")
	in.Folders["orders"] = append(ordersFolder(), file(5, "add_note", "ALTER TABLE orders ADD COLUMN note text;", "ALTER TABLE orders DROP COLUMN note;"))
	in.Siblings = []planner.Sibling{{Name: "order_status", Versions: map[string]uint64{"orders": 4}}}
	in.Standing.ChangeSets = map[string]planner.Taken{"order_status": {Order: 1}}
	p, ds := planner.Plan(in)
	if p != nil || len(ds) != 1 || ds[0].Code != "cannot-hold-back" || !strings.Contains(ds[0].Summary, "0004_drop_state") || !strings.Contains(ds[0].Fix, "split it") {
		t.Errorf("got %v, %v", p, ds)
	}
}

// A file that cannot be read as SQL is still a file for its driver.
func TestVersionAloneTakesWhatIsNoSQL(t *testing.T) {
	t.Parallel()
	in := versionAlone(t, migrationBlock, "3")
	in.Folders["orders"][3] = file(4, "index", `[{"createIndexes": "orders's}]`, `[{"dropIndexes": "orders"}]`)
	p := mustPlan(t, in)
	if len(p.Steps) != 1 || !slices.Contains(codes(p), "unreadable-statement") {
		t.Errorf("got %s, findings %v", sketch(p), codes(p))
	}
}
