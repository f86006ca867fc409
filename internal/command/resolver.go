package command

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// resolver evaluates the bundle's configuration again while the run goes on,
// each time with what the steps before have put out. The values of sensitive
// variables come from their recorded sources; nothing of it is stored.
type resolver struct {
	workspace *workspace // the bundle's configuration, not the working tree's
	plan      *plans.Plan
	mask      *redact.Values // learns what each evaluation brings to light
	values    *config.Values
	querier   databaseQuerier
	base      map[string]config.Export // what was known when the plan was made

	mu        sync.Mutex
	feeding   []*plans.Step   // those whose outputs expressions see
	known     rollout.Outputs // what evaluated was made with
	evaluated *config.Evaluated
	revealed  map[string]json.RawMessage // the settings of evaluated's blocks that were asked for
}

// Settings returns the real settings of the step's block.
func (r *resolver) Settings(step plans.Step, outputs rollout.Outputs) (json.RawMessage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	block, err := r.block(step.Block, outputs)
	if err != nil {
		return nil, err
	}
	if settings, ok := r.revealed[step.Block]; ok {
		return slices.Clone(settings), nil
	}
	settings, err := block.Settings.Reveal()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step.Address, err)
	}
	r.revealed[step.Block] = settings
	return slices.Clone(settings), nil
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
	r.mu.Lock()
	block, err := r.block(address, outputs)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return checkFrom(block, r.plan.Environment, r.querier)
}

// block is called with mu held.
func (r *resolver) block(address string, outputs rollout.Outputs) (config.Block, error) {
	evaluated, err := r.evaluation(outputs)
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

func (r *resolver) evaluate(outputs rollout.Outputs) (*config.Evaluated, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.evaluation(outputs)
}

// evaluation reuses the last one until a step whose outputs expressions see
// has put something out, be it the same outputs with their secrets. It is
// called with mu held.
func (r *resolver) evaluation(outputs rollout.Outputs) (*config.Evaluated, error) {
	if r.evaluated != nil && !r.changed(outputs) {
		return r.evaluated, nil
	}
	exports := map[string]config.Export{}
	for address, export := range r.base {
		exports[address] = export
	}
	for _, step := range r.feeds() {
		if out, ok := outputs[step.Address]; ok {
			exports[step.Block] = outputsExport(out, nil)
		}
	}
	evaluated, ds := r.workspace.project.Evaluate(config.EvaluateRequest{
		ChangeSet: r.plan.ChangeSet, Environment: r.plan.Environment, Values: r.values, Exports: exports,
	})
	if ds.HasErrors() {
		return nil, diagnose(r.workspace.project, ds)
	}
	r.mask.Learn(secretsOf(evaluated)...)
	r.evaluated, r.known, r.revealed = evaluated, outputs, map[string]json.RawMessage{}
	return evaluated, nil
}

// feeds are the steps whose outputs expressions see.
func (r *resolver) feeds() []*plans.Step {
	if r.feeding == nil {
		r.feeding = []*plans.Step{}
		for i, step := range r.plan.Steps {
			if step.Action == plans.ActionTerraform {
				r.feeding = append(r.feeding, &r.plan.Steps[i])
			}
		}
	}
	return r.feeding
}

// changed reports whether outputs differ from those of the last evaluation.
// What a step puts out is a list of its own each time, so the lists need not
// be compared by content.
func (r *resolver) changed(outputs rollout.Outputs) bool {
	for _, step := range r.feeds() {
		before, after := r.known[step.Address], outputs[step.Address]
		if len(before) != len(after) || len(after) > 0 && &before[0] != &after[0] {
			return true
		}
	}
	return false
}

// forget makes the next evaluation start anew, after base has changed.
func (r *resolver) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.evaluated = nil
}
