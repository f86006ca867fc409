package planner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// explain writes, for every step, why it is where it is.
func (d *draft) explain() {
	for _, n := range d.steps {
		text := fmt.Sprintf("In %s because %s.", n.step.Phase, n.because)
		if needs := listed(n.step.Needs); needs != "" {
			text += " After " + needs + "."
		}
		n.step.Why = text
	}
}

// maxListed is how many names a sentence holds.
const maxListed = 8

// listed joins names for a sentence and counts those that it leaves out.
func listed(names []string) string {
	if len(names) <= maxListed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// shortDuration drops zero parts: "1h30m" for 1h30m0s.
func shortDuration(v time.Duration) string {
	s := v.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// raise lifts a risk to at least a level, with the reason.
func raise(r *plans.Risk, level, reason string) {
	levels := []string{"low", "medium", "high"}
	if slices.Index(levels, level) > slices.Index(levels, r.Level) {
		r.Level = level
	}
	if !slices.Contains(r.Reasons, reason) {
		r.Reasons = append(r.Reasons, reason)
	}
}
