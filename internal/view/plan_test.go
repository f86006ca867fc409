package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestPlanScreens(t *testing.T) {
	t.Parallel()
	held := review()
	held.Plan.Held = []string{"0008_drop_state"}
	held.Blocked, held.Saved = blocks(), ""
	free := review()
	free.Saved, free.Plan.Upstream = "", nil
	unrecorded := settledPlan("")
	unrecorded.Findings = []plans.Finding{{Code: "remembered-target", Severity: plans.SeverityInfo, Address: "deployment.exec.api", Summary: "nobody looked"}}
	tests := map[string]struct {
		review  Review
		show    func(Plan, Review) error
		columns int
	}{
		"plan_short.txt":      {review(), Plan.Short, 100},
		"plan_short_80.txt":   {review(), Plan.Short, 80},
		"plan_short_120.txt":  {review(), Plan.Short, 120},
		"plan_blocked.txt":    {held, Plan.Short, 100},
		"plan_first_env.txt":  {free, Plan.Short, 100},
		"plan_full.txt":       {review(), Plan.Full, 100},
		"plan_settled.txt":    {Review{Plan: settledPlan(plans.AlreadyApplied)}, Plan.Short, 100},
		"plan_unrecorded.txt": {Review{Plan: unrecorded}, Plan.Short, 100},
		"plan_superseded.txt": {Review{Plan: settledPlan(plans.Superseded)}, Plan.Full, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, buf := screen(test.columns)
			if err := test.show(Plan{out}, test.review); err != nil {
				t.Fatal(err)
			}
			fits(t, test.columns, buf.Bytes())
			golden(t, name, buf.Bytes())
		})
	}
}

