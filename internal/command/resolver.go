package command

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// resolver evaluates the bundle's configuration again while the run goes on,
// each time with what the steps before have put out. The values of sensitive
// variables come from their recorded sources; nothing of it is stored.
type resolver struct {
	workspace *workspace // the bundle's configuration, not the working tree's
	plan      *plans.Plan
	values    *config.Values
	querier   databaseQuerier
	base      map[string]config.Export // what was known when the plan was made

	mu        sync.Mutex
	known     int // outputs that evaluated was made with
	evaluated *config.Evaluated
}

// Settings returns the real settings of the step's block.
func (r *resolver) Settings(step plans.Step, outputs rollout.Outputs) (json.RawMessage, error) {
	block, err := r.block(step.Block, outputs)
	if err != nil {
		return nil, err
	}
	settings, err := block.Settings.Reveal()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step.Address, err)
	}
	return settings, nil
}

// Observed returns what the plan saw at the step's target.
func (r *resolver) Observed(step plans.Step) plans.Observation {
	for _, o := range r.plan.Observations {
		if o.Address == step.Block || o.Address == step.Target {
			return o
		}
	}
	return plans.Observation{}
}

// Check builds the check of a block.
func (r *resolver) Check(address string, outputs rollout.Outputs) (rollout.Check, error) {
	block, err := r.block(address, outputs)
	if err != nil {
		return nil, err
	}
	return checkFrom(block, r.plan.Environment, r.querier)
}

func (r *resolver) block(address string, outputs rollout.Outputs) (config.Block, error) {
	evaluated, err := r.evaluate(outputs)
	if err != nil {
		return config.Block{}, err
	}
	for _, b := range evaluated.Blocks {
		if b.Address == address {
			return b, nil
		}
	}
	return config.Block{}, fmt.Errorf("the plan's configuration has no block %s", address)
}

// evaluate reuses the last evaluation until another step has put something out.
func (r *resolver) evaluate(outputs rollout.Outputs) (*config.Evaluated, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.evaluated != nil && r.known == len(outputs) {
		return r.evaluated, nil
	}
	exports := map[string]config.Export{}
	for address, export := range r.base {
		exports[address] = export
	}
	for address, out := range outputs {
		if step := r.plan.Step(address); step != nil && step.Action == plans.ActionTerraform {
			exports[step.Block] = outputsExport(out, nil)
		}
	}
	evaluated, ds := r.workspace.project.Evaluate(config.EvaluateRequest{
		ChangeSet: r.plan.ChangeSet, Environment: r.plan.Environment, Values: r.values, Exports: exports,
	})
	if ds.HasErrors() {
		return nil, diagnose(r.workspace.project, ds)
	}
	r.evaluated, r.known = evaluated, len(outputs)
	return evaluated, nil
}

// forget makes the next evaluation start anew, after base has changed.
func (r *resolver) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.evaluated = nil
}
