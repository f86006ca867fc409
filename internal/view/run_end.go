package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Conclude writes how the run ended: what is in which state, who can act, and
// what to type. It returns the first error of writing.
func (v *Run) Conclude(o rollout.Outcome) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := newPage(v.out)
	if v.transient {
		p.WriteString("\r\x1b[K")
		v.transient = false
	}
	p.line("")
	v.conclusion(p, o)
	v.write(p.String())
	return v.err
}

func (v *Run) conclusion(p *page, o rollout.Outcome) {
	id, env, cs := safe(v.head.ID), safe(v.head.Plan.Environment), safe(v.head.Plan.ChangeSet)
	switch o.State {
	case journal.Succeeded:
		v.succeeded(p, o)
	case journal.RolledBack:
		v.rolledBack(p, o)
	case journal.Refused:
		v.refused(p, o)
	case journal.Waiting:
		what := "a bake"
		if o.Waiting != "" {
			what = safe(o.Waiting)
		}
		p.paragraph("", fmt.Sprintf("Run %s is waiting for %s, until %s at the earliest. Nobody needs to act before; the time counts on.",
			id, what, o.Until.UTC().Format(time.RFC3339)))
		v.next(p, "lockstep resume "+id, "from then on", abortOf(o, id), endsBy(o, "stop and take it back"))
	case journal.Blocked:
		p.paragraph("", fmt.Sprintf("Run %s is blocked by a passing cause: %s. The blocked step changed nothing.", id, reason(o)))
		v.next(p, "lockstep resume "+id, "when the cause is gone", abortOf(o, id), endsBy(o, "take back what it did before"))
	case journal.Paused:
		v.paused(p, o)
	case journal.Interrupted:
		p.paragraph("", fmt.Sprintf("Run %s of %s in %s was interrupted. Finished steps are in the journal; what was running is looked at again by whoever resumes. Whoever may apply to %s can go on:",
			id, cs, env, env))
		v.next(p, "lockstep resume "+id, "go on from here", abortOf(o, id), endsBy(o, "take back what it did"))
	default:
		v.needsPerson(p, o)
	}
}

// abortOf is the command that ends the run, with the flag that it needs.
func abortOf(o rollout.Outcome, id string) string {
	if o.Abort != "" {
		return safe(o.Abort)
	}
	return "lockstep abort " + id
}

// endsBy says what abortOf does.
func endsBy(o rollout.Outcome, usually string) string {
	switch {
	case strings.HasSuffix(o.Abort, " --leave"):
		return "end it and leave everything as it is; then go forward with another change set"
	case strings.HasSuffix(o.Abort, " --with-schema --with-infrastructure"):
		return "take it back, schema and infrastructure included"
	case strings.HasSuffix(o.Abort, " --with-schema"):
		return "take it back, schema included"
	case strings.HasSuffix(o.Abort, " --with-infrastructure"):
		return "take it back, infrastructure included"
	}
	return usually
}

func (v *Run) next(p *page, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		p.command(pairs[i], pairs[i+1])
	}
}

func (v *Run) succeeded(p *page, o rollout.Outcome) {
	id, env, cs := safe(v.head.ID), safe(v.head.Plan.Environment), safe(v.head.Plan.ChangeSet)
	p.paragraph("", fmt.Sprintf("%s: run %s is done, %s has %s.", p.out.Paint(terminal.Good, "ok"), id, env, cs))
	v.next(p, "lockstep status", "what is where now")
	back := fmt.Sprintf("lockstep rollback %s --env %s", ShellWord(v.head.Plan.ChangeSet), ShellWord(v.head.Plan.Environment))
	if flags, ok := undoable(v.head.Plan); ok {
		v.next(p, strings.TrimSpace(back+" "+flags), "take it back")
	}
}

// undoable reports whether a rollback finds something to take back, and the
// flags that it needs: none where it does without. What cannot be taken back, as
// rows that a backfill changed, is not offered.
func undoable(plan *plans.Plan) (flags string, ok bool) {
	var asked rollout.RollbackOptions
	alone := false
	for i := range plan.Steps {
		s := &plan.Steps[i]
		switch {
		case !s.Action.Effect() || s.Rollback.Grade == plans.GradeNone || s.Action == plans.ActionFetch:
		case s.Action == plans.ActionTerraform:
			asked.Infrastructure = true
		case s.Rollback.Kept:
			asked.Schema = asked.Schema || s.Action == plans.ActionMigrate
		default:
			alone = true
		}
	}
	if alone {
		return "", true
	}
	return asked.Flags(), asked.Schema || asked.Infrastructure
}

func (v *Run) rolledBack(p *page, o rollout.Outcome) {
	id, env := safe(v.head.ID), safe(v.head.Plan.Environment)
	serves := v.servesNow(o)
	if v.head.Kind == journal.Revert {
		p.paragraph("", fmt.Sprintf("Run %s is done: run %s of %s in %s is taken back. %s", id, safe(v.head.Of), safe(v.head.Plan.ChangeSet), env, serves))
		v.leftovers(p, o)
		v.next(p, "lockstep status", "what is where now",
			fmt.Sprintf("lockstep plan %s --env %s", ShellWord(v.head.Plan.ChangeSet), ShellWord(v.head.Plan.Environment)), "what applying it again would do")
		return
	}
	if o.FailedStep == "" {
		p.paragraph("", fmt.Sprintf("Run %s was rolled back, as asked. %s", id, serves))
	} else {
		p.paragraph(p.out.Paint(terminal.Bad, "FAIL")+": ", fmt.Sprintf("run %s failed%s, and was rolled back. %s", id, v.at(o), serves))
		p.paragraph("  because: ", reason(o))
	}
	v.leftovers(p, o)
	v.next(p, "lockstep log "+id+" --failed", "what was seen")
	if o.FailedStep != "" {
		v.next(p, fmt.Sprintf("lockstep plan %s --env %s", ShellWord(v.head.Plan.ChangeSet), ShellWord(v.head.Plan.Environment)), "after a fix")
	}
}

