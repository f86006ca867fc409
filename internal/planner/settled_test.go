package planner_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// done turns an input into one whose targets all are as wanted.
func done(in *planner.Input) {
	all := ordersFolder()
	observe(in, database(appliedFile(all[0], "earlier"), appliedFile(all[1], "c"), appliedFile(all[2], "c"), appliedFile(all[3], "c")))
	observe(in, deployment(digest("new")))
	observe(in, module())
}

func TestAlreadyApplied(t *testing.T) {
	t.Parallel()
	in := input(t, whole)
	content := mustPlan(t, in).Content
	done(&in)
	if p := mustPlan(t, in); p.Settled != "" || len(p.Steps) != 4 || effects(p) {
		t.Errorf("unknown to the journal: want the checks and bakes alone, got %q\n%s", p.Settled, sketch(p))
	}
	in.Standing.ChangeSets = map[string]planner.Taken{"c": {Content: content, Order: 1}}
	p := mustPlan(t, in)
	if p.Settled != plans.AlreadyApplied || len(p.Steps) != 0 {
		t.Errorf("got %q\n%s", p.Settled, sketch(p))
	}
	if p.Content != content {
		t.Errorf("content moved with observations: %s and %s", content, p.Content)
	}
	in.Standing.ChangeSets["c"] = planner.Taken{Content: digest("another"), Order: 1}
	if p := mustPlan(t, in); p.Settled != "" {
		t.Errorf("other content: got %q", p.Settled)
	}
}

func TestSuperseded(t *testing.T) {
	t.Parallel()
	in := input(t, whole)
	done(&in)
	observe(&in, deployment(digest("newer")))
	in.Standing = planner.Standing{
		ChangeSets: map[string]planner.Taken{"c": {Content: mustPlan(t, in).Content, Order: 1}, "next": {Order: 2}},
		Movers:     map[string]string{"/srv/api": "next"},
	}
	if p := mustPlan(t, in); p.Settled != plans.Superseded || len(p.Steps) != 0 {
		t.Errorf("got %q\n%s", p.Settled, sketch(p))
	}
	in.Standing.ChangeSets["next"] = planner.Taken{Order: 0} // our contract phase ran after it
	if p := mustPlan(t, in); p.Settled != plans.Superseded {
		t.Errorf("contract after the next one: got %q\n%s", p.Settled, sketch(p))
	}
	in.Standing.ChangeSets["c"] = planner.Taken{Content: digest("before an edit"), Order: 1}
	if p := mustPlan(t, in); p.Settled != "" || p.Step("deployment.directory.api") == nil {
		t.Errorf("moved by an earlier one: got %q\n%s", p.Settled, sketch(p))
	}
}

func TestHeldContractIsAppliedOutOfOrder(t *testing.T) {
	t.Parallel()
	all := append(ordersFolder(), file(5, "add_note", "ALTER TABLE orders ADD COLUMN note text;", "ALTER TABLE orders DROP COLUMN note;"))
	in := input(t, whole)
	done(&in)
	in.Folders["orders"] = all
	observe(&in, database(appliedFile(all[0], "earlier"), appliedFile(all[1], "c"), appliedFile(all[2], "c"), appliedFile(all[4], "next")))
	p := mustPlan(t, in)
	in.Standing.ChangeSets = map[string]planner.Taken{"c": {Content: p.Content, Order: 1}}
	p = mustPlan(t, in)
	if step := p.Step(`migration.orders["0004_drop_state"]`); step == nil || step.Phase != plans.Contract {
		t.Fatalf("got\n%s", sketch(p))
	}
	if p.Step("phase.release.bake") != nil {
		t.Errorf("the bake is over, got\n%s", sketch(p))
	}
	if !slices.Equal(p.Held, []string{"orders/0004_drop_state"}) {
		t.Errorf("held: %v", p.Held)
	}
}

