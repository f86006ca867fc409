package config_test

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
)

// describe renders an evaluated change set, without its places.
func describe(e *config.Evaluated) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s %v %v\n", e.Name, e.Description, e.Owner, e.Links, e.DependsOn, e.Environments)
	for _, block := range append(e.Databases, e.Blocks...) {
		fmt.Fprintf(&b, "%s %s %s %v %s %s\n", block.Address, block.Kind, block.Driver, block.Needs, block.Timeout, block.Settings.Masked())
		for _, assert := range block.Asserts {
			ok, message, ds := assert.Eval(map[string]any{"status_code": 503})
			fmt.Fprintf(&b, "  assert: %v %q %v\n", ok, message, ds.Err())
		}
	}
	for _, phase := range plans.Phases() {
		rules := e.Phases[phase]
		fmt.Fprintf(&b, "%s %v %v %s\n", phase, rules.Preconditions, rules.Postconditions, rules.BakeTime)
	}
	fmt.Fprintf(&b, "%+v\n", e.Rollback)
	return b.String()
}

func describeEnvironments(p *config.Project) string {
	var b strings.Builder
	for _, e := range p.Environments() {
		fmt.Fprintf(&b, "%s %v %s %v\n", e.Name, e.DependsOn, e.SoakTime, e.Protected)
	}
	return b.String()
}
