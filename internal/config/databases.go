package config

import (
	"github.com/lockstep-dev/lockstep/internal/diag"
)

// DatabaseBlocks evaluates every database of one environment, by name, whether
// a change set uses it or not. Values that a step has to make first (outputs
// of Terraform) stay unknown inside Settings.
func (p *Project) DatabaseBlocks(env string, values *Values) ([]Block, diag.Diagnostics) {
	none := &block{doc: &BlockDoc{Type: "change_set"}}
	r := &resolution{project: p, request: EvaluateRequest{Environment: env, Values: values}, changeSet: none, allDatabases: true}
	r.prepare()
	var databases []Block
	for _, b := range p.sorted("database") {
		value := r.databases[b.name]
		databases = append(databases, Block{
			Kind: "database", Driver: textOf(value.GetAttr("driver")), Name: b.name, Address: b.address(),
			Needs: p.needsOf(b), Reads: p.readsOf(b), Settings: Settings{value: value}, Range: diag.FromHCLRange(b.place),
		})
	}
	r.ds.Sort()
	return databases, r.ds
}
