package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// terraform writes what a step's saved plan does, one line a resource.
func terraform(p *page, plan *plans.Plan, s *plans.Step) {
	if s.Action != plans.ActionTerraform {
		return
	}
	for i := range plan.Observations {
		o := &plan.Observations[i]
		if o.Terraform == nil || o.Address != s.Address && o.Address != s.Block {
			continue
		}
		t := o.Terraform
		labelled(p, "engine", fmt.Sprintf("%s %s, workspace %s", safe(t.Engine), safe(t.Version), safe(t.Workspace)))
		part(p, s, t)
		for _, c := range t.ChangesOf(s.Part) {
			labelled(p, "resource", strings.TrimSpace(fmt.Sprintf("%s %s %s", strings.Join(c.Actions, "+"), safe(c.Object()), safe(c.Reason))))
			resource(p, c)
		}
		for _, c := range t.Drift {
			labelled(p, "drift", fmt.Sprintf("%s %s%s", strings.Join(c.Actions, "+"), safe(c.Object()), attributes(c)))
		}
		for _, c := range t.Checks {
			labelled(p, "tf check", strings.TrimSuffix(safe(c.Status+" "+c.Address+": "+strings.Join(c.Messages, "; ")), ": "))
		}
	}
}

// part says which half of a plan a step carries out, and from which plan.
func part(p *page, s *plans.Step, t *plans.TerraformState) {
	switch {
	case t.Part == nil:
	case s.Part == plans.PartAdds:
		labelled(p, "part", "what adds, from a plan that Lockstep limited: -target="+safe(strings.Join(t.Part.Targets, " -target=")))
		if len(t.Part.Later) > 0 {
			labelled(p, "", "- outputs that have their new value only after the other part: "+safe(strings.Join(t.Part.Later, ", ")))
		}
	case s.Part == plans.PartTakes:
		labelled(p, "part", "what takes away; planned again at its turn, and may hold nothing else than this")
	}
}

// resource says in words what a change means: names and reasons, no values.
func resource(p *page, c plans.ResourceChange) {
	add := func(text string) { labelled(p, "", "- "+safe(text)) }
	switch c.Kind() {
	case plans.ChangeReplace:
		add("the old one is destroyed first, then the new one is made")
	case plans.ChangeReplaceAfter:
		add("the new one is made first, then the old one is destroyed")
	case plans.ChangeReplaceKept:
		add("a new one is made, the old one stays and is forgotten")
	case plans.ChangeForget:
		add("the object stays, and nobody looks after it any more")
	}
	if c.Previous != "" {
		add("was " + c.Previous)
	}
	if c.Importing {
		add(strings.TrimSpace("takes over what exists already " + c.ImportID))
	}
	if c.Repairs {
		add("it went away outside of Terraform and is made again")
	}
	if c.Deposed != "" {
		add("an earlier replacement left it behind")
	}
	if c.Stateful != "" && c.Destroys() {
		add("lost with it: " + c.Stateful)
	}
	for _, w := range c.Weakens {
		add("takes away: " + w.Attribute + ": " + w.Reason)
	}
	if len(c.Attributes) > 0 {
		add("changes" + attributes(c))
	}
}

// maxAttributes that one line names.
const maxAttributes = 12

func attributes(c plans.ResourceChange) string {
	switch n := len(c.Attributes); {
	case n == 0:
		return ""
	case n > maxAttributes:
		return ": " + safe(strings.Join(c.Attributes[:maxAttributes], ", ")) + fmt.Sprintf(" and %d more", n-maxAttributes)
	}
	return ": " + safe(strings.Join(c.Attributes, ", "))
}
