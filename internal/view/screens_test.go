package view

import "github.com/lockstep-dev/lockstep/internal/terminal"

// screens lists every way to show a plan, for tests that hold for all.
func screens(r Review) map[string]func(*terminal.Output) error {
	address := r.Plan.Steps[1].Address
	return map[string]func(*terminal.Output) error{
		"short":        func(o *terminal.Output) error { return Plan{o}.Short(r) },
		"full":         func(o *terminal.Output) error { return Plan{o}.Full(r) },
		"dba":          func(o *terminal.Output) error { return Plan{o}.DBA(r) },
		"release":      func(o *terminal.Output) error { return Plan{o}.Release(r) },
		"markdown":     func(o *terminal.Output) error { return Plan{o}.Markdown(r) },
		"json":         func(o *terminal.Output) error { return Plan{o}.JSON(r) },
		"explain":      func(o *terminal.Output) error { return Explain{o}.Text(r.Plan, address) },
		"explain json": func(o *terminal.Output) error { return Explain{o}.JSON(r.Plan, address) },
		"graph":        func(o *terminal.Output) error { return Graph{o}.Text(r.Plan) },
		"dot":          func(o *terminal.Output) error { return Graph{o}.Dot(r.Plan) },
		"mermaid":      func(o *terminal.Output) error { return Graph{o}.Mermaid(r.Plan) },
		"svg":          func(o *terminal.Output) error { return Graph{o}.SVG(r.Plan) },
	}
}
