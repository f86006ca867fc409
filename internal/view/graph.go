package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Graph shows a plan's order: phases one after another, and inside a phase
// what waits for what.
type Graph struct {
	Out *terminal.Output
}

// Text writes the order as an indented list.
func (v Graph) Text(plan *plans.Plan) error {
	p := newPage(v.Out)
	heading(p, plan)
	if settled(p, plan) {
		return p.flush()
	}
	for _, phase := range plans.Phases() {
		if !has(plan, phase) {
			continue
		}
		p.line("%s", p.out.Paint(terminal.Strong, string(phase)))
		for i := range plan.Steps {
			s := &plan.Steps[i]
			if s.Phase != phase {
				continue
			}
			mark := sign(plan, s)
			words := ""
			if after := sameOrEarlier(plan, s); len(after) > 0 {
				words = "  <- " + strings.Join(after, ", ")
			}
			if s.OneWay() {
				words += "  (" + p.out.Paint(terminal.Bad, "no way back") + ")"
			}
			p.line("  %2d %-3s %s%s", i+1, mark, safe(s.Address), words)
		}
	}
	return p.flush()
}

func has(plan *plans.Plan, phase plans.Phase) bool {
	for i := range plan.Steps {
		if plan.Steps[i].Phase == phase {
			return true
		}
	}
	return false
}

func sameOrEarlier(plan *plans.Plan, s *plans.Step) []string {
	after := make([]string, 0, len(s.Needs))
	for _, need := range s.Needs {
		after = append(after, fmt.Sprintf("%d %s", number(plan, need), safe(need)))
	}
	return after
}

// Dot writes the order in Graphviz's language.
func (v Graph) Dot(plan *plans.Plan) error {
	p := newPage(v.Out)
	p.line("digraph %s {", dotString(plan.ChangeSet+" -> "+plan.Environment))
	p.line("  rankdir=LR; compound=true; node [shape=box, fontname=\"monospace\"];")
	for _, phase := range plans.Phases() {
		if !has(plan, phase) {
			continue
		}
		p.line("  subgraph cluster_%s {", phase)
		p.line("    label=%s;", dotString(string(phase)))
		for i := range plan.Steps {
			s := &plan.Steps[i]
			if s.Phase != phase {
				continue
			}
			extra := ""
			if s.OneWay() {
				extra = ", color=red, penwidth=2"
			}
			p.line("    s%d [label=%s%s];", i+1, dotString(nodeLabel(plan, i, "\n")), extra)
		}
		p.line("  }")
	}
	for _, e := range edges(plan) {
		style := ""
		if e.phases {
			style = " [style=dashed]"
		}
		p.line("  s%d -> s%d%s;", e.from, e.to, style)
	}
	p.line("}")
	return p.flush()
}

// Mermaid writes the order in Mermaid's flowchart language.
func (v Graph) Mermaid(plan *plans.Plan) error {
	p := newPage(v.Out)
	p.line("flowchart LR")
	for _, phase := range plans.Phases() {
		if !has(plan, phase) {
			continue
		}
		p.line("  subgraph %s", phase)
		for i := range plan.Steps {
			s := &plan.Steps[i]
			if s.Phase != phase {
				continue
			}
			class := ""
			if s.OneWay() {
				class = ":::oneway"
			}
			p.line("    s%d[\"%s\"]%s", i+1, mermaidString(nodeLabel(plan, i, "<br/>")), class)
		}
		p.line("  end")
	}
	for _, e := range edges(plan) {
		arrow := "-->"
		if e.phases {
			arrow = "-.->"
		}
		p.line("  s%d %s s%d", e.from, arrow, e.to)
	}
	p.line("  classDef oneway stroke:#c00,stroke-width:2px")
	return p.flush()
}

type edge struct {
	from, to int  // step numbers
	phases   bool // because of the phases alone
}

// edges returns what waits for what: needs, and from the last steps of a
// phase to the first ones of the next. Edges that follow from others are
// left out, so that the picture stays readable.
func edges(plan *plans.Plan) []edge {
	var all []edge
	place := make(map[string]int, len(plan.Steps))
	waitedFor := make([]bool, len(plan.Steps)+1) // inside of its phase
	waits := make([]bool, len(plan.Steps)+1)
	for i := range plan.Steps {
		place[plan.Steps[i].Address] = i + 1
	}
	for i := range plan.Steps {
		s := &plan.Steps[i]
		for _, need := range s.Needs {
			from, ok := place[need]
			if !ok {
				continue
			}
			all = append(all, edge{from: from, to: i + 1})
			if plan.Steps[from-1].Phase == s.Phase {
				waitedFor[from], waits[i+1] = true, true
			}
		}
	}
	last := plans.Phase("")
	for _, phase := range plans.Phases() {
		if !has(plan, phase) {
			continue
		}
		if last != "" {
			all = append(all, between(plan, last, phase, waitedFor, waits)...)
		}
		last = phase
	}
	return all
}

func between(plan *plans.Plan, before, after plans.Phase, waitedFor, waits []bool) []edge {
	var out []edge
	for i := range plan.Steps {
		if plan.Steps[i].Phase != before || waitedFor[i+1] {
			continue
		}
		for j := range plan.Steps {
			if plan.Steps[j].Phase == after && !waits[j+1] {
				out = append(out, edge{from: i + 1, to: j + 1, phases: true})
			}
		}
	}
	return out
}

func nodeLabel(plan *plans.Plan, i int, newline string) string {
	s := &plan.Steps[i]
	label := fmt.Sprintf("%d %s %s", i+1, sign(plan, s), s.Address)
	if words := change(s); words != "" {
		label += newline + words
	}
	return label
}

func dotString(s string) string {
	s = redact.EscapeLines(s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", " ").Replace(s) + `"`
}

// mermaidString writes the characters that Mermaid or HTML would read as
// their own as Mermaid's entity codes; the line break of a label stays.
func mermaidString(s string) string {
	parts := strings.Split(s, "<br/>")
	for i := range parts {
		parts[i] = strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;", "`", "#96;").Replace(safe(parts[i]))
	}
	return strings.Join(parts, "<br/>")
}
