package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Plan shows a plan to its reviewers.
type Plan struct {
	Out *terminal.Output
}

// Review is a plan and what stands beside it.
type Review struct {
	Plan   *plans.Plan
	Digest plans.Digest
	// Blocked says why the plan may not be applied now.
	Blocked []plans.Block
	// Saved is the file that holds the bundle; empty when there is none.
	Saved string
	// SealedFor names those who can read the bundle's inputs; empty for all.
	SealedFor []string
	// Running is true when the plan is about to be carried out: what to type
	// next is then no question.
	Running bool
}

// Short writes the form that fits a screen: the steps in order, the way back
// of each, what to look at, what blocks it, what to type next.
func (v Plan) Short(r Review) error {
	p := newPage(v.Out)
	heading(p, r.Plan)
	if !settled(p, r.Plan) {
		steps(p, r.Plan)
		p.line("")
		dangers(p, r.Plan)
		evidence(p, r.Plan)
		rolesShort(p, r.Plan)
		totals(p, r)
		findings(p, r.Plan.Findings, shownFindings)
	} else if r.Plan.Settled == "" { // a run will record it, so it is reviewed
		findings(p, r.Plan.Findings, shownFindings)
	}
	blocked(p, r.Blocked)
	next(p, r)
	return p.flush()
}

// Full writes the short form with everything that is known of each step.
func (v Plan) Full(r Review) error {
	p := newPage(v.Out)
	heading(p, r.Plan)
	if !settled(p, r.Plan) {
		steps(p, r.Plan)
		for i := range r.Plan.Steps {
			p.line("")
			title(p, r.Plan, i)
			detail(p, r.Plan, &r.Plan.Steps[i])
		}
		p.line("")
		dangers(p, r.Plan)
		evidence(p, r.Plan)
		roleCalls(p, r.Plan)
		totals(p, r)
		findings(p, r.Plan.Findings, shownFindings)
	} else if r.Plan.Settled == "" { // a run will record it, so it is reviewed
		findings(p, r.Plan.Findings, shownFindings)
	}
	blocked(p, r.Blocked)
	next(p, r)
	return p.flush()
}

func heading(p *page, plan *plans.Plan) {
	left := safe(plan.ChangeSet) + " -> " + safe(plan.Environment)
	right := "content " + plan.Content.Short()
	var upstream []string
	for _, u := range plan.Upstream {
		name := safe(u.Environment)
		if u.SoakTime > 0 {
			name += " (" + brief(duration(u.SoakTime)) + " of soak)"
		}
		upstream = append(upstream, name)
	}
	if len(upstream) > 0 {
		right += ", after " + strings.Join(upstream, ", ")
	}
	gap := strings.Repeat(" ", max(38-width(left), 2))
	if width(left+gap+right) > p.out.Width {
		p.paragraph("", p.out.Paint(terminal.Strong, left))
		p.paragraph("", right)
	} else {
		p.line("%s%s%s", p.out.Paint(terminal.Strong, left), gap, p.out.Paint(terminal.Faint, right))
	}
	about := safe(plan.Description)
	if plan.Owner != "" {
		about = strings.TrimSpace(about + " (" + safe(plan.Owner) + ")")
	}
	if about != "" {
		p.paragraph("", about)
	}
	p.line("")
}

// settled writes why there is nothing to do, and reports whether that is so.
func settled(p *page, plan *plans.Plan) bool {
	env, name := safe(plan.Environment), safe(plan.ChangeSet)
	switch {
	case plan.Settled == plans.AlreadyApplied:
		p.paragraph("", fmt.Sprintf("Nothing to do: %s already has %s with this content.", env, name))
	case plan.Settled == plans.Superseded:
		p.paragraph("", fmt.Sprintf("Nothing to do: a later change set has moved the targets in %s on, so %s is superseded there. "+
			"Going back is a rollback, never a plan.", env, name))
	case len(plan.Steps) == 0:
		p.paragraph("", fmt.Sprintf("Nothing to change: everything that %s wants is there in %s, but no run has recorded that %s has it.", name, env, env))
	default:
		return false
	}
	return true
}

func steps(p *page, plan *plans.Plan) {
	w := planWidths(p.out.Width, plan)
	rows := make([][]string, 0, len(plan.Steps))
	phase := plans.Phase("")
	for i := range plan.Steps {
		s := &plan.Steps[i]
		shown := ""
		if s.Phase != phase {
			phase = s.Phase
			shown = string(s.Phase)
		}
		mark := sign(plan, s)
		back := fold(undo(s), w.undo, 2)
		if s.OneWay() {
			back = paintLines(p.out, terminal.Bad, back)
		}
		rows = append(rows, []string{
			fmt.Sprintf("%3d", i+1), shown,
			p.out.Paint(signStyle(mark), mark) + " " + foldAddress(safe(s.Address), w.step),
			fold(change(s), w.change, 3), back,
		})
	}
	p.grid([]string{"  #", "phase", "step", "change", "undo"}, rows)
}

func change(s *plans.Step) string {
	words := safe(s.Summary)
	if s.Late && !strings.Contains(words, "known after apply") {
		words += " (known after apply)"
	}
	return words
}

// columns are the widths of a plan's three columns of text.
type columns struct{ step, change, undo int }

// planWidths shares the screen: the way back is never crowded out, names get
// what they need as long as a change still has 22 columns.
func planWidths(screen int, plan *plans.Plan) columns {
	const fixed = 5 + 10 + 2 + 2*2 + 2 // number, phase, sign, gaps, the grid's last padding
	var want columns
	for i := range plan.Steps {
		s := &plan.Steps[i]
		want.step = max(want.step, width(safe(s.Address)))
		want.change = max(want.change, width(change(s)))
		want.undo = max(want.undo, width(undo(s)))
	}
	room := screen - fixed
	w := columns{undo: min(want.undo, max(room/4, 20))}
	w.step = min(want.step, max(room-w.undo-22, 20))
	w.change = max(room-w.undo-w.step, 12)
	if spare := w.change - want.change; spare > 0 {
		w.change = want.change
		more := min(spare, want.step-w.step)
		w.step += more
		w.undo += min(spare-more, want.undo-w.undo)
	}
	return w
}

func paintLines(out *terminal.Output, style terminal.Style, s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = out.Paint(style, lines[i])
	}
	return strings.Join(lines, "\n")
}

// foldAddress breaks an address that is too long before its index, because
// people copy addresses: migration.orders and below it ["0007_add_status"].
func foldAddress(address string, limit int) string {
	block, index, found := strings.Cut(address, "[")
	if width(address) <= limit || !found {
		return cut(address, limit)
	}
	return cut(block, limit) + "\n  " + cut("["+index, limit)
}
