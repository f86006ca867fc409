package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// shownReasons and shownFindings bound what a short screen lists.
const (
	shownReasons  = 4
	shownFindings = 12
)

func duration(d plans.Duration) time.Duration { return time.Duration(d) }

func countDays(days time.Duration) string { return fmt.Sprintf("%dd", int64(days)) }

// dangers writes the risk, the point of no return, what is known late and
// what is held back.
func dangers(p *page, plan *plans.Plan) {
	level, reasons := risk(plan)
	style := map[string]terminal.Style{"high": terminal.Bad, "medium": terminal.Notice}[level]
	word := strings.ToUpper(level)
	if style != "" {
		word = p.out.Paint(style, word)
	}
	if len(reasons) == 0 {
		p.line("Risk: %s", word)
	} else {
		p.paragraph("Risk: "+word+"   ", strings.Join(reasons, "; "))
	}
	p.paragraph("Point of no return: ", pointOfNoReturn(plan))
	for _, words := range knownLater(plan) {
		p.paragraph("Known later: ", words)
	}
	if len(plan.Held) > 0 {
		held := make([]string, len(plan.Held))
		for i, name := range plan.Held {
			held[i] = safe(name)
		}
		p.paragraph(p.out.Paint(terminal.Notice, "Held back: "), strings.Join(held, ", ")+
			", until the contract phase; meanwhile another tool's \"up\" or \"down\" on this database is unsafe")
	}
}

func pointOfNoReturn(plan *plans.Plan) string {
	i := slices.IndexFunc(plan.Steps, plans.Step.NoReturn)
	if i < 0 {
		return noPointOfNoReturn(plan)
	}
	step := &plan.Steps[i]
	reason := "after it the previous version does not work any more; its own undo is " + safe(step.Rollback.Summary)
	if why := safe(step.Rollback.Reason); step.OneWay() && why != "" {
		reason = why
	}
	return fmt.Sprintf("step %d, %s: %s", i+1, safe(step.Address), reason)
}

// noPointOfNoReturn says how far the way back of a plan goes that a failing
// run may take back whole.
func noPointOfNoReturn(plan *plans.Plan) string {
	var none, inexact []string
	for i := range plan.Steps {
		s := &plan.Steps[i]
		switch {
		case !s.Action.Effect() || s.Rollback.Grade == plans.GradeExact:
		case s.Rollback.Grade == plans.GradeNone:
			none = append(none, fmt.Sprint(i+1))
		default:
			inexact = append(inexact, fmt.Sprint(i+1))
		}
	}
	var parts []string
	if len(none) > 0 {
		parts = append(parts, numbered(none)+" no way back")
	}
	if len(inexact) > 0 {
		parts = append(parts, numbered(inexact)+" no exact way back")
	}
	if len(parts) == 0 {
		return "none, every step has a way back"
	}
	return "none for a failing run, but " + strings.Join(parts, " and ")
}

// numbered writes "step 2 has" or "steps 2, 4 have".
func numbered(steps []string) string {
	if len(steps) == 1 {
		return numberedSteps(steps) + " has"
	}
	return numberedSteps(steps) + " have"
}

// risk returns the highest level and the reasons for it, worst steps first.
func risk(plan *plans.Plan) (level string, reasons []string) {
	levels := []string{"high", "medium", "low"}
	for _, l := range levels {
		for i := range plan.Steps {
			s := &plan.Steps[i]
			if s.Risk.Level != l {
				continue
			}
			if level == "" {
				level = l
			}
			if l == "low" || len(s.Risk.Reasons) == 0 {
				continue
			}
			reasons = append(reasons, fmt.Sprintf("step %d: %s", i+1, safe(strings.Join(s.Risk.Reasons, ", "))))
		}
	}
	if level == "" {
		level = "low"
	}
	if more := len(reasons) - shownReasons; more > 0 {
		reasons = append(reasons[:shownReasons], fmt.Sprintf("and %d more (--view full)", more))
	}
	return level, reasons
}

