package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/report"
	"github.com/lockstep-dev/lockstep/plans"
)

// Markdown writes the plan as the comment of a pull request, at most
// report.MarkdownLimit bytes long: what does not fit is counted. Its first
// line is a mark by which a pipeline finds the comment again.
func (v Plan) Markdown(r Review) error {
	p := newPage(v.Out)
	p.line("<!-- lockstep:plan change_set=%s env=%s -->", comment(r.Plan.ChangeSet), comment(r.Plan.Environment))
	p.line("### %s to **%s**: %s", report.Code(r.Plan.ChangeSet), report.Prose(r.Plan.Environment), verdict(r))
	if len(r.Plan.Steps) > 0 {
		markdownSteps(p, r.Plan)
	}
	markdownCare(p, r)
	tail := fmt.Sprintf("\nPlan %s, content %s.", report.Code(r.Digest.Short()), report.Code(r.Plan.Content.Short()))
	if r.Saved != "" {
		tail += " " + report.Code("lockstep show "+ShellWord(r.Saved)+" --view dba")
	}
	if len(r.SealedFor) > 0 {
		tail += " " + report.Prose("Its inputs are sealed for "+Recipients(r.SealedFor)+".")
	}
	for _, section := range sections(r) {
		left := report.MarkdownLimit - p.Len() - len(tail)
		if len(section.text)+len(section.title)+60 > left {
			p.line("\n**%s** left out: too long for a comment.", section.title)
			continue
		}
		p.line("\n<details><summary>%s</summary>\n\n%s\n</details>", section.title, section.text)
	}
	p.line("%s", tail)
	return p.flush()
}

// comment is a name inside of an HTML comment, which two dashes would end.
func comment(s string) string {
	return strings.NewReplacer("--", "__", ">", "_", " ", "_").Replace(safe(s))
}

func verdict(r Review) string {
	switch r.Plan.Settled {
	case plans.AlreadyApplied:
		return "nothing to do, it is applied"
	case plans.Superseded:
		return "nothing to do, a later change set has moved on"
	}
	level, _ := risk(r.Plan)
	words := fmt.Sprintf("%s, risk **%s**", count(len(r.Plan.Steps), "step"), level)
	if len(r.Blocked) > 0 {
		words += ", **blocked**"
	}
	return words
}

// markdownRowLimit bounds the table; a plan of a thousand migrations is read
// elsewhere.
const markdownRowLimit = 100

func markdownSteps(p *page, plan *plans.Plan) {
	p.line("")
	p.line("| | Step | Phase | Change | Locks | Undo |")
	p.line("|---|---|---|---|---|---|")
	for i := range plan.Steps {
		if i == markdownRowLimit {
			p.line("\nand %d more", len(plan.Steps)-i)
			return
		}
		s := &plan.Steps[i]
		back := report.Prose(undo(s))
		if s.OneWay() {
			back = "**" + back + "**"
		}
		p.line("| %d | %s | %s | %s | %s | %s |", i+1, report.Code(s.Address), s.Phase, report.Prose(change(s)), markdownLocks(plan, s), back)
	}
}

// markdownLocks names the strongest lock of a step and where it is taken.
func markdownLocks(plan *plans.Plan, s *plans.Step) string {
	var locks []plans.Lock
	for _, st := range s.Statements {
		locks = append(locks, st.Locks...)
	}
	mode := budget.Strongest(locks)
	if mode == "" {
		return "-"
	}
	d := databaseOf(plan, s.Target)
	var names []string
	tables, _ := d.tables(locks)
	for _, l := range tables {
		name := report.Code(l.Relation)
		if rows, _ := d.figures(l.Relation); rows != "" && rows != unsized {
			name += " (" + rows + " rows)"
		}
		if l.Mode == mode && !strings.Contains(strings.Join(names, ", "), name) && len(names) < lockedRelations {
			names = append(names, name)
		}
	}
	words := budget.Manual(mode) + " " + strings.Join(names, ", ")
	if total, _ := worked(s.Provider, s.Statements); total != nil {
		words += ", " + strings.ReplaceAll(span(total), "<", "&lt;")
	}
	return words
}

// markdownCare says who must look, what was tried, and what blocks.
func markdownCare(p *page, r Review) {
	for _, call := range r.Plan.Roles {
		why := make([]string, len(call.Why))
		for i, reason := range call.Why {
			why[i] = report.Prose(reason)
		}
		p.line("\n**Must look: %s.** %s", report.Prose(call.Role), strings.Join(why, "; "))
	}
	words := newPage(p.out.WithWidth(1 << 20))
	if len(r.Plan.Steps) > 0 {
		evidence(words, r.Plan)
		words.line("Point of no return: %s", pointOfNoReturn(r.Plan))
		for _, later := range knownLater(r.Plan) {
			words.line("Known later: %s", later)
		}
	}
	for line := range strings.Lines(words.String()) {
		p.line("\n%s", report.Prose(line))
	}
	if len(r.Blocked) == 0 {
		return
	}
	p.line("\n**Blocked until:**\n")
	for _, b := range r.Blocked {
		line := "- " + report.Prose(b.Summary)
		if b.Who != "" {
			line += "; who: " + report.Prose(b.Who)
		}
		if b.Next != "" {
			line += "; next: " + report.Code(b.Next)
		}
		p.line("%s", line)
	}
}

// section is a part of the comment that is folded away.
type section struct{ title, text string }

func sections(r Review) (all []section) {
	if len(r.Plan.Findings) > 0 {
		all = append(all, section{count(len(r.Plan.Findings), "finding"), markdownFindings(r.Plan.Findings)})
	}
	var sql strings.Builder
	files := 0
	for i := range r.Plan.Steps {
		file := ""
		for _, st := range r.Plan.Steps[i].Statements {
			if st.File != file {
				file = st.File
				files++
				fmt.Fprintf(&sql, "\n%s\n\n", report.Code(file))
			}
			sql.WriteString(report.Fence(sqlText(st.SQL)+";") + "\n")
		}
	}
	if files > 0 {
		all = append(all, section{"SQL (" + count(files, "file") + ")", sql.String()})
	}
	return all
}

func markdownFindings(all []plans.Finding) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "- **%s** %s %s", f.Severity, report.Code(f.Code), report.Prose(f.Summary))
		if f.File != "" {
			fmt.Fprintf(&b, ", %s", report.Code(fmt.Sprintf("%s:%d", f.File, f.Line)))
		}
		if f.Accepted != "" {
			fmt.Fprintf(&b, "; accepted by the author: %s", report.Prose(f.Accepted))
		}
		b.WriteString("\n")
		switch {
		case severalLines(f.Fix):
			b.WriteString("\n" + indented(report.Fence(sqlText(f.Fix))) + "\n")
		case f.Fix != "":
			b.WriteString("  Fix: " + report.Prose(f.Fix) + "\n")
		}
	}
	return b.String()
}

// indented makes text a part of the list's item before it.
func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
