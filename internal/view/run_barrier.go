package view

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/terminal"
)

// barrier writes the rest of a plan as it was planned once its targets could be
// looked at.
func barrier(p *page, b *journal.Barrier) {
	if b == nil {
		return
	}
	word := p.out.Paint(terminal.Good, "inside")
	if len(b.Outside) > 0 {
		word = p.out.Paint(terminal.Bad, "OUTSIDE")
	}
	p.line("        barrier: planned again @%s, %s of what was approved", b.Plan.Short(), word)
	for _, found := range b.Found {
		p.paragraph("          found: ", safe(found))
	}
	for _, s := range b.Steps {
		words := safe(s.Summary)
		if s.Risk != "" && s.Risk != "low" {
			words += " (risk " + strings.ToUpper(safe(s.Risk)) + ")"
		}
		p.paragraph("          "+safe(s.Address)+"  ", words)
	}
	for _, warning := range b.Warnings {
		p.paragraph("          warning: ", safe(warning))
	}
	for _, outside := range b.Outside {
		p.paragraph("          outside: ", safe(outside))
	}
}

// outside says what becomes of a run that would leave what was approved.
func (v *Run) outside(p *page, o rollout.Outcome) {
	if o.Failure != nil && len(o.Failure.Outside) > 0 {
		p.paragraph("  ", "Nothing was changed there. If the target is not as it should be, mend it and resume: it is looked at and compared again. If it is as it should be, that needs a new approval: end this run and plan again, which sees what is there now.")
	}
}

// planAgain is the command for a new approval.
func (v *Run) planAgain(p *page, o rollout.Outcome) {
	if o.Failure != nil && len(o.Failure.Outside) > 0 {
		v.next(p, "lockstep plan "+ShellWord(v.head.Plan.ChangeSet)+" --env "+ShellWord(v.head.Plan.Environment), "after that: what is there, for a new approval")
	}
}
