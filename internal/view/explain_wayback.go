package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// objectsBack writes what taking a Terraform step back does to each object, how
// that is known, and who has to say so.
func objectsBack(p *page, w *plans.TerraformWayBack) {
	if !w.Exists() { // undo has said why
		return
	}
	words := safe(w.Source) + ": " + safe(w.Words())
	if w.Release != "" {
		words += ", by the configuration of serial " + safe(w.Release)
	}
	labelled(p, "way back", words)
	for _, c := range w.Changes {
		text := strings.Join(c.Actions, "+") + " " + c.Object()
		if c.Destroys() && c.Stateful != "" {
			text += ", lost with it: " + c.Stateful
		}
		labelled(p, "", "- "+safe(text))
	}
	if w.Hold != "" {
		labelled(p, "", safe(fmt.Sprintf("not by itself: %s; a person types %s", w.Hold, strings.Join(w.Commands, " or "))))
	}
}