func TestLaterChangeSetStepsOverHeldFiles(t *testing.T) {
	t.Parallel()
	all := append(ordersFolder(), file(5, "add_note", "ALTER TABLE orders ADD COLUMN note text;", "ALTER TABLE orders DROP COLUMN note;"))
	in := input(t, strings.Replace(migrationBlock, "4", "5", 1))
	in.Folders["orders"] = all
	in.Siblings = []planner.Sibling{{Name: "order_status", Versions: map[string]uint64{"orders": 4}}}
	observe(&in, database(appliedFile(all[0], "order_status"), appliedFile(all[1], "order_status"), appliedFile(all[2], "order_status")))
	p := mustPlan(t, in)
	if !slices.Equal(p.Requires, []string{"order_status"}) || p.Step(`migration.orders["0004_drop_state"]`) != nil {
		t.Errorf("not taken: requires %v\n%s", p.Requires, sketch(p))
	}
	in.Standing.ChangeSets = map[string]planner.Taken{"order_status": {Order: 1}}
	p = mustPlan(t, in)
	if len(p.Requires) != 0 || !slices.Equal(p.Held, []string{"orders/0004_drop_state"}) || len(p.Steps) != 1 {
		t.Errorf("taken: requires %v, held %v\n%s", p.Requires, p.Held, sketch(p))
	}
}

// TestWhatNobodyWaitsForFollowsAContract: a file that only takes away what this
// change set made, or that no code sees, comes behind a contract file; one that
// new code waits for is refused there.
func TestWhatNobodyWaitsForFollowsAContract(t *testing.T) {
	t.Parallel()
	for up, refused := range map[string]bool{
		"ALTER TABLE orders DROP COLUMN status_id;":                                          false,
		"COMMENT ON TABLE orders IS 'of shops';":                                             false,
		"ALTER TABLE orders ADD COLUMN note text;":                                           true,
		"-- lockstep:phase expand new code reads it\nCOMMENT ON TABLE orders IS 'of shops';": true,
	} {
		in := input(t, strings.Replace(migrationBlock, "4", "5", 1))
		all := append(ordersFolder(), file(5, "last", up, "-- lockstep:irreversible a test\nSELECT 1;"))
		in.Folders["orders"] = all
		observe(&in, database(appliedFile(all[0], "earlier")))
		p, diags := planner.Plan(in)
		if diags.HasErrors() != refused {
			t.Errorf("%s: %v", up, diags)
			continue
		}
		if !refused && p.Step(`migration.orders["0005_last"]`).Phase != plans.Contract {
			t.Errorf("%s is not behind the contract file\n%s", up, sketch(p))
		}
	}
}

// TestEndOfAnotherChangeSetWaits: a change set that has nothing but contract
// files and ends what the environment has, as the end of a quarantine does, may
// bake while later ones go on, and comes below their versions then.
func TestEndOfAnotherChangeSetWaits(t *testing.T) {
	t.Parallel()
	all := append(ordersFolder(), file(5, "add_note", "ALTER TABLE orders ADD COLUMN note text;", "ALTER TABLE orders DROP COLUMN note;"))
	in := input(t, strings.Replace(migrationBlock, "4", "5", 1))
	in.Folders["orders"] = all
	in.Siblings = []planner.Sibling{
		{Name: "start", Versions: map[string]uint64{"orders": 3}},
		{Name: "end", Versions: map[string]uint64{"orders": 4}, DependsOn: []string{"start"}},
	}
	applied := []plans.AppliedMigration{appliedFile(all[0], "start"), appliedFile(all[1], "start"), appliedFile(all[2], "start")}
	observe(&in, database(applied...))
	if p := mustPlan(t, in); !slices.Contains(p.Requires, "end") || len(p.Held) != 0 {
		t.Errorf("before the start is taken: requires %v, held %v", p.Requires, p.Held)
	}
	in.Standing.ChangeSets = map[string]planner.Taken{"start": {Order: 1}}
	p := mustPlan(t, in)
	if len(p.Requires) != 0 || !slices.Equal(p.Held, []string{"orders/0004_drop_state"}) || len(p.Steps) != 1 {
		t.Errorf("after it: requires %v, held %v\n%s", p.Requires, p.Held, sketch(p))
	}

	in = input(t, migrationBlock)
	in.ChangeSet.DependsOn = []string{"start"}
	in.Folders["orders"] = all
	in.Siblings = []planner.Sibling{{Name: "start", Versions: map[string]uint64{"orders": 3}}, {Name: "next", Versions: map[string]uint64{"orders": 5}}}
	in.Standing.ChangeSets = map[string]planner.Taken{"start": {Order: 1}, "next": {Order: 2}}
	observe(&in, database(append(applied, appliedFile(all[4], "next"))...))
	if step := mustPlan(t, in).Step(`migration.orders["0004_drop_state"]`); step == nil || step.Phase != plans.Contract {
		t.Errorf("the end is not planned below the version of the next one")
	}
}

