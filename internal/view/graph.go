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
	for _, c := range clusters(plan) {
		p.line("%s", p.out.Paint(terminal.Strong, string(c.phase)))
		for _, i := range c.steps {
			s := &plan.Steps[i]
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

// cluster is a phase that has steps.
type cluster struct {
	phase plans.Phase
	steps []int // indices in the plan
}

func clusters(plan *plans.Plan) []cluster {
	var all []cluster
	for _, phase := range plans.Phases() {
		c := cluster{phase: phase}
		for i := range plan.Steps {
			if plan.Steps[i].Phase == phase {
				c.steps = append(c.steps, i)
			}
		}
		if len(c.steps) > 0 {
			all = append(all, c)
		}
	}
	return all
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
	for _, c := range clusters(plan) {
		p.line("  subgraph cluster_%s {", c.phase)
		p.line("    label=%s;", dotString(string(c.phase)))
		for _, i := range c.steps {
			s := &plan.Steps[i]
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
	for _, c := range clusters(plan) {
		p.line("  subgraph %s", c.phase)
		for _, i := range c.steps {
			s := &plan.Steps[i]
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
	bound := insidePhase{make([]bool, len(plan.Steps)), make([]bool, len(plan.Steps))}
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
				bound.waitedFor[from-1], bound.waits[i] = true, true
			}
		}
	}
	groups := clusters(plan)
	for i := 1; i < len(groups); i++ {
		all = append(all, bound.between(groups[i-1], groups[i])...)
	}
	return all
}

// insidePhase tells, for each step, whether a step of its own phase waits for
// it, and whether it waits for one.
type insidePhase struct{ waitedFor, waits []bool }

func (b insidePhase) between(before, after cluster) []edge {
	var out []edge
	for _, i := range before.steps {
		for _, j := range after.steps {
			if !b.waitedFor[i] && !b.waits[j] {
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
