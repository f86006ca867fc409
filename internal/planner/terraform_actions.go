package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// changeKind is what Terraform's actions do to a resource. Only the actions
// decide: Terraform documents its reasons as being for display only
// (internal/command/jsonplan/plan.go).
type changeKind int

const (
	untouched changeKind = iota
	created
	updated
	replaced
	deleted
	forgotten
	unclear
)

func kindOf(c plans.ResourceChange) changeKind {
	has := func(action string) bool { return slices.Contains(c.Actions, action) }
	for _, action := range c.Actions {
		if !slices.Contains([]string{"no-op", "read", "create", "update", "delete", "forget"}, action) {
			return unclear
		}
	}
	switch {
	case len(c.Actions) > 1 && has("create"):
		return replaced
	case has("delete"):
		return deleted
	case has("forget"):
		return forgotten
	case has("create"):
		return created
	case has("update"):
		return updated
	}
	return untouched
}

// changeTally holds resource addresses by what happens to them.
type changeTally map[changeKind][]string

func tally(changes []plans.ResourceChange) changeTally {
	t := changeTally{}
	for _, c := range changes {
		t[kindOf(c)] = append(t[kindOf(c)], c.Address)
	}
	for kind := range t {
		slices.Sort(t[kind])
	}
	return t
}

func (t changeTally) adds() bool { return len(t[created])+len(t[updated]) > 0 }
func (t changeTally) takes() bool {
	return len(t[replaced])+len(t[deleted])+len(t[forgotten])+len(t[unclear]) > 0
}
func (t changeTally) none() bool { return !t.adds() && !t.takes() }

func (t changeTally) summary() string {
	var parts []string
	for _, p := range []struct {
		kind changeKind
		verb string
	}{{created, "add"}, {updated, "change"}, {replaced, "replace"}, {deleted, "destroy"}, {forgotten, "forget"}} {
		if n := len(t[p.kind]); n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, p.verb))
		}
	}
	if len(parts) == 0 {
		return "outputs only"
	}
	return strings.Join(parts, ", ")
}

func (t changeTally) rollback() plans.Rollback {
	switch {
	case t.takes():
		return plans.Rollback{
			Grade: plans.GradeNone, Summary: "NONE - one-way door",
			Reason: "Terraform can make a resource of the same name again, not the one that was there, nor what was in it",
		}
	case len(t[updated]) > 0:
		return plans.Rollback{
			Grade: plans.GradeStructural, Summary: "previous configuration applied again",
			Reason: "the settings come back; what the change did meanwhile does not",
		}
	case len(t[created]) > 0:
		return plans.Rollback{
			Grade: plans.GradeExact, Summary: fmt.Sprintf("destroy %d", len(t[created])),
			Reason: "it only creates; what is created is destroyed, with what was put into it since",
		}
	}
	return plans.Rollback{Grade: plans.GradeExact, Summary: "nothing to undo", Reason: "only outputs change, no resource does"}
}

func (t changeTally) risk() plans.Risk {
	r := plans.Risk{Level: "low"}
	if n := len(t[updated]); n > 0 {
		raise(&r, "medium", fmt.Sprintf("%s changed while in use: %s", count(n, "resource"), listed(t[updated])))
	}
	for _, p := range []struct {
		kind changeKind
		verb string
	}{{replaced, "replaced"}, {deleted, "destroyed"}, {forgotten, "no longer looked after"}} {
		if n := len(t[p.kind]); n > 0 {
			raise(&r, "high", fmt.Sprintf("%s %s: %s", count(n, "resource"), p.verb, listed(t[p.kind])))
		}
	}
	return r
}

// allowed refuses actions that the author excluded, and unknown ones.
func (d *draft) allowed(b *block, t changeTally) bool {
	if n := t[unclear]; len(n) > 0 {
		d.refuse(b.Range, mistake{
			"unknown-terraform-action", fmt.Sprintf("%s: Terraform plans an action that this version does not know", b.Address),
			fmt.Sprintf("It concerns %s. What is not understood is never applied.", listed(n)), "Use a newer version of lockstep, or plan with an older Terraform.",
		})
		return false
	}
	list := b.args.AllowedActions
	if len(list) == 0 {
		return true
	}
	var refused []string
	for kind, actions := range map[changeKind][]string{
		created: {"create"}, updated: {"update"}, deleted: {"delete"}, forgotten: {"forget"}, replaced: {"create", "delete"},
	} {
		permitted := !slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(list, a) })
		if kind == replaced {
			permitted = permitted || slices.Contains(list, "replace")
		}
		if !permitted {
			for _, address := range t[kind] {
				refused = append(refused, address+" ("+strings.Join(actions, ", ")+")")
			}
		}
	}
	if len(refused) == 0 {
		return true
	}
	slices.Sort(refused)
	d.refuse(b.Range, mistake{
		"action-not-allowed", fmt.Sprintf("%s would do more than its allowed_actions", b.Address),
		fmt.Sprintf("Allowed: %s. Planned besides: %s.", strings.Join(list, ", "), listed(refused)), "Change the module, or allowed_actions.",
	})
	return false
}

// splittable refuses a module that adds and takes away at once: the first
// belongs before the deployment, the second after it.
func (d *draft) splittable(b *block, t changeTally) bool {
	if !t.adds() || !t.takes() {
		return true
	}
	adds := slices.Sorted(slices.Values(slices.Concat(t[created], t[updated])))
	takes := slices.Sorted(slices.Values(slices.Concat(t[replaced], t[deleted], t[forgotten])))
	d.refuse(b.Range, mistake{
		"mixed-terraform", fmt.Sprintf("%s adds and takes away in one plan", b.Address),
		fmt.Sprintf("Before the deployment: %s. After it, because older code may use them: %s. One Terraform plan is applied as a whole.", listed(adds), listed(takes)),
		"Split the module: one terraform block for what is added, and remove the rest in a later change set (or in a module and block of its own).",
	})
	return false
}
