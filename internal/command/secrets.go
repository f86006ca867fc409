package command

import (
	"context"
	"encoding/json"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// secretsOf are the sensitive texts among the settings of all blocks.
func secretsOf(e *config.Evaluated) []string {
	var all []string
	for _, b := range e.Databases {
		all = append(all, b.Settings.Secrets()...)
	}
	for _, b := range e.Blocks {
		all = append(all, b.Settings.Secrets()...)
	}
	return all
}

// overheard is a provider whose sensitive outputs are masked from the moment
// it tells them.
type overheard struct {
	providers.Provider
	mask *redact.Values
}

// Unwrap is for providers.As.
func (o overheard) Unwrap() providers.Provider { return o.Provider }

// Observe implements providers.Provider.
func (o overheard) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	seen, err := o.Provider.Observe(ctx, req)
	o.learn(seen.Secrets)
	return seen, err
}

// Apply implements providers.Provider.
func (o overheard) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	result, err := o.Provider.Apply(ctx, req)
	o.learn(result.Secrets)
	return result, err
}

// Rollback implements providers.Provider.
func (o overheard) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	result, err := o.Provider.Rollback(ctx, req)
	o.learn(result.Secrets)
	return result, err
}

// Probe implements providers.Provider.
func (o overheard) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	report, err := o.Provider.Probe(ctx, req)
	o.learn(report.Secrets)
	return report, err
}

func (o overheard) learn(secrets map[string]json.RawMessage) {
	for _, value := range secrets {
		o.mask.LearnJSON(value)
	}
}

// recallSecrets makes the sensitive outputs of configurations usable that the
// plan found unchanged: no step of the run will put them out.
func (o *opened) recallSecrets(ctx context.Context) error {
	for _, planned := range o.bundle.Plan.Observations {
		if !o.lacksSecrets(planned) {
			continue
		}
		block, ok := findBlock(o.blocks, planned.Address)
		if !ok {
			continue
		}
		seen, err := o.observeBinding(ctx, block)
		if err != nil {
			return err
		}
		o.keepSecrets(planned, seen)
	}
	return nil
}

func (o *opened) lacksSecrets(planned plans.Observation) bool {
	if planned.Terraform == nil || planned.Late {
		return false
	}
	for _, step := range o.bundle.Plan.Steps {
		if step.Block == planned.Address && step.Action == plans.ActionTerraform {
			return false
		}
	}
	for _, output := range planned.Terraform.Outputs {
		if output.Sensitive {
			return true
		}
	}
	return false
}
