package plans

import (
	"fmt"
	"strings"
)

// Sources of a way back.
const (
	WayBackPredicted = "predicted" // planned against the state as the forward plan would leave it
	WayBackMeasured  = "measured"  // planned against the state as it is
	WayBackNone      = "none"      // Why says what stands against it; nothing is guessed
)

// TerraformWayBack is what taking a Terraform step back does, as Terraform
// itself plans it: from the configuration that was applied before, or from
// none, by which everything goes that the step made.
type TerraformWayBack struct {
	Source string `json:"source"`
	Why    string `json:"why,omitempty"`
	// Untold: Why says why it could not be foreseen, not that there is none. It
	// is looked at once the step has run.
	Untold bool `json:"untold,omitempty"`
	// Release is the state's serial (decimal) at which the configuration was
	// applied that comes back; empty where nothing was there before.
	Release string           `json:"release,omitempty"`
	Changes []ResourceChange `json:"changes,omitempty"`
	// Automatic: a failing run takes it by itself. Otherwise Hold says why it
	// stops and asks, and Commands are what a person then types; RUN stands for
	// the run's id where that is not known yet.
	Automatic bool     `json:"automatic"`
	Hold      string   `json:"hold,omitempty"`
	Commands  []string `json:"commands,omitempty"`
}

// Exists reports whether there is a way back at all.
func (w *TerraformWayBack) Exists() bool { return w != nil && w.Source != WayBackNone }

// Loses returns the changes that end an object which holds something.
func (w *TerraformWayBack) Loses() []ResourceChange {
	var found []ResourceChange
	for _, c := range w.Changes {
		if c.Destroys() && c.Stateful != "" {
			found = append(found, c)
		}
	}
	return found
}

// Judged decides whether a failing run may take the way back by itself: not
// where it ends something that holds data, which nothing brings back.
func (w TerraformWayBack) Judged() *TerraformWayBack {
	lost := w.Loses()
	w.Automatic, w.Hold = w.Exists() && len(lost) == 0, ""
	var named []string
	for _, c := range lost {
		named = append(named, fmt.Sprintf("%s (%s)", c.Object(), c.Stateful))
	}
	if len(named) > 0 {
		w.Hold = "it destroys " + strings.Join(named, ", ")
	}
	return &w
}

// Words tell the way back in a line: "destroys 1, changes 2".
func (w *TerraformWayBack) Words() string {
	if !w.Exists() {
		return "NONE (" + w.Why + ")"
	}
	counts := map[ChangeKind]int{}
	for _, c := range w.Changes {
		counts[c.Kind()]++
	}
	var parts []string
	for _, p := range []struct {
		verb  string
		kinds []ChangeKind
	}{
		{"destroys", []ChangeKind{ChangeDelete}},
		{"replaces", []ChangeKind{ChangeReplace, ChangeReplaceAfter, ChangeReplaceKept}},
		{"changes", []ChangeKind{ChangeUpdate}},
		{"makes", []ChangeKind{ChangeCreate}},
		{"lets go of", []ChangeKind{ChangeForget}},
		{"moves", []ChangeKind{ChangeMove}},
		{"imports", []ChangeKind{ChangeImport}},
	} {
		n := 0
		for _, kind := range p.kinds {
			n += counts[kind]
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", p.verb, n))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no resource changes"}
	}
	return strings.Join(parts, ", ")
}