// totals writes the plan in figures, and its digest.
func totals(p *page, r Review) {
	var migrations, backfills, artifacts, add, change, destroy, errors, warnings int
	for i := range r.Plan.Steps {
		s := &r.Plan.Steps[i]
		switch s.Action {
		case plans.ActionMigrate:
			migrations++
		case plans.ActionBackfill:
			backfills++
		case plans.ActionFetch:
			artifacts++
		case plans.ActionTerraform:
			a, c, d := resources(r.Plan, s)
			add, change, destroy = add+a, change+c, destroy+d
		}
	}
	for _, f := range r.Plan.Findings {
		switch f.Severity {
		case plans.SeverityError:
			errors++
		case plans.SeverityWarning:
			warnings++
		}
	}
	rows := count(migrations, "migration")
	if backfills > 0 {
		rows += ", " + count(backfills, "backfill")
	}
	p.paragraph("Plan: ", fmt.Sprintf("%s, %s, terraform %d/%d/%d, %s, %s, %s", count(len(r.Plan.Steps), "step"),
		rows, add, change, destroy, count(artifacts, "artifact"),
		count(errors, "error"), count(warnings, "warning")))
	p.line("Digest: %s", r.Digest)
}

// findings writes at most limit of them, worst first; what an author has
// accepted comes last, with the reason.
func findings(p *page, all []plans.Finding, limit int) {
	rank := map[plans.Severity]int{plans.SeverityError: 0, plans.SeverityWarning: 1, plans.SeverityInfo: 2}
	sorted := slices.Clone(all)
	order := func(f plans.Finding) int {
		if f.Accepted != "" {
			return len(rank) + rank[f.Severity]
		}
		return rank[f.Severity]
	}
	slices.SortStableFunc(sorted, func(a, b plans.Finding) int { return order(a) - order(b) })
	for i, f := range sorted {
		if i == limit {
			p.line("")
			p.line("... and %s more (--json lists all)", count(len(sorted)-i, "finding"))
			return
		}
		finding(p, f)
	}
}

func finding(p *page, f plans.Finding) {
	word, style := "Note", terminal.Faint
	switch f.Severity {
	case plans.SeverityError:
		word, style = "Error", terminal.Bad
	case plans.SeverityWarning:
		word, style = "Warning", terminal.Notice
	}
	if f.Accepted != "" {
		word, style = "Accepted "+strings.ToLower(word), terminal.Notice
	}
	p.line("")
	p.paragraph(p.out.Paint(style, word)+" "+safe(f.Code)+"  ", safe(f.Summary))
	switch {
	case f.File != "" && f.Line > 0:
		p.line("  on %s line %d", safe(f.File), f.Line)
	case f.File != "":
		p.line("  on %s", safe(f.File))
	case f.Address != "":
		p.line("  at %s", safe(f.Address))
	}
	if f.Detail != "" {
		p.paragraph("  ", safe(f.Detail))
	}
	if f.Accepted != "" {
		p.paragraph("  Accepted by the author: ", safe(f.Accepted))
	}
	fix(p, f.Fix)
}

// fix writes SQL of several lines as it is, to be copied, and anything else as
// a sentence.
func fix(p *page, text string) {
	switch {
	case text == "":
	case severalLines(text):
		p.line("  Fix:")
		for line := range strings.Lines(sqlText(text)) {
			p.line("    %s", strings.TrimRight(line, "\n"))
		}
	default:
		p.paragraph("  Fix: ", safe(text))
	}
}

// severalLines tells SQL to copy from a sentence.
func severalLines(text string) bool { return strings.Contains(strings.TrimSpace(text), "\n") }

// sqlText is foreign text of several lines as it is.
func sqlText(text string) string {
	return redact.EscapeLines(strings.ReplaceAll(strings.TrimSpace(text), "\t", "    "))
}

// roleCalls writes who must look at the plan, and why.
func roleCalls(p *page, plan *plans.Plan) {
	for _, r := range plan.Roles {
		p.line("Must look: %s", safe(r.Role))
		for _, reason := range r.Why {
			p.paragraph("  - ", safe(reason))
		}
	}
}

