package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Release writes what the one who carries the release wants to know: the order
// and how long each step takes, from where on there is no way back, what a
// failure undoes and how, and who has to agree.
func (v Plan) Release(r Review) error {
	p := newPage(v.Out)
	heading(p, r.Plan)
	if settled(p, r.Plan) {
		blocked(p, r.Blocked)
		next(p, r)
		return p.flush()
	}
	timetable(p, r.Plan)
	p.line("")
	p.paragraph("Time: ", times(r.Plan))
	p.paragraph("Point of no return: ", pointOfNoReturn(r.Plan))
	for _, words := range knownLater(r.Plan) {
		p.paragraph("Known later: ", words)
	}
	wayBack(p, r.Plan)
	level, reasons := risk(r.Plan)
	p.paragraph("Risk: ", strings.TrimSuffix(strings.ToUpper(level)+"   "+strings.Join(reasons, "; "), "   "))
	evidence(p, r.Plan)
	roleCalls(p, r.Plan)
	totals(p, r)
	blocked(p, r.Blocked)
	next(p, r)
	return p.flush()
}

func timetable(p *page, plan *plans.Plan) {
	w := planWidths(p.out.Width, plan)
	rows := make([][]string, 0, len(plan.Steps))
	phase := plans.Phase("")
	for i := range plan.Steps {
		s := &plan.Steps[i]
		shown := ""
		if s.Phase != phase {
			phase, shown = s.Phase, string(s.Phase)
		}
		mark := sign(plan, s)
		rows = append(rows, []string{
			fmt.Sprintf("%3d", i+1), shown,
			p.out.Paint(signStyle(mark), mark) + " " + foldAddress(safe(s.Address), w.step),
			fold(takes(s), max(w.change, 14), 3), fold(undo(s), w.undo, 2),
		})
	}
	p.grid([]string{"  #", "phase", "step", "takes", "undo"}, rows)
}

// takes says how long a step may last, as far as a plan can tell.
func takes(s *plans.Step) string {
	switch {
	case s.Action == plans.ActionBake:
		return brief(duration(s.Bake))
	case s.Action == plans.ActionCheck:
		return "until it passes"
	case s.Action == plans.ActionMigrate:
		if total, _ := worked(s.Provider, s.Statements); total != nil {
			return span(total)
		}
	case s.Timeout > 0:
		return "at most " + brief(duration(s.Timeout))
	}
	return "not known"
}

// times adds up what is known of the steps, and names those of which it is not.
func times(plan *plans.Plan) string {
	var bakes time.Duration
	var low, high time.Duration
	var unknown []string
	for i := range plan.Steps {
		s := &plan.Steps[i]
		total, _ := worked(s.Provider, s.Statements)
		switch {
		case s.Action == plans.ActionBake:
			bakes += duration(s.Bake)
		case s.Action == plans.ActionMigrate && total != nil:
			low, high = low+duration(total.Low), high+duration(total.High)
		default:
			unknown = append(unknown, fmt.Sprint(i+1))
		}
	}
	var words []string
	if high > 0 {
		words = append(words, "migrations "+span(&plans.Estimate{Low: plans.Duration(low), High: plans.Duration(high)})+", waits for locks not counted")
	}
	if bakes > 0 {
		words = append(words, brief(bakes)+" of baking")
	}
	if len(unknown) > 0 {
		words = append(words, "no estimate of steps "+strings.Join(unknown, ", "))
	}
	return strings.Join(words, "; ")
}

// wayBack says what a failing run does by itself, and what stays.
func wayBack(p *page, plan *plans.Plan) {
	words := "the run stops and waits for a person, who types lockstep resume or lockstep abort"
	if plan.Policy.OnFailure == "auto" {
		words = "the run takes back what it has done, newest first, each step as its undo says"
		if i := slices.IndexFunc(plan.Steps, plans.Step.NoReturn); i >= 0 {
			words += fmt.Sprintf("; once step %d is done it takes nothing back and waits for a person", i+1)
		}
	}
	var kept []string
	for i := range plan.Steps {
		if plan.Steps[i].Rollback.Kept {
			kept = append(kept, fmt.Sprint(i+1))
		}
	}
	for i := range plan.Steps {
		if w := plan.Steps[i].Rollback.Terraform; w != nil && w.Hold != "" {
			words += fmt.Sprintf("; before it takes back step %d it stops and asks: %s", i+1, safe(w.Hold))
		}
	}
	if len(kept) > 0 {
		words += "; it leaves in place what " + numberedSteps(kept) + " did"
	}
	p.paragraph("On failure: ", words)
}

// numberedSteps writes "step 2" or "steps 2, 4".
func numberedSteps(steps []string) string {
	if len(steps) == 1 {
		return "step " + steps[0]
	}
	return "steps " + strings.Join(steps, ", ")
}