func (v *Run) at(o rollout.Outcome) string {
	if s := v.head.Plan.Step(o.FailedStep); s != nil {
		return fmt.Sprintf(" in %s at step %d, %s", s.Phase, number(v.head.Plan, s.Address), safe(s.Address))
	}
	return ""
}

func reason(o rollout.Outcome) string {
	switch {
	case o.Failure != nil && o.Failure.Message != "":
		return safe(strings.TrimPrefix(o.Failure.Message, o.FailedStep+": "))
	case o.Reason != "":
		return strings.TrimSuffix(safe(o.Reason), ".")
	case o.Err != nil:
		return safe(o.Err.Error())
	}
	return "no reason was given"
}

// leftovers lists by name what a rollback left in place.
func (v *Run) leftovers(p *page, o rollout.Outcome) {
	for _, address := range o.Kept {
		what := safe(address)
		if why := v.kept[address]; why != "" {
			what += ": " + safe(why)
		}
		p.paragraph("  kept: ", what)
	}
	v.remains(p, o)
}

func (v *Run) remains(p *page, o rollout.Outcome) {
	for _, sentence := range o.Remains {
		p.paragraph("  remains: ", safe(sentence))
	}
}

func (v *Run) refused(p *page, o rollout.Outcome) {
	if r, ok := errors.AsType[*rollout.RefusedError](o.Err); ok {
		p.paragraph("Refused: ", fmt.Sprintf("%s. Nothing was changed.", strings.TrimSuffix(safe(r.Reason), ".")))
		for _, address := range r.Steps {
			p.paragraph("  no way back: ", safe(address))
		}
		p.paragraph("  Fix: ", safe(r.Fix))
		return
	}
	p.paragraph("Refused: ", reason(o)+". Nothing was changed.")
	if o.FailedStep != "" && v.head.Kind == journal.Apply {
		v.next(p, fmt.Sprintf("lockstep plan %s --env %s", ShellWord(v.head.Plan.ChangeSet), ShellWord(v.head.Plan.Environment)), "what an apply would do now")
	}
}

func (v *Run) paused(p *page, o rollout.Outcome) {
	id := safe(v.head.ID)
	if o.Reached != "" {
		p.paragraph("", fmt.Sprintf("Run %s stopped after the %s phase, as --until asked. Whoever may apply to %s can go on:", id, o.Reached, safe(v.head.Plan.Environment)))
	} else {
		p.paragraph("", fmt.Sprintf("Run %s is paused%s: %s. Whoever may apply to %s can go on:", id, v.at(o), reason(o), safe(v.head.Plan.Environment)))
	}
	v.remains(p, o)
	v.next(p, "lockstep resume "+id, "go on from here", abortOf(o, id), endsBy(o, "take back what it did"))
}

func (v *Run) needsPerson(p *page, o rollout.Outcome) {
	id := safe(v.head.ID)
	p.paragraph(p.out.Paint(terminal.Bad, "A PERSON IS NEEDED")+": ", fmt.Sprintf("run %s stopped half-way%s: %s.", id, v.at(o), strings.TrimSuffix(reason(o), ".")))
	if s := v.head.Plan.Step(o.FailedStep); s != nil && s.Phase == plans.Contract && v.head.Kind == journal.Apply {
		p.paragraph("  ", "Nothing was rolled back: it failed behind the point of no return.")
	}
	if f := o.Failure; f != nil && f.Verdict != "" {
		if found := f.Step + " is " + string(f.Verdict) + detailOf(f); !slices.Contains(o.Remains, found) {
			p.paragraph("  found: ", safe(found))
		}
	}
	for _, address := range o.RolledBack {
		p.paragraph("  undone: ", safe(address))
	}
	v.leftovers(p, o)
	v.decide(p, o)
	v.outside(p, o)
	if f := o.Failure; f != nil && f.Held != nil {
		v.heldBack(p, f)
		return
	}
	v.next(p, "lockstep log "+id+" --failed", "what was seen",
		"lockstep resume "+id, "look at the targets again and go on, after the cause is mended",
		abortOf(o, id), endsBy(o, "take back what can be taken back"))
	v.planAgain(p, o)
}

// decide offers what a person can say about objects that may exist unseen.
func (v *Run) decide(p *page, o rollout.Outcome) {
	if o.Failure == nil || len(o.Failure.Lost) == 0 {
		return
	}
	command := fmt.Sprintf("lockstep decide %s %s --reason TEXT --as ", safe(v.head.ID), safe(ShellWord(o.Failure.Step)))
	imported := command + "imported"
	for _, l := range o.Failure.Lost {
		if l.ID == "" || l.IDKey != "id" {
			imported += " --import " + safe(ShellWord(l.Address+"=ID"))
		}
	}
	v.next(p, command+"absent", "if none of it exists", imported, "if it exists")
}

func detailOf(f *rollout.Failure) string {
	if f.Detail == "" {
		return ""
	}
	return ": " + safe(f.Detail)
}
