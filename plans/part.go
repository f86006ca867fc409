package plans

import "slices"

// TerraformPart is a plan limited to some of a configuration's addresses: to
// those that the whole plan creates or changes without taking anything away.
// Lockstep itself makes it, with -target; what is left is planned again when
// the part is done, and has to be what the whole plan said.
type TerraformPart struct {
	Plan    Digest   `json:"plan"`
	Targets []string `json:"targets"`
	// Later are outputs that have their new value only when the rest is done.
	Later []string `json:"later_outputs,omitempty"`
}

// Part names the part of a Terraform plan that a step carries out.
type Part string

// Parts. The zero value is the whole plan.
const (
	PartAdds  Part = "adds"
	PartTakes Part = "takes"
)

// Mixed reports whether changes add and take away at once. What only moves an
// address or stays as it is does not add.
func Mixed(changes []ResourceChange) bool {
	adds := slices.ContainsFunc(changes, func(c ResourceChange) bool {
		return !c.Takes() && slices.Contains([]ChangeKind{ChangeCreate, ChangeUpdate, ChangeImport}, c.Kind())
	})
	return adds && slices.ContainsFunc(changes, ResourceChange.Takes)
}

// ChangesOf returns the changes that a part carries out.
func (t *TerraformState) ChangesOf(part Part) []ResourceChange {
	if part == "" {
		return t.Changes
	}
	var found []ResourceChange
	for _, c := range t.Changes {
		if c.Takes() == (part == PartTakes) {
			found = append(found, c)
		}
	}
	return found
}
