package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// step writes a step's statements and what is known of it as a whole.
func (d databaseBlock) step(p *page, i int) {
	s := &d.plan.Steps[i]
	mark := sign(d.plan, s)
	words := fmt.Sprintf("Step %d, %s  %s ", i+1, s.Phase, p.out.Paint(signStyle(mark), mark))
	flag := ""
	if s.OneWay() {
		flag = "  " + p.out.Paint(terminal.Bad, "ONE WAY")
	}
	p.paragraph(words, p.out.Paint(terminal.Strong, safe(s.Address))+flag)
	if s.Backfill != nil {
		backfill(p, s)
	}
	if len(s.Statements) > 0 {
		if file := safe(s.Statements[0].File); file != "" {
			p.paragraph("  ", file)
		}
		w := sqlWidths(p.out.Width)
		w.header(p)
		goingOn := false
		for at := range s.Statements {
			d.statement(p, w, &s.Statements[at], goingOn)
			goingOn = together(s) && (goingOn || len(s.Statements[at].Locks) > 0)
		}
	}
	labelled(p, "estimates", bases(s))
	labelled(p, "transaction", transaction(s))
	labelled(p, "down", down(s))
	for _, difference := range differences(s) {
		labelled(p, "", "- "+difference)
	}
	labelled(p, "undo", undo(s))
	labelled(p, "rehearsed", rehearsed(s))
	queries(p, s)
	labelled(p, "replicas", safe(strings.Join(d.onReplicas(s), "; ")))
}

// bases says what the estimates of a step follow from; that a catalog change
// is short needs no figure.
func bases(s *plans.Step) string {
	var words []string
	for _, st := range s.Statements {
		if e := st.Estimate; e != nil && !strings.HasPrefix(e.Basis, "catalog change") {
			words = append(words, fmt.Sprintf("line %d %s (%s)", st.Line, safe(e.Basis), safe(e.Source)))
		}
	}
	return strings.Join(words, "; ")
}

// together reports whether a step's statements are one transaction, as far as
// Lockstep knows.
func together(s *plans.Step) bool { return s.Migration != nil && s.Migration.Mode != "statement" }

// worked is how long statements take together, and the lines of those of which
// nobody knows; of databases other than PostgreSQL nobody does.
func worked(provider string, statements []plans.Statement) (*plans.Estimate, []int) {
	if provider != "database/postgres" || len(statements) == 0 {
		return nil, nil
	}
	return budget.Sum(statements)
}

// transaction says how long the first lock is held: to the end of the file.
func transaction(s *plans.Step) string {
	if s.Migration == nil {
		return ""
	}
	switch s.Migration.Mode {
	case "statement":
		return "none: statement by statement, each frees its locks at its end"
	case "driver":
		return "left to the driver"
	}
	words := "one; all locks are held to the end of the file"
	if len(s.Statements) < 2 {
		return words
	}
	first := max(slices.IndexFunc(s.Statements, func(st plans.Statement) bool { return len(st.Locks) > 0 }), 0)
	total, unknown := worked(s.Provider, s.Statements[first:])
	switch {
	case total != nil:
		return words + ", " + span(total)
	case len(unknown) == 0:
		return words
	}
	lines := make([]string, len(unknown))
	for i, line := range unknown {
		lines[i] = strconv.Itoa(line)
	}
	return words + "; how long is not known (line " + strings.Join(lines, ", ") + ")"
}

// down says whether there is a way back and who has tried it.
func down(s *plans.Step) string {
	m := s.Migration
	if m == nil {
		return ""
	}
	switch {
	case m.Irreversible != "":
		return "no down file, irreversible: " + safe(m.Irreversible)
	case m.Down == "":
		return "no down file"
	case s.Rehearsal == nil:
		return "present, not rehearsed"
	case s.Rehearsal.Restores:
		return "present, rehearsed: the schema is as before, and up leads there again"
	case s.Rehearsal.Down == plans.OutcomeOK:
		return "present, rehearsed: it does NOT restore the schema"
	default:
		return fmt.Sprintf("present, rehearsed: %s", strings.ToUpper(string(s.Rehearsal.Down)))
	}
}

