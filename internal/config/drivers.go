package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// CheckDrivers refuses databases whose driver is not one of those in the build;
// build says how a driver gets into it, or nothing when there is no such driver.
func (p *Project) CheckDrivers(have []string, build func(driver string) string) diag.Diagnostics {
	var ds diag.Diagnostics
	for _, b := range p.root.children("database") {
		given := p.constantText(b, "driver")
		if given == "" || slices.Contains(have, given) {
			continue
		}
		fix := cmp.Or(build(given), "Write one of those.")
		if hint := nearest(given, have); hint != "" {
			fix = hint
		}
		ds = append(ds, mistake{
			"unknown-driver", fmt.Sprintf("driver %q is not in this build", cut(given)),
			"This build has " + strings.Join(have, ", ") + ".", fix,
		}.at(b.args["driver"].place))
	}
	return ds
}
