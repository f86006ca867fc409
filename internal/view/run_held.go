package view

import (
	"github.com/lockstep-dev/lockstep/internal/rollout"
)

// heldBack says what undoing a Terraform step would destroy, and both ways on:
// nothing is destroyed that holds data unless somebody types it.
func (v *Run) heldBack(p *page, f *rollout.Failure) {
	id := safe(v.head.ID)
	for _, c := range f.Held.Changes {
		text := string(c.Kind()) + " " + c.Object()
		if c.Destroys() && c.Stateful != "" {
			text += ", lost with it: " + c.Stateful
		}
		p.paragraph("  taking it back would: ", safe(text))
	}
	v.next(p, "lockstep abort "+id+" --with-infrastructure", "take it back, and destroy that",
		"lockstep abort "+id+" --leave", "end the run and keep it, and everything else as it is now",
		"lockstep log "+id+" --failed", "what was seen")
}