func TestPointOfNoReturn(t *testing.T) {
	t.Parallel()
	step := func(action plans.Action, grade plans.Grade, kept bool) plans.Step {
		return plans.Step{Address: "s", Phase: plans.Expand, Action: action, Rollback: plans.Rollback{Grade: grade, Kept: kept, Reason: "it is gone"}}
	}
	exact := step(plans.ActionDeploy, plans.GradeExact, false)
	check := step(plans.ActionCheck, "", false)
	structural := step(plans.ActionMigrate, plans.GradeStructural, true)
	none := step(plans.ActionMigrate, plans.GradeNone, true)
	tests := []struct {
		steps []plans.Step
		want  string
	}{
		{[]plans.Step{exact, check}, "none, every step has a way back"},
		{[]plans.Step{exact, structural}, "none for a failing run, but step 2 has no exact way back"},
		{[]plans.Step{none, exact, structural, structural}, "none for a failing run, but step 1 has no way back and steps 3, 4 have no exact way back"},
		{[]plans.Step{none, step(plans.ActionMigrate, plans.GradeNone, false)}, "step 2, s: it is gone"},
	}
	for _, tt := range tests {
		if got := pointOfNoReturn(&plans.Plan{Steps: tt.steps}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestUndoIsWordedByWhatIsLost(t *testing.T) {
	t.Parallel()
	for summary, want := range map[string]string{
		"rollback_command":                                   "rollback_command (not proven exact)",
		"lossy: the shape comes back, rows do not":           "lossy: the shape comes back, rows do not",
		"link removed; what restart_command started goes on": "link removed; what restart_command started goes on",
		"the down file restores the shape; not rehearsed":    "the down file restores the shape; not rehearsed",
	} {
		s := plans.Step{Action: plans.ActionDeploy, Rollback: plans.Rollback{Grade: plans.GradeStructural, Summary: summary}}
		if got := undo(&s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestColourOnlyRepeatsTheWords(t *testing.T) {
	t.Parallel()
	plainOut, plain := screen(100)
	if err := (Plan{plainOut}).Short(review()); err != nil {
		t.Fatal(err)
	}
	paintedOut, painted := screen(100)
	paintedOut.Colour = true
	if err := (Plan{paintedOut}).Short(review()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(painted.String(), "\x1b[31m") {
		t.Error("nothing is red, the one-way door should be")
	}
	if stripped := stripEscapes(painted.String()); stripped != plain.String() {
		t.Errorf("colour changes the layout:\n%s", stripped)
	}
}

func stripEscapes(s string) string {
	for _, code := range []string{"0", "1", "2", "31", "32", "33", "36"} {
		s = strings.ReplaceAll(s, "\x1b["+code+"m", "")
	}
	return s
}

func TestPlanJSON(t *testing.T) {
	t.Parallel()
	r := review()
	r.Blocked = blocks()
	out, buf := screen(100)
	if err := (Plan{out}).JSON(r); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.json", buf.Bytes())
}

func TestPlanJSONHasItsListsWhenEmpty(t *testing.T) {
	t.Parallel()
	out, buf := screen(100)
	if err := (Plan{out}).JSON(Review{Plan: settledPlan(plans.AlreadyApplied)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"steps": []`, `"findings": []`, `"blocked": []`, `"settled": "already_applied"`} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%s is missing in\n%s", want, buf)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	plan := orderStatus()
	addresses := map[string]string{
		"migration": `migration.orders["0007_add_status"]`,
		"oneway":    `migration.orders["0008_drop_state"]`,
		"deploy":    "deployment.directory.api",
		"terraform": "terraform.cache",
		"bake":      "phase.verify.bake",
	}
	for name, address := range addresses {
		out, buf := screen(100)
		if err := (Explain{out}).Text(plan, address); err != nil {
			t.Fatal(err)
		}
		fits(t, 100, buf.Bytes())
		golden(t, "explain_"+name+".txt", buf.Bytes())
	}
	out, buf := screen(100)
	if err := (Explain{out}).JSON(plan, addresses["migration"]); err != nil {
		t.Fatal(err)
	}
	golden(t, "explain.json", buf.Bytes())
	for _, show := range []func(*plans.Plan, string) error{Explain{out}.Text, Explain{out}.JSON} {
		if err := show(plan, "migration.none"); err == nil || !strings.Contains(err.Error(), "migration.none") {
			t.Errorf("got %v, want an error that names the step", err)
		}
	}
}

func TestGraphs(t *testing.T) {
	t.Parallel()
	for name, show := range map[string]func(Graph, *plans.Plan) error{
		"graph.txt": Graph.Text, "graph.dot": Graph.Dot, "graph.mmd": Graph.Mermaid, "graph.svg": Graph.SVG,
	} {
		out, buf := screen(100)
		if err := show(Graph{out}, orderStatus()); err != nil {
			t.Fatal(err)
		}
		golden(t, name, buf.Bytes())
	}
}

// TestHostilePlan gives every text of a plan hostile contents: no screen may
// pass a control character on, or break its width.
func TestHostilePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab \n\t\x1b\u202e\u200b\"'<>&#`\\日\x7f\u009b"))).Draw(t, "text")
		r := hostile(t, text)
		columns := rapid.IntRange(60, 160).Draw(t, "columns")
		for name, show := range screens(r) {
			out, buf := screen(columns)
			if err := show(out); err != nil {
				t.Fatal(err)
			}
			for _, r := range buf.String() {
				if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u200b') {
					t.Fatalf("%s passes %q on:\n%s", name, r, buf)
				}
			}
		}
	})
}

func hostile(t *rapid.T, text string) Review {
	r := review()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(r.Plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"order_status", "orders 0006 -> 0007, 2 statements", "team:orders", "terraform_data.cache", "SELECT 1", "destroy 1"} {
		raw = bytes.ReplaceAll(raw, fmt.Appendf(nil, "%q", word), quoted)
	}
	r.Plan = new(plans.Plan)
	if err := json.Unmarshal(raw, r.Plan); err != nil {
		t.Fatal(err)
	}
	r.Blocked = []plans.Block{{Code: text, Summary: text, Who: text, Next: text, Until: text}}
	return r
}
