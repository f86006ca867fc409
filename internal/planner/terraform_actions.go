package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// changeTally holds resource addresses by what happens to them.
type changeTally map[plans.ChangeKind][]string

// weakened stands for updates that take something away; they are updates too.
const weakened plans.ChangeKind = "weakened"

// replaced are the kinds that put a new object in an old one's place.
func replaced() []plans.ChangeKind {
	return []plans.ChangeKind{plans.ChangeReplace, plans.ChangeReplaceAfter, plans.ChangeReplaceKept}
}

func tally(changes []plans.ResourceChange) changeTally {
	t := changeTally{}
	for _, c := range changes {
		t[c.Kind()] = append(t[c.Kind()], c.Object())
		if len(c.Weakens) > 0 {
			t[weakened] = append(t[weakened], c.Object())
		}
	}
	for kind := range t {
		slices.Sort(t[kind])
	}
	return t
}

// of returns the addresses of all of some kinds, in order.
func (t changeTally) of(kinds ...plans.ChangeKind) []string {
	var found []string
	for _, kind := range kinds {
		found = append(found, t[kind]...)
	}
	slices.Sort(found)
	return found
}

// adding are the addresses of changes that older code survives.
func (t changeTally) adding() []string {
	all := t.of(plans.ChangeCreate, plans.ChangeUpdate, plans.ChangeImport)
	return slices.DeleteFunc(all, func(address string) bool { return slices.Contains(t[weakened], address) })
}

// taking are the addresses of changes that older code may not survive.
func (t changeTally) taking() []string {
	gone := append(replaced(), plans.ChangeDelete, plans.ChangeForget, plans.ChangeUnclear, weakened)
	return slices.Compact(t.of(gone...))
}

func (t changeTally) adds() bool  { return len(t.adding()) > 0 }
func (t changeTally) takes() bool { return len(t.taking()) > 0 }

// none reports whether no object changes; a move changes an address alone.
func (t changeTally) none() bool { return !t.adds() && !t.takes() && len(t[plans.ChangeMove]) == 0 }

func (t changeTally) summary() string {
	var parts []string
	for _, p := range []struct {
		kinds []plans.ChangeKind
		verb  string
	}{
		{[]plans.ChangeKind{plans.ChangeCreate}, "add"},
		{[]plans.ChangeKind{plans.ChangeUpdate}, "change"},
		{replaced(), "replace"},
		{[]plans.ChangeKind{plans.ChangeDelete}, "destroy"},
		{[]plans.ChangeKind{plans.ChangeForget}, "forget"},
		{[]plans.ChangeKind{plans.ChangeImport}, "import"},
		{[]plans.ChangeKind{plans.ChangeMove}, "move"},
	} {
		if n := len(t.of(p.kinds...)); n > 0 {
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
	case len(t.taking()) > len(t[weakened]):
		return plans.Rollback{
			Grade: plans.GradeNone, Summary: "NONE - one-way door",
			Reason: "Terraform can make a resource of the same name again, not the one that was there, nor what was in it",
		}
	case len(t[plans.ChangeImport]) > 0:
		return plans.Rollback{
			Grade: plans.GradeNone, Summary: "NONE - imported objects stay imported",
			Reason: "the configuration from before does not know them: going back to it would destroy what was there before; forget them with a removed block instead",
		}
	case len(t[plans.ChangeUpdate]) > 0:
		return plans.Rollback{
			Grade: plans.GradeStructural, Summary: "previous configuration applied again",
			Reason: "the settings come back; what the change did meanwhile does not",
		}
	case len(t[plans.ChangeCreate]) > 0:
		return plans.Rollback{
			Grade: plans.GradeExact, Summary: fmt.Sprintf("destroy %d", len(t[plans.ChangeCreate])),
			Reason: "it only creates; what is created is destroyed, with what was put into it since",
		}
	case len(t[plans.ChangeMove]) > 0:
		return plans.Rollback{
			Grade: plans.GradeStructural, Summary: "previous configuration applied again",
			Reason: "only addresses change; the way back moves them again where the earlier configuration says so",
		}
	}
	return plans.Rollback{Grade: plans.GradeExact, Summary: "nothing to undo", Reason: "only outputs change, no resource does"}
}

func (t changeTally) risk() plans.Risk {
	r := plans.Risk{Level: "low"}
	if n := len(t[plans.ChangeUpdate]); n > 0 {
		raise(&r, "medium", fmt.Sprintf("%s changed while in use: %s", count(n, "resource"), listed(t[plans.ChangeUpdate])))
	}
	if n := len(t[plans.ChangeImport]); n > 0 {
		raise(&r, "medium", fmt.Sprintf("%s that exist already are taken over: %s", count(n, "resource"), listed(t[plans.ChangeImport])))
	}
	for _, p := range []struct {
		kinds []plans.ChangeKind
		verb  string
	}{
		{replaced(), "replaced"},
		{[]plans.ChangeKind{plans.ChangeDelete}, "destroyed"},
		{[]plans.ChangeKind{plans.ChangeForget}, "no longer looked after"},
		{[]plans.ChangeKind{weakened}, "changed in a way that takes something away"},
	} {
		if found := t.of(p.kinds...); len(found) > 0 {
			raise(&r, "high", fmt.Sprintf("%s %s: %s", count(len(found), "resource"), p.verb, listed(found)))
		}
	}
	return r
}

// actionsOf are the actions that allowed_actions must hold for a kind. A move
// or an import changes Terraform's state alone.
func actionsOf() map[plans.ChangeKind][]string {
	return map[plans.ChangeKind][]string{
		plans.ChangeCreate: {"create"}, plans.ChangeUpdate: {"update"}, plans.ChangeDelete: {"delete"}, plans.ChangeForget: {"forget"},
		plans.ChangeReplace: {"delete", "create"}, plans.ChangeReplaceAfter: {"create", "delete"}, plans.ChangeReplaceKept: {"create", "forget"},
	}
}

// allowed refuses actions that the author excluded, and unknown ones.
func (d *draft) allowed(b *block, t changeTally) bool {
	if n := t[plans.ChangeUnclear]; len(n) > 0 {
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
	for kind, actions := range actionsOf() {
		permitted := !slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(list, a) })
		if slices.Contains(replaced(), kind) {
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
