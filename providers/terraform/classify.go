package terraform

import (
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// Effect is how much a change takes away, by its actions alone: Terraform
// documents its reasons as being for display only.
type Effect int

// Effects from harmless to worst.
const (
	Adds      Effect = iota // create, update, or a change of the state alone
	Unmanages               // forget: the object stays, nobody looks after it
	Destroys                // delete, also as a part of a replacement
	Unclear                 // an action this version does not know
)

// Classify returns a change's effect.
func Classify(c plans.ResourceChange) Effect {
	worst := Adds
	for _, a := range c.Actions {
		worst = max(worst, effectOf(a))
	}
	return worst
}

func effectOf(action string) Effect {
	switch action {
	case "create", "update", "no-op", "read":
		return Adds
	case "forget":
		return Unmanages
	case "delete":
		return Destroys
	}
	return Unclear
}

// Replaces reports whether a change makes a new object in place of an old one.
func Replaces(c plans.ResourceChange) bool {
	return slices.Contains(c.Actions, "create") && len(c.Actions) > 1
}