// blocked writes what stands in the way, who can lift it, and how.
func blocked(p *page, all []plans.Block) {
	if len(all) == 0 {
		return
	}
	p.line("")
	p.line("Blocked until:")
	longest := 0
	for _, b := range all {
		longest = max(longest, width(safe(b.Code)))
	}
	for _, b := range all {
		mark, style := "x", terminal.Bad
		if b.Until != "" {
			mark, style = "o", terminal.Notice
		}
		code := safe(b.Code) + strings.Repeat(" ", longest-width(safe(b.Code)))
		p.paragraph(fmt.Sprintf("  %s %s  ", p.out.Paint(style, mark), code), safe(b.Summary))
		indent := strings.Repeat(" ", longest+6)
		if b.Until != "" {
			p.paragraph(indent, "passes by itself at "+safe(b.Until))
		}
		if b.Who != "" {
			p.paragraph(indent+"who:  ", safe(b.Who))
		}
		if b.Next != "" {
			p.paragraph(indent+"next: ", safe(b.Next))
		}
	}
}

// next writes what to type now.
func next(p *page, r Review) {
	if r.Running {
		return
	}
	cs, env := ShellWord(r.Plan.ChangeSet), ShellWord(r.Plan.Environment)
	sealedFor(p, r)
	p.line("")
	if len(r.Plan.Steps) == 0 {
		p.line("Next:")
		p.command("lockstep status", "what is where")
		if r.Plan.Settled == "" && len(r.Blocked) == 0 {
			p.command(carryOut(r.Plan), "record that it is there")
		}
		return
	}
	file := ShellWord(r.Saved)
	if r.Saved == "" {
		p.line("Next:")
		p.command(fmt.Sprintf("lockstep plan %s --env %s --out %s.plan", cs, env, cs), "save it, so that exactly this is applied")
	} else {
		p.line("Saved plan to %s. Next:", file)
		p.command("lockstep show "+file+" --view full", "every statement, setting and way back")
		roleViews(p, r.Plan, file)
	}
	address := ShellWord(interesting(r.Plan).Address)
	if r.Saved != "" {
		p.command(fmt.Sprintf("lockstep explain %s %s", file, address), "why a step is where it is")
	} else {
		p.command(fmt.Sprintf("lockstep explain %s %s --env %s", cs, address, env), "why a step is where it is")
	}
	switch {
	case len(r.Blocked) > 0:
	case r.Saved != "":
		p.command("lockstep apply "+file, "carry it out")
	case len(r.Plan.Upstream) > 0:
		p.command(carryOut(r.Plan), "carry it out, as it was verified before")
	default:
		p.command(carryOut(r.Plan), "plan again and carry it out")
	}
}

// roleViews names the views of those who must look.
func roleViews(p *page, plan *plans.Plan, file string) {
	for _, call := range plan.Roles {
		switch call.Role {
		case "dba":
			p.command("lockstep show "+file+" --view dba", "what the DBA reviews")
		case "release":
			p.command("lockstep show "+file+" --view release", "what the release manager reviews")
		}
	}
}

// carryOut is the command for a plan that was not saved.
func carryOut(plan *plans.Plan) string {
	if len(plan.Upstream) > 0 {
		return fmt.Sprintf("lockstep promote %s --to %s", ShellWord(plan.ChangeSet), ShellWord(plan.Environment))
	}
	return fmt.Sprintf("lockstep apply %s --env %s", ShellWord(plan.ChangeSet), ShellWord(plan.Environment))
}

// interesting is the step that a reviewer asks about first: the one-way door,
// else the first migration or backfill, else the first step.
func interesting(plan *plans.Plan) *plans.Step {
	for i := range plan.Steps {
		if plan.Steps[i].NoReturn() {
			return &plan.Steps[i]
		}
	}
	for i := range plan.Steps {
		if a := plan.Steps[i].Action; a == plans.ActionMigrate || a == plans.ActionBackfill {
			return &plan.Steps[i]
		}
	}
	return &plan.Steps[0]
}

// ShellWord makes a word safe to paste into a shell.
func ShellWord(word string) string {
	word = safe(word)
	plain := !strings.ContainsFunc(word, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("_-./:@%+=,", r)
	})
	if plain && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
