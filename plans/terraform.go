package plans

import (
	"encoding/json"
	"slices"
)

// TerraformState is a configuration's state and the saved plan made from it.
// Engine, version, workspace, lineage and serial bind; the plan is an
// observation that is stored in the bundle.
type TerraformState struct {
	Engine    string `json:"engine"` // "terraform" or "tofu"
	Version   string `json:"version"`
	Workspace string `json:"workspace"`
	// Created is set where the plan made the workspace, with an empty state.
	Created bool   `json:"workspace_created,omitempty"`
	Lineage string `json:"lineage,omitempty"`
	Serial  string `json:"serial,omitempty"` // decimal

	// Plan is the saved plan's digest; empty when nothing changes or Late.
	Plan Digest `json:"plan,omitempty"`
	// Source are the configuration's files.
	Source  []Input          `json:"source,omitempty"`
	Changes []ResourceChange `json:"changes,omitempty"`
	Drift   []ResourceChange `json:"drift,omitempty"`
	Outputs []Output         `json:"outputs,omitempty"`
	// Checks are check blocks and conditions that did not pass.
	Checks []TerraformCheck `json:"checks,omitempty"`
	// Notes are what was found in the sources before the plan was made.
	Notes []TerraformNote `json:"notes,omitempty"`
	// Unsplittable says why a plan that adds and takes away cannot be carried
	// out in two parts; no plan is made of such a state.
	Unsplittable string `json:"unsplittable,omitempty"`
	// Part is the saved plan of what only adds, where the whole plan adds and
	// takes away; nil where the plan is carried out as it is.
	Part *TerraformPart `json:"part,omitempty"`
	// WayBack is the predicted way back of the plan. The planner moves it to
	// the step's Rollback; nil where nothing changes.
	WayBack *TerraformWayBack `json:"way_back,omitempty"`
}

// TerraformNote is a place of a configuration's sources that reviewers should
// look at, and that no plan of Terraform shows.
type TerraformNote struct {
	Rule    string `json:"rule"` // "terraform-provisioner"
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

// TerraformCheck is the result of a check block, a pre- or postcondition or
// the validation of a variable, as Terraform spells it.
type TerraformCheck struct {
	Address  string   `json:"address"`
	Status   string   `json:"status"` // "fail", "error", "unknown"
	Messages []string `json:"messages,omitempty"`
}

// ResourceChange is one entry of Terraform's plan; actions alone classify it
// (see Kind).
type ResourceChange struct {
	Address string   `json:"address"`
	Type    string   `json:"type"`
	Actions []string `json:"actions"`
	Reason  string   `json:"reason,omitempty"` // for display only
	// After is the digest of the planned values with unknown and sensitive
	// ones masked; it decides whether a later plan is a subset of this one.
	After Digest `json:"after,omitempty"`

	// Previous is the address before a move.
	Previous string `json:"previous_address,omitempty"`
	// Importing: the object is there already and enters the state. ImportID
	// is empty where it is unknown or sensitive.
	Importing bool   `json:"importing,omitempty"`
	ImportID  string `json:"import_id,omitempty"`
	// Deposed is the key of an object that an earlier replacement left behind.
	Deposed string `json:"deposed,omitempty"`
	// Attributes are the paths of what changes or forces a replacement, names
	// alone, never values.
	Attributes []string `json:"attributes,omitempty"`
	// Repairs: the object went away outside of Terraform and is made again.
	Repairs bool `json:"repairs_drift,omitempty"`
	// Stateful says why what is in an object of this type is lost with it;
	// empty for types that hold nothing.
	Stateful string `json:"stateful,omitempty"`
	// Weakens lists attributes whose change takes something away.
	Weakens []Weakening `json:"weakens,omitempty"`
}

// Object names what the change is about: its address, and the key of the
// object that an earlier replacement left behind there.
func (c ResourceChange) Object() string {
	if c.Deposed == "" {
		return c.Address
	}
	return c.Address + " (deposed " + c.Deposed + ")"
}

// Weakening is an attribute whose planned change takes something away that
// others may rely on, although the action is an update.
type Weakening struct {
	Attribute string `json:"attribute"`
	Reason    string `json:"reason"` // "deletion protection is switched off"
}

// ChangeKind is what a change does to the object of an address.
type ChangeKind string

// Kinds of changes.
const (
	ChangeNone         ChangeKind = "none"
	ChangeCreate       ChangeKind = "create"
	ChangeUpdate       ChangeKind = "update"
	ChangeReplace      ChangeKind = "replace"       // the old object goes first
	ChangeReplaceAfter ChangeKind = "replace-after" // the new object comes first
	ChangeDelete       ChangeKind = "delete"
	ChangeForget       ChangeKind = "forget"         // the object stays, nobody looks after it
	ChangeReplaceKept  ChangeKind = "replace-forget" // a new object, the old one is forgotten
	ChangeMove         ChangeKind = "move"           // the address alone
	ChangeImport       ChangeKind = "import"         // the state alone
	ChangeUnclear      ChangeKind = "unclear"        // an action that is not known: anything
)

// Kind classifies a change by its actions: Terraform documents its reasons as
// being for display only (internal/command/jsonplan/plan.go). Whatever holds
// an action that is not known is unclear.
func (c ResourceChange) Kind() ChangeKind {
	has := func(action string) bool { return slices.Contains(c.Actions, action) }
	for _, action := range c.Actions {
		if !slices.Contains([]string{"no-op", "read", "create", "update", "delete", "forget"}, action) {
			return ChangeUnclear
		}
	}
	switch {
	case has("create") && has("forget"):
		return ChangeReplaceKept
	case has("create") && has("delete"):
		if c.Actions[0] == "create" {
			return ChangeReplaceAfter
		}
		return ChangeReplace
	case has("delete"):
		return ChangeDelete
	case has("forget"):
		return ChangeForget
	case has("create"):
		return ChangeCreate
	case has("update"):
		return ChangeUpdate
	case c.Importing:
		return ChangeImport
	case c.Previous != "":
		return ChangeMove
	}
	return ChangeNone
}

// Destroys reports whether an object ends, also as a part of a replacement.
func (c ResourceChange) Destroys() bool { return slices.Contains(c.Actions, "delete") }

// Takes reports whether the change takes something away that code which runs
// may use: an object, the care for it, or what an attribute gave.
func (c ResourceChange) Takes() bool {
	switch c.Kind() {
	case ChangeNone, ChangeCreate, ChangeUpdate, ChangeMove, ChangeImport:
		return len(c.Weakens) > 0
	}
	return true
}

// Output is a Terraform output. Value is absent when unknown or sensitive.
type Output struct {
	Name      string          `json:"name"`
	Known     bool            `json:"known"`
	Sensitive bool            `json:"sensitive,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
}
