package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// roleConfig marks the language files (and what they read) among a bundle's inputs.
const roleConfig = "config"

// opened is a plan ready to be carried out: its configuration read from the
// bundle, its variables resolved again, its providers at hand.
type opened struct {
	workspace *workspace // the bundle's configuration in this folder
	bundle    *bundle.Bundle
	registry  *registry
	resolver  *resolver
	blocks    *config.Evaluated
}

// openPlan reads a bundle's configuration and resolves its values again.
func (a *app) openPlan(b *bundle.Bundle) (*opened, error) {
	b, err := a.unsealed(b)
	if err != nil {
		return nil, err
	}
	files, err := configFiles(b)
	if err != nil {
		return nil, blocked(err.Error())
	}
	project, ds := config.Load(files)
	if ds.HasErrors() {
		return nil, diagnose(project, ds)
	}
	w := &workspace{project: project, settings: project.Settings()}
	w.share(a.planned)
	values, ds := project.RestoreValues(b.Plan.Environment, b.Plan.Variables,
		config.ValueInputs{Environ: a.host.Environ, Flags: a.flags.assigned, ReadFile: os.ReadFile})
	if ds.HasErrors() {
		return nil, diagnose(project, ds)
	}
	a.mask.Learn(values.Secrets()...)
	o := &opened{workspace: w, bundle: b, registry: newRegistry(a, w)}
	o.resolver = &resolver{
		workspace: w, plan: b.Plan, mask: a.mask, values: values, querier: o.registry.querier(), base: map[string]config.Export{},
	}
	o.hideWritten(a.mask)
	return o, o.knowExports()
}

func configFiles(b *bundle.Bundle) (fs.FS, error) {
	archive := &txtar.Archive{}
	for _, in := range b.Plan.Inputs {
		if in.Role != roleConfig {
			continue
		}
		content, err := b.Blob(in.Digest)
		if err != nil {
			return nil, err
		}
		archive.Files = append(archive.Files, txtar.File{Name: in.Path, Data: content})
	}
	return txtar.FS(archive)
}

// knowExports fills in what expressions may see before the first step runs:
// the artifacts' digests and the outputs that the plan knew.
func (o *opened) knowExports() error {
	evaluated, err := o.resolver.evaluate(nil)
	if err != nil {
		return err
	}
	for _, seen := range o.bundle.Plan.Observations {
		switch {
		case seen.Artifact != nil:
			for _, b := range evaluated.Blocks {
				if b.Address != seen.Address {
					continue
				}
				export, err := artifactExport(o.workspace, b, *seen.Artifact)
				if err != nil {
					return err
				}
				o.resolver.base[seen.Address] = export
			}
		case seen.Terraform != nil:
			o.resolver.base[seen.Address] = outputsExport(seen.Terraform.Outputs, nil)
		}
	}
	o.resolver.forget()
	o.blocks, err = o.resolver.evaluate(nil)
	return err
}

// stale observes every target of the plan again and says what is not as the
// plan saw it. Nothing is changed.
func (o *opened) stale(ctx context.Context) ([]string, error) {
	differences := changedPrograms(o.bundle)
	for _, planned := range o.bundle.Plan.Observations {
		if planned.Late {
			continue
		}
		block, ok := findBlock(o.blocks, planned.Address)
		if !ok {
			return nil, fmt.Errorf("the plan's configuration has no block %s", planned.Address)
		}
		seen, err := o.observeBinding(ctx, block)
		if err != nil {
			return nil, unreadable(planned.Address, o.bundle.Plan.Environment, err)
		}
		difference, err := bindingDifference(planned, seen.Observation)
		if err != nil {
			return nil, err
		}
		if difference != "" {
			differences = append(differences, planned.Address+": "+difference)
		}
		o.keepSecrets(planned, seen)
	}
	return differences, nil
}

