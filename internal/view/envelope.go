package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// knownLater says of late steps what they may become without a new approval;
// steps with the same bounds share a sentence.
func knownLater(plan *plans.Plan) []string {
	var bounds []string
	steps := map[string][]int{}
	for i := range plan.Steps {
		s := &plan.Steps[i]
		if !s.Late || s.Envelope == nil {
			continue
		}
		words := envelope(s.Envelope)
		if !slices.Contains(bounds, words) {
			bounds = append(bounds, words)
		}
		steps[words] = append(steps[words], i)
	}
	for n, words := range bounds {
		which := steps[words]
		who := fmt.Sprintf("step %d, %s", which[0]+1, safe(plan.Steps[which[0]].Address))
		if len(which) > 1 {
			numbers := make([]string, len(which))
			for k, i := range which {
				numbers[k] = fmt.Sprint(i + 1)
			}
			who = numberedSteps(numbers)
		}
		bounds[n] = who + ": " + words
	}
	return bounds
}

// envelope says what is not known, and what it may turn out to be.
func envelope(e *plans.Envelope) string {
	words := safe(e.Reason)
	var bounds []string
	if len(e.Actions) > 0 {
		bounds = append(bounds, "may only "+strings.Join(e.Actions, ", "))
	}
	if e.Database != nil {
		bounds = append(bounds, e.Database.Words())
	}
	switch {
	case len(e.Hosts) > 0:
		bounds = append(bounds, "at "+safe(strings.Join(e.Hosts, " or ")))
	case e.Database != nil:
		bounds = append(bounds, "at any host")
	}
	if e.NonDestructive {
		bounds = append(bounds, "nothing destructive")
	}
	if len(bounds) > 0 {
		words += " (" + strings.Join(bounds, "; ") + ")"
	}
	return words
}