func TestRequiresSkipsEnvironmentsLeftOut(t *testing.T) {
	t.Parallel()
	in := input(t, apiBlocks)
	in.ChangeSet.DependsOn = []string{"only_dev", "other"}
	in.Siblings = []planner.Sibling{
		{Name: "only_dev", Environments: []string{"dev"}, DependsOn: []string{"base"}},
		{Name: "base"},
		{Name: "other"},
	}
	if got := mustPlan(t, in).Requires; !slices.Equal(got, []string{"base", "other"}) {
		t.Errorf("got %v", got)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	content := digest("content")
	plan := &plans.Plan{
		ChangeSet: "c", Environment: "production", Content: content, Requires: []string{"base"},
		Upstream: []plans.Upstream{{Environment: "staging", SoakTime: plans.Duration(time.Hour)}},
	}
	healthy := planner.Taken{Content: content, Since: now.Add(-2 * time.Hour)}
	here := planner.Standing{ChangeSets: map[string]planner.Taken{"base": {}}}
	with := func(s planner.Standing) map[string]planner.Standing {
		return map[string]planner.Standing{"production": here, "staging": s}
	}
	taken := func(v planner.Taken) planner.Standing {
		return planner.Standing{ChangeSets: map[string]planner.Taken{"c": v}}
	}
	open := func(state string, undoing bool) map[string]planner.Standing {
		run := &planner.OpenRun{Run: "r-9", ChangeSet: "d", Actor: "ana", State: state, Undoing: undoing}
		return map[string]planner.Standing{"production": {ChangeSets: here.ChangeSets, OpenRun: run}, "staging": taken(healthy)}
	}
	upstream := func(run planner.OpenRun) map[string]planner.Standing {
		run.Run = "r-8"
		s := taken(healthy)
		s.Unfinished = map[string]planner.OpenRun{"c": run}
		return with(s)
	}
	held := taken(healthy)
	held.Holds = []planner.Hold{{ChangeSet: "c", Content: content, Run: "r-7"}}
	tests := []struct {
		name          string
		all           map[string]planner.Standing
		codes         string
		summary, next string
		until         string
	}{
		{"free", with(taken(healthy)), "", "", "", ""},
		{"upstream lacks it", with(planner.Standing{}), "upstream", "staging does not have c yet", "lockstep apply c --env staging", ""},
		{"other content", with(taken(planner.Taken{Content: digest("x")})), "content", digest("x").Short(), "lockstep apply c --env staging", ""},
		{"soak", with(taken(planner.Taken{Content: content, Since: now.Add(-time.Minute)})), "soak", "healthy for 1h", "lockstep promote c --to production", "2026-11-21T12:59:00Z"},
		{"hold", with(held), "hold", "run r-7", "lockstep apply c --env staging", ""},
		{"nothing there", map[string]planner.Standing{}, "requires upstream", "production does not have change set base yet", "lockstep apply base --env production", ""},
		{"open run", map[string]planner.Standing{
			"production": {ChangeSets: here.ChangeSets, OpenRun: &planner.OpenRun{Run: "r-9", ChangeSet: "d", Actor: "ana", State: "waiting"}},
			"staging":    taken(healthy),
		}, "run", "run r-9 of d is waiting in production", "lockstep resume r-9", ""},
		{"open run needs a person", open("needs_person", false), "run", "run r-9 of d needs a person in production", "lockstep resume r-9", ""},
		{"open run at work", open("running", false), "run", "run r-9 of d is running in production", "lockstep status", ""},
		{"open rollback", open("interrupted", true), "run", "run r-9 of d was interrupted on its way back in production", "lockstep resume r-9", ""},
		{"upstream needs a person", upstream(planner.OpenRun{State: "needs_person"}), "upstream", "run r-8 of c needs a person in staging", "lockstep resume r-8", ""},
		{"upstream interrupted", upstream(planner.OpenRun{State: "interrupted", Pending: true}), "upstream", "was interrupted in staging", "lockstep resume r-8", ""},
		{"upstream at work", upstream(planner.OpenRun{State: "running"}), "upstream", "is running in staging", "lockstep status", ""},
		{"upstream paused after a failure", upstream(planner.OpenRun{State: "paused"}), "upstream", "is paused in staging", "lockstep resume r-8", ""},
		{"upstream on its way back", upstream(planner.OpenRun{State: "blocked", Undoing: true}), "upstream", "is held up on its way back in staging", "lockstep resume r-8", ""},
		{"upstream stopped before contract", upstream(planner.OpenRun{State: "paused", Pending: true}), "", "", "", ""},
		{"upstream bakes contract", upstream(planner.OpenRun{State: "waiting", Pending: true}), "", "", "", ""},
		{"upstream bakes still", with(planner.Standing{Unfinished: map[string]planner.OpenRun{"c": {Run: "r-8", State: "waiting"}}}), "upstream", "staging does not have c yet: run r-8 is waiting", "lockstep resume r-8", ""},
	}
	for _, tt := range tests {
		blocks := planner.Blocks(plan, tt.all, now)
		var codes []string
		for _, b := range blocks {
			codes = append(codes, b.Code)
			if b.Who == "" || b.Next == "" {
				t.Errorf("%s: incomplete %+v", tt.name, b)
			}
		}
		if strings.Join(codes, " ") != tt.codes {
			t.Errorf("%s: got %v", tt.name, codes)
			continue
		}
		if len(blocks) > 0 && (!strings.Contains(blocks[0].Summary, tt.summary) || blocks[0].Next != tt.next || blocks[0].Until != tt.until) {
			t.Errorf("%s: got %+v", tt.name, blocks[0])
		}
	}
}

func TestOnlySettledPlansAreNeverBlocked(t *testing.T) {
	t.Parallel()
	content := digest("content")
	plan := plans.Plan{ChangeSet: "c", Environment: "production", Content: content, Upstream: []plans.Upstream{{Environment: "dev"}}}
	open := &planner.OpenRun{Run: "r-1", ChangeSet: "c", State: "waiting"}
	has := planner.Standing{OpenRun: open, ChangeSets: map[string]planner.Taken{"c": {Content: content}}}
	tests := []struct {
		name    string
		settled plans.Settled
		here    planner.Standing
		codes   string
	}{
		{"superseded", plans.Superseded, planner.Standing{}, ""},
		{"already applied", plans.AlreadyApplied, has, ""},
		{"taken back since", plans.AlreadyApplied, planner.Standing{}, "stale"},
		{"no steps, unknown to the journal", "", planner.Standing{OpenRun: open}, "run upstream"},
	}
	for _, tt := range tests {
		p := plan
		p.Settled = tt.settled
		var codes []string
		for _, b := range planner.Blocks(&p, map[string]planner.Standing{"production": tt.here}, time.Now()) {
			codes = append(codes, b.Code)
		}
		if strings.Join(codes, " ") != tt.codes {
			t.Errorf("%s: got %v", tt.name, codes)
		}
	}
}

func TestABakeStaysUntilTheJournalHasTheContent(t *testing.T) {
	t.Parallel()
	in := input(t, migrationBlock+apiBlocks+"\nphase \"verify\" { bake_time = \"1h\" }")
	done(&in)
	p := mustPlan(t, in)
	if p.Settled != "" || len(p.Steps) != 1 || p.Steps[0].Address != "phase.verify.bake" {
		t.Fatalf("got %q\n%s", p.Settled, sketch(p))
	}
	in.Standing.ChangeSets = map[string]planner.Taken{"c": {Content: p.Content}}
	if p := mustPlan(t, in); p.Settled != plans.AlreadyApplied {
		t.Errorf("in the journal: got %q\n%s", p.Settled, sketch(p))
	}
}

func TestNothingToRunIsNotYetApplied(t *testing.T) {
	t.Parallel()
	in := input(t, migrationBlock+apiBlocks)
	done(&in)
	if p := mustPlan(t, in); p.Settled != "" || len(p.Steps) != 0 {
		t.Errorf("got %q\n%s", p.Settled, sketch(p))
	}
}

func effects(p *plans.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s plans.Step) bool { return s.Action.Effect() })
}
