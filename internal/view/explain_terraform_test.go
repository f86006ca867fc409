package view

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestExplainSaysWhatATerraformChangeMeans(t *testing.T) {
	t.Parallel()
	long := make([]string, maxAttributes+3)
	for i := range long {
		long[i] = strings.Repeat("a", i+1)
	}
	for name, test := range map[string]struct {
		change plans.ResourceChange
		want   []string
	}{
		"destroy first": {plans.ResourceChange{Actions: []string{"delete", "create"}, Attributes: []string{"name", "size"}, Stateful: "the database"}, []string{
			"the old one is destroyed first, then the new one is made", "lost with it: the database", "changes: name, size",
		}},
		"create first":   {plans.ResourceChange{Actions: []string{"create", "delete"}}, []string{"the new one is made first, then the old one is destroyed"}},
		"update":         {plans.ResourceChange{Actions: []string{"update"}, Stateful: "the database", Weakens: []plans.Weakening{{Attribute: "a", Reason: "b"}}}, []string{"takes away: a: b"}},
		"forget":         {plans.ResourceChange{Actions: []string{"forget"}, Stateful: "the database"}, []string{"the object stays, and nobody looks after it any more"}},
		"import, moved":  {plans.ResourceChange{Actions: []string{"no-op"}, Importing: true, ImportID: "i-1", Previous: "t.b"}, []string{"was t.b", "takes over what exists already i-1"}},
		"repair":         {plans.ResourceChange{Actions: []string{"create"}, Repairs: true}, []string{"it went away outside of Terraform and is made again"}},
		"deposed":        {plans.ResourceChange{Actions: []string{"delete"}, Deposed: "ab"}, []string{"an earlier replacement left it behind"}},
		"many":           {plans.ResourceChange{Actions: []string{"update"}, Attributes: long}, []string{"changes: " + strings.Join(long[:maxAttributes], ", ") + " and 3 more"}},
		"nothing to add": {plans.ResourceChange{Actions: []string{"create"}}, nil},
	} {
		p := newPage(&terminal.Output{Width: 400})
		resource(p, test.change)
		var got []string
		for part := range strings.SplitSeq(strings.Join(strings.Fields(p.String()), " "), "- ") {
			if part = strings.TrimSpace(part); part != "" {
				got = append(got, part)
			}
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestEachPartShowsItsOwnChangesAndItsPlan(t *testing.T) {
	t.Parallel()
	state := &plans.TerraformState{
		Engine: "terraform", Version: "1.11.4", Workspace: "default",
		Changes: []plans.ResourceChange{{Address: "t.new", Actions: []string{"create"}}, {Address: "t.old", Actions: []string{"delete"}}},
		Part:    &plans.TerraformPart{Targets: []string{"t.new", "t.kept"}, Later: []string{"url"}},
	}
	plan := &plans.Plan{Observations: []plans.Observation{{Address: "terraform.a", Terraform: state}}}
	for part, test := range map[plans.Part]struct {
		sign          string
		shown, hidden []string
	}{
		plans.PartAdds:  {"+", []string{"create t.new", "-target=t.new -target=t.kept", "only after the other part: url"}, []string{"t.old"}},
		plans.PartTakes: {"-", []string{"delete t.old", "planned again at its turn"}, []string{"t.new"}},
	} {
		s := &plans.Step{Address: "terraform.a", Block: "terraform.a", Action: plans.ActionTerraform, Part: part}
		p := newPage(&terminal.Output{Width: 400})
		terraform(p, plan, s)
		for _, want := range test.shown {
			if !strings.Contains(p.String(), want) {
				t.Errorf("%s lacks %q: %s", part, want, p.String())
			}
		}
		for _, hidden := range test.hidden {
			if strings.Contains(p.String(), hidden) {
				t.Errorf("%s shows %q: %s", part, hidden, p.String())
			}
		}
		if got := sign(plan, s); got != test.sign {
			t.Errorf("%s has the sign %q", part, got)
		}
	}
}