func (o *opened) observeBinding(ctx context.Context, b config.Block) (providers.Observed, error) {
	provider, err := o.registry.provider(providerName(b))
	if err != nil {
		return providers.Observed{}, err
	}
	settings, err := b.Settings.RevealKnown()
	if err != nil {
		return providers.Observed{}, err
	}
	req := providers.ObserveRequest{
		Environment: o.bundle.Plan.Environment, ChangeSet: o.bundle.Plan.ChangeSet,
		Address: b.Address, Settings: settings, BindingOnly: true, Blob: o.bundle.Blob,
	}
	all := o.bundle.Plan.Observations
	if i := slices.IndexFunc(all, func(seen plans.Observation) bool { return seen.Address == b.Address }); i >= 0 {
		req.Planned = &all[i]
	}
	return provider.Observe(ctx, req)
}

// keepSecrets makes sensitive outputs of unchanged configurations usable: the
// plan could not record them.
func (o *opened) keepSecrets(planned plans.Observation, seen providers.Observed) {
	if planned.Terraform != nil && len(seen.Secrets) > 0 {
		o.resolver.base[planned.Address] = outputsExport(planned.Terraform.Outputs, seen.Secrets)
		o.resolver.forget()
	}
}

func findBlock(evaluated *config.Evaluated, address string) (config.Block, bool) {
	for _, b := range append(evaluated.Databases, evaluated.Blocks...) {
		if b.Address == address {
			return b, true
		}
	}
	return config.Block{}, false
}

// bindingDifference says how what binds differs, or "".
func bindingDifference(planned, now plans.Observation) (string, error) {
	if planned.Identity != "" && planned.Identity != now.Identity {
		return fmt.Sprintf("the plan was made for %s, this is %s", planned.Identity, now.Identity), nil
	}
	before, err := json.Marshal(binding(planned))
	if err != nil {
		return "", err
	}
	after, err := json.Marshal(binding(now))
	if err != nil {
		return "", err
	}
	if string(before) == string(after) {
		return "", nil
	}
	return describeDifference(planned, now), nil
}

// binding keeps of an observation what must be equal at apply.
func binding(o plans.Observation) any {
	switch {
	case o.Database != nil:
		return *o.Database
	case o.Terraform != nil:
		t := *o.Terraform
		return []string{t.Engine, t.Version, t.Workspace, t.Lineage, t.Serial}
	case o.Artifact != nil:
		return *o.Artifact
	case o.Deployment != nil:
		return o.Deployment.Current
	case o.Backfill != nil:
		return *o.Backfill
	default:
		return nil
	}
}

func describeDifference(planned, now plans.Observation) string {
	switch {
	case planned.Database != nil && now.Database != nil && planned.Database.Pooled != now.Database.Pooled:
		return "now its url leads to a connection pooler, or no longer does"
	case planned.Database != nil && now.Database != nil:
		return fmt.Sprintf("the plan saw version %s with %d migrations, now it has version %s with %d",
			orNone(planned.Database.Version), len(planned.Database.Applied),
			orNone(now.Database.Version), len(now.Database.Applied))
	case planned.Terraform != nil && now.Terraform != nil:
		return fmt.Sprintf("the plan saw state serial %s (%s %s), now it is %s (%s %s)",
			orNone(planned.Terraform.Serial), planned.Terraform.Engine, planned.Terraform.Version,
			orNone(now.Terraform.Serial), now.Terraform.Engine, now.Terraform.Version)
	case planned.Artifact != nil && now.Artifact != nil:
		return fmt.Sprintf("the plan saw content %s, now it is %s",
			planned.Artifact.Digest.Short(), now.Artifact.Digest.Short())
	case planned.Deployment != nil && now.Deployment != nil:
		return fmt.Sprintf("the plan saw %s running, now it is %s",
			orNone(planned.Deployment.Current.Short()), orNone(now.Deployment.Current.Short()))
	case planned.Backfill != nil && now.Backfill != nil:
		return fmt.Sprintf("the plan saw its cursor behind key %s (run %s), now it is behind key %s (run %s)",
			orNone(planned.Backfill.LastKey), orNone(planned.Backfill.Run), orNone(now.Backfill.LastKey), orNone(now.Backfill.Run))
	default:
		return "it is not as the plan saw it"
	}
}

func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return "none"
	}
	return s
}
