package view

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Explain shows one step: where it is and why, what it needs, what it does,
// what can go wrong and what undoes it.
type Explain struct {
	Out *terminal.Output
}

// Text writes the step at address for people. The step must be in the plan.
func (v Explain) Text(plan *plans.Plan, address string) error {
	i := number(plan, address) - 1
	if i < 0 {
		return fmt.Errorf("step %q is not in the plan", address)
	}
	p := newPage(v.Out)
	title(p, plan, i)
	detail(p, plan, &plan.Steps[i])
	p.line("")
	p.line("Next:")
	cs, env := ShellWord(plan.ChangeSet), ShellWord(plan.Environment)
	p.command(fmt.Sprintf("lockstep plan %s --env %s", cs, env), "the whole plan")
	p.command(fmt.Sprintf("lockstep graph %s --env %s", cs, env), "the order as a graph")
	return p.flush()
}

// JSON writes the step as one document.
func (v Explain) JSON(plan *plans.Plan, address string) error {
	i := number(plan, address) - 1
	if i < 0 {
		return fmt.Errorf("step %q is not in the plan", address)
	}
	return document(v.Out, struct {
		FormatVersion string       `json:"format_version"`
		ChangeSet     string       `json:"change_set"`
		Environment   string       `json:"environment"`
		Number        int          `json:"number"`
		Step          stepDocument `json:"step"`
	}{FormatVersion, plan.ChangeSet, plan.Environment, i + 1, stepOf(&plan.Steps[i])})
}

func title(p *page, plan *plans.Plan, i int) {
	s := &plan.Steps[i]
	mark := sign(plan, s)
	p.line("%s %s", p.out.Paint(signStyle(mark), mark), p.out.Paint(terminal.Strong, safe(s.Address)))
	p.line("  step %d of %d, phase %s of %s -> %s", i+1, len(plan.Steps), s.Phase, safe(plan.ChangeSet), safe(plan.Environment))
}

const labelWidth = 16

// labelled writes "  label       text".
func labelled(p *page, label, content string) {
	if content == "" {
		return
	}
	p.paragraph("  "+label+strings.Repeat(" ", max(labelWidth-2-len(label), 1)), content)
}

func detail(p *page, plan *plans.Plan, s *plans.Step) {
	labelled(p, "change", change(s))
	labelled(p, "why here", safe(s.Why))
	labelled(p, "target", safe(s.Target))
	labelled(p, "provider", safe(s.Provider))
	needs(p, plan, s)
	migration(p, s)
	backfill(p, s)
	bounds(p, s)
	terraform(p, plan, s)
	risks := strings.Join(s.Risk.Reasons, "; ")
	labelled(p, "risk", strings.TrimSuffix(s.Risk.Level+": "+safe(risks), ": "))
	back := undo(s)
	if s.Rollback.Grade != "" {
		back = strings.TrimSpace(string(s.Rollback.Grade) + ", " + back)
	}
	if s.Rollback.Reason != "" {
		back += ": " + safe(s.Rollback.Reason)
	}
	labelled(p, "undo", back)
	labelled(p, "undo takes", lockTexts(s.Rollback.Locks))
	objectsBack(p, s.Rollback.Terraform)
	if s.Rehearsal != nil {
		labelled(p, "down", down(s))
		for _, difference := range differences(s) {
			labelled(p, "", "- "+difference)
		}
		labelled(p, "rehearsed", rehearsed(s))
	}
	queries(p, s)
	inputs(p, s)
	settings(p, s)
	statements(p, s)
}

func needs(p *page, plan *plans.Plan, s *plans.Step) {
	var words []string
	for _, address := range s.Needs {
		words = append(words, fmt.Sprintf("%s (step %d)", safe(address), number(plan, address)))
	}
	if s.Phase.Index() > 0 {
		words = append(words, "everything in the phases before "+string(s.Phase))
	}
	labelled(p, "needs", strings.Join(words, ", "))
}

func migration(p *page, s *plans.Step) {
	m := s.Migration
	if m == nil {
		return
	}
	labelled(p, "class", fmt.Sprintf("%s: %s", m.Class, safe(m.Reason)))
	mode := map[string]string{
		"transaction": "one transaction for the SQL, the version row and the receipt",
		"statement":   "statement by statement, with a receipt for each: it cannot run in a transaction",
		"driver":      "as a whole by golang-migrate's own driver, without a receipt; a failure leaves the version dirty",
	}[m.Mode]
	labelled(p, "mode", mode)
	labelled(p, "irreversible", safe(m.Irreversible))
}

// bounds writes times, checks and what is known late.
func bounds(p *page, s *plans.Step) {
	if s.Timeout > 0 {
		labelled(p, "timeout", brief(duration(s.Timeout)))
	}
	if s.Bake > 0 {
		labelled(p, "bake", brief(duration(s.Bake)))
	}
	labelled(p, "checks", safe(strings.Join(s.Checks, ", ")))
	if s.Late && s.Envelope != nil {
		labelled(p, "known later", envelope(s.Envelope))
	}
}

func inputs(p *page, s *plans.Step) {
	for _, in := range s.Inputs {
		labelled(p, "input", fmt.Sprintf("%s %s @%s", safe(in.Role), safe(in.Path), in.Digest.Short()))
	}
}

// settings writes the block's arguments, masked by the planner, by name.
func settings(p *page, s *plans.Step) {
	var values map[string]json.RawMessage
	if json.Unmarshal(s.Settings, &values) != nil {
		return
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if v := string(values[name]); v != "null" && v != `""` && v != "[]" && v != "{}" {
			labelled(p, "setting", safe(name)+" = "+safe(v))
		}
	}
}

func lockTexts(locks []plans.Lock) string {
	texts := make([]string, len(locks))
	for i, l := range locks {
		texts[i] = lockText(l)
	}
	return strings.Join(texts, ", ")
}

// lockText says what is locked, and that its partitions are not.
func lockText(l plans.Lock) string {
	text := l.Mode + " on " + safe(l.Relation)
	if l.Only {
		text += " itself"
	}
	return text
}

func statements(p *page, s *plans.Step) {
	for _, st := range s.Statements {
		p.line("")
		p.line("  %s:%d", safe(st.File), st.Line)
		for line := range strings.Lines(strings.TrimSpace(st.SQL)) {
			p.line("    %s", redact.Escape(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")))
		}
		var facts []string
		for _, l := range st.Locks {
			facts = append(facts, lockText(l))
		}
		for _, r := range st.Rewrites {
			facts = append(facts, "rewrites "+safe(r))
		}
		for _, r := range st.Scans {
			facts = append(facts, "scans "+safe(r))
		}
		if len(facts) > 0 {
			p.paragraph("    -> ", strings.Join(facts, ", ")+" ("+safe(st.Source)+")")
		} else if st.Source == "assumed" {
			p.line("    -> no lock, rewrite or scan (assumed)")
		}
		if st.Estimate != nil {
			p.paragraph("    -> ", "held "+span(st.Estimate)+" ("+safe(st.Estimate.Source)+": "+safe(st.Estimate.Basis)+")")
		}
	}
}
