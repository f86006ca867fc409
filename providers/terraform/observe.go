package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// observeWait bounds how long a plan waits for a run of the same module.
const observeWait = 30 * time.Second

// Observe implements providers.Provider. It plans, and writes no
// state but the empty one of a workspace that a shared backend lacks.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	s, err := decodeSettings(req.Settings)
	if err != nil {
		return providers.Observed{}, err
	}
	waiting, cancel := context.WithTimeout(ctx, observeWait)
	defer cancel()
	pl, err := p.occupy(waiting, req.Environment, s)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w; wait for it or look at \"lockstep status\"", req.Address, err)
	}
	defer pl.leave()
	if req.BindingOnly {
		return p.observeBinding(ctx, pl, req, s)
	}
	c, err := p.fromProject(s.Source)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	if req.Late {
		return p.observeLate(pl, req, s, c)
	}
	return p.observeWith(ctx, pl, req, c)
}

// observeWith prepares the place with the contents and looks.
func (p *Provider) observeWith(ctx context.Context, pl *place, req providers.ObserveRequest, c contents) (providers.Observed, error) {
	s, err := decodeSettings(req.Settings)
	if err != nil {
		return providers.Observed{}, err
	}
	m, err := p.prepare(ctx, pl, s, c)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	defer m.forgetInputs()
	seen, err := m.observe(ctx, req, c)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	return seen, nil
}

// observeLate names the sources of a module whose inputs are not known yet:
// they are what is approved, and what is planned from when the inputs are.
func (p *Provider) observeLate(pl *place, req providers.ObserveRequest, s settings, c contents) (providers.Observed, error) {
	seen, ok, err := p.bindingOfLocal(pl, req, s)
	if err != nil {
		return providers.Observed{}, err
	}
	if !ok {
		e, err := p.identify()
		if err != nil {
			return providers.Observed{}, err
		}
		seen = observed(req, "", binding(e, "", mark{}))
	}
	seen.Late, seen.Terraform.Source, seen.Terraform.Notes = true, c.sources, c.notes
	seen.Blobs = map[plans.Digest][]byte{}
	for _, in := range c.sources {
		if seen.Blobs[in.Digest], err = c.blob(in.Digest); err != nil {
			return providers.Observed{}, err
		}
	}
	return seen, nil
}

func binding(e engine, workspace string, at mark) *plans.TerraformState {
	return &plans.TerraformState{
		Engine: e.name, Version: e.version, Workspace: workspace, Lineage: at.Lineage, Serial: at.Serial,
	}
}

func observed(req providers.ObserveRequest, identity string, seen *plans.TerraformState) providers.Observed {
	return providers.Observed{Observation: plans.Observation{
		Address: req.Address, Provider: "terraform", Identity: identity, Terraform: seen,
	}}
}

func (m *module) observe(ctx context.Context, req providers.ObserveRequest, c contents) (providers.Observed, error) {
	if err := m.unsaved(); err != nil {
		return providers.Observed{}, err
	}
	raw, before, err := m.readState(ctx)
	if err != nil {
		return providers.Observed{}, err
	}
	identity, err := m.identity()
	if err != nil {
		return providers.Observed{}, err
	}
	result := observed(req, identity, binding(m.engine, m.workspace, before.mark()))
	result.Terraform.Created = m.created
	if req.BindingOnly {
		result.Secrets, err = before.secretOutputs()
		return result, err
	}
	plan, err := m.plan(ctx)
	if err != nil {
		return providers.Observed{}, err
	}
	half, err := m.divide(ctx, plan)
	if err != nil {
		return providers.Observed{}, err
	}
	if err := m.checkUnmoved(ctx, before.mark(), half.part == nil); err != nil {
		return providers.Observed{}, err
	}
	if err := m.describe(&result, plan, c); err != nil {
		return result, err
	}
	half.addTo(&result)
	if half.plan != nil {
		plan = half.plan
	}
	if !plan.Empty() {
		result.Terraform.WayBack = m.foresee(ctx, raw, plan)
	}
	return result, nil
}

// describe adds the plan, its sources and the bundle's contents.
func (m *module) describe(result *providers.Observed, plan *tfchange.Plan, c contents) error {
	changes := tfchange.Public(plan.Changes(&m.secrets.mask))
	files := map[string][]byte{}
	for _, in := range c.sources {
		b, err := c.blob(in.Digest)
		if err != nil {
			return err
		}
		files[in.Path] = b
	}
	if err := m.addInstalled(files); err != nil {
		return err
	}
	t := result.Terraform
	t.Source, result.Blobs = asInputs(files)
	t.Changes, t.Drift = changes, tfchange.Public(plan.Minded(&m.secrets.mask))
	t.Outputs, result.Secrets = plan.Outputs(&m.secrets.mask)
	t.Checks, t.Notes = plan.Checks(&m.secrets.mask), c.notes
	if plan.Empty() {
		return nil
	}
	saved, err := os.ReadFile(m.savedPlanPath())
	if err != nil {
		return fmt.Errorf("read the saved plan: %w", err)
	}
	t.Plan = plans.DigestOf(saved)
	result.Blobs[t.Plan] = saved
	return nil
}

// addInstalled adds what init chose: the lock file and modules from outside
// of the project, so that apply uses the same bytes without a network.
func (m *module) addInstalled(files map[string][]byte) error {
	b, err := os.ReadFile(filepath.Join(m.root(), lockFile))
	if err == nil {
		files[m.lockPath()] = b
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", lockFile, err)
	}
	modules := filepath.Join(m.root(), ".terraform", "modules")
	entries, err := os.ReadDir(modules)
	if errors.Is(err, fs.ErrNotExist) || len(entries) == 1 {
		return nil // the list alone: every module is a folder of the project
	}
	if err != nil {
		return fmt.Errorf("read installed modules: %w", err)
	}
	return filepath.WalkDir(modules, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		relative, err := filepath.Rel(m.place.tree(), path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		files[filepath.ToSlash(relative)] = b
		return err
	})
}

// compact takes the line breaks of Terraform's JSON out of a value.
func compact(raw json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return raw
	}
	return out.Bytes()
}