// differences are what a rehearsal found that is not as it was.
func differences(s *plans.Step) []string {
	if s.Rehearsal == nil {
		return nil
	}
	var list []string
	for _, difference := range s.Rehearsal.Differences {
		list = append(list, safe(difference))
	}
	return list
}

// rehearsed says where it was tried, or what to type to try it.
func rehearsed(s *plans.Step) string {
	r := s.Rehearsal
	if r == nil {
		if s.Migration == nil {
			return ""
		}
		return notRehearsed(s)
	}
	basis := map[string]string{"target": "a copy of the target's schema", "folder": "the schema that the folder's files make"}[r.Basis]
	if basis == "" {
		basis = safe(r.Basis)
	}
	words := fmt.Sprintf("on PostgreSQL %s, on %s: up %s, down %s", safe(r.Server), basis, r.Up, r.Down)
	if len(r.Unseen) > 0 {
		unseen := make([]string, len(r.Unseen))
		for i, u := range r.Unseen {
			unseen[i] = safe(u)
		}
		words += "; not measured: " + strings.Join(unseen, ", ")
	}
	return words
}

// notRehearsed leaves the reason to a finding of the plan.
func notRehearsed(s *plans.Step) string {
	if !strings.HasSuffix(s.Provider, "/postgres") {
		return "no: there is no throw-away server for " + strings.TrimPrefix(safe(s.Provider), "database/")
	}
	l := limitsOf(s).Database
	why := "no; locks are known by rule at best"
	if l.Rehearse == "never" {
		why = `no: rehearse = "never" in the database block`
	}
	if l.Migrations != "" {
		why += "; to try it: lockstep rehearse " + ShellWord(l.Migrations)
	}
	return why
}

// queries says what of the application's statements works after the step.
func queries(p *page, s *plans.Step) {
	q := s.Queries
	if q == nil {
		return
	}
	from := make([]string, len(q.From))
	for i, name := range q.From {
		from[i] = safe(name)
	}
	words := fmt.Sprintf("%s of %s tried, %d break", count(q.Tried, "statement"), strings.Join(from, ", "), len(q.Breaks))
	if len(q.Breaks) == 1 {
		words = strings.TrimSuffix(words, "break") + "breaks"
	}
	if q.Unjudged > 0 {
		words += fmt.Sprintf(", %d that the server refused already before", q.Unjudged)
	}
	labelled(p, "queries", words)
	for _, b := range q.Breaks {
		labelled(p, "", "- "+queryBreak(b))
	}
	if len(q.Breaks) == 0 {
		labelled(p, "", safe(q.Reason))
	}
}

// queryBreak is one statement of the application that does not work as before.
func queryBreak(b plans.QueryBreak) string {
	words := safe(b.Where) + ": " + safe(b.Summary)
	if b.CallsPerDay > 0 {
		words += fmt.Sprintf(" (%s calls and %s a day, %s)", budget.Rows(int64(b.CallsPerDay+0.5)), brief(time.Duration(b.TimePerDay)), safe(b.Source))
	} else {
		words += " (nobody has counted its calls)"
	}
	if b.Fix != "" {
		words += "; " + safe(b.Fix)
	}
	return words
}

// onReplicas says what the step does to those who read from replicas.
func (d databaseBlock) onReplicas(s *plans.Step) []string {
	if d.survey == nil {
		return nil
	}
	var whole plans.Statement
	for _, st := range s.Statements {
		whole.Locks, whole.Rewrites = append(whole.Locks, st.Locks...), append(whole.Rewrites, st.Rewrites...)
	}
	slices.Sort(whole.Rewrites)
	whole.Rewrites = slices.Compact(whole.Rewrites)
	return budget.OnReplicas(whole, *d.survey)
}
