package scoreboard

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/measure"
)

// Outcome is how a case ends.
type Outcome string

// Outcomes. Only Missed and FalseAlarm are Lockstep's faults.
const (
	Agree Outcome = "agree"
	// Apart is a case about style, or about settings that Lockstep makes
	// itself when it runs a migration: it says nothing about safety.
	Apart Outcome = "apart"
	// Missed is a statement that blocks, breaks, loses or fails, of which
	// Lockstep says nothing.
	Missed Outcome = "missed"
	// Harmless is a warning of theirs that no measurement supports.
	Harmless Outcome = "their false alarm"
	// Brief is a warning of theirs about a lock that is taken and held for no
	// work: Lockstep runs every statement with a lock_timeout, and tries again.
	Brief Outcome = "theirs, brief lock"
	// Justified is a warning of ours alone that measurement supports.
	Justified Outcome = "ours, justified"
	// FalseAlarm is a warning of ours that nothing supports.
	FalseAlarm Outcome = "our false alarm"
	// Reviewed could not be decided by measurement, and was by a written reason.
	Reviewed Outcome = "reviewed"
	// Unsettled could not be measured, and no reason is written down.
	Unsettled Outcome = "unsettled"
)

// Result is one case with everything that is known of it.
type Result struct {
	fixture.Case

	Ours    []Warning
	Facts   measure.Facts
	Outcome Outcome
	// About are the codes that the outcome is about, or the statements.
	About []string
	// Blocks is true for a miss of a statement that blocks.
	Blocks bool
	// Reason is what the reviewed file says, where it decided.
	Reason string
}

// judge decides a case. What was measured goes before what anybody says; the
// reviewed reasons decide what cannot be measured, and never that something
// that blocks is safe.
func judge(c fixture.Case, ours []Warning, facts measure.Facts, reasons *Reasons) Result {
	r := Result{Case: c, Ours: ours, Facts: facts}
	if silent := unmentioned(ours, facts); len(silent) > 0 {
		r.Outcome, r.About, r.Blocks = Missed, silent, true
		return r
	}
	switch {
	case c.Warns && len(ours) > 0:
		r.Outcome = Agree
	case c.Warns && fixture.Apart(c.Suite, c.Rule):
		r.Outcome = Apart
	case c.Warns:
		r.theirs(reasons)
	case len(ours) == 0:
		r.Outcome = Agree
	default:
		r.ours(reasons)
	}
	return r
}

// theirs decides about a warning that Lockstep does not give.
func (r *Result) theirs(reasons *Reasons) {
	r.About = []string{r.Rule}
	if r.Facts.Unsettled == "" && !r.Facts.Hurts() {
		r.Outcome = map[bool]Outcome{true: Brief, false: Harmless}[r.Facts.Keeps()]
		return
	}
	reason, found := reasons.find(r.Case, r.Rule)
	r.Reason = reason.Text
	switch {
	case found:
		r.Outcome = map[bool]Outcome{true: Reviewed, false: Missed}[reason.OursIsRight]
	case r.Facts.Unsettled != "":
		r.Outcome = Unsettled
	default:
		r.Outcome = Missed
	}
}

// ours decides about warnings that they do not give: the worst of them counts.
func (r *Result) ours(reasons *Reasons) {
	r.Outcome, r.About = Justified, codes(r.Ours)
	for _, w := range r.Ours {
		o, reason := r.one(w, reasons)
		rank := []Outcome{Justified, Reviewed, Unsettled, FalseAlarm}
		if slices.Index(rank, o) > slices.Index(rank, r.Outcome) {
			r.Outcome, r.Reason, r.About = o, reason, []string{w.Code}
		}
	}
}

// one decides about a single warning.
func (r *Result) one(w Warning, reasons *Reasons) (Outcome, string) {
	if supported(w, r.Facts) {
		return Justified, ""
	}
	reason, found := reasons.find(r.Case, w.Code)
	switch {
	case found && reason.OursIsRight:
		return Reviewed, reason.Text
	case !found && r.Facts.Unsettled != "":
		return Unsettled, ""
	}
	return FalseAlarm, reason.Text
}

// unmentioned are statements that block without a warning: one that takes a
// lock itself needs a warning of its own; one that works behind a lock of
// another needs one in its file.
func unmentioned(ours []Warning, facts measure.Facts) []string {
	var found []string
	for _, s := range facts.Statements {
		mentioned := slices.ContainsFunc(ours, func(w Warning) bool {
			return w.File == s.File && (w.Line == s.Line || !s.Own())
		})
		if s.Blocks() && !mentioned {
			found = append(found, s.SQL)
		}
	}
	return found
}
