package terraform

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lockstep-dev/lockstep/providers"
)

// observeBinding reads what binds. Of a plan's target it knows the sources
// from the plan's bundle: apply must not depend on the working tree.
func (p *Provider) observeBinding(ctx context.Context, pl *place, req providers.ObserveRequest, s settings) (providers.Observed, error) {
	var c contents
	if t := req.Planned; t != nil && t.Terraform != nil && len(t.Terraform.Source) > 0 {
		c = contents{sources: t.Terraform.Source, blob: req.Blob, planned: true}
	} else {
		if seen, ok, err := p.bindingOfLocal(pl, req, s); ok || err != nil {
			return seen, err
		}
		var err error
		if c, err = p.fromProject(s.Source); err != nil {
			return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
		}
	}
	config, err := c.configuration(s)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	if !config.local() {
		return p.observeWith(ctx, pl, req, c)
	}
	if seen, ok, err := p.bindingOfLocal(pl, req, s); ok || err != nil {
		return seen, err
	}
	return p.bindingOfNone(pl, req, s)
}

// configuration reads the contents that are configuration.
func (c contents) configuration(s settings) (configuration, error) {
	files := map[string][]byte{}
	for _, in := range c.sources {
		if !isConfiguration(in.Path) {
			continue
		}
		b, err := verified(in.Digest, c.blob)
		if err != nil {
			return configuration{}, fmt.Errorf("terraform source %s: %w", in.Path, err)
		}
		files[in.Path] = b
	}
	return readConfiguration(s.folder(), files)
}

// bindingOfLocal reads what binds without a look at the working tree when
// Lockstep keeps the state: apply must not depend on the tree.
func (p *Provider) bindingOfLocal(pl *place, req providers.ObserveRequest, s settings) (providers.Observed, bool, error) {
	workspace := workspaceOf(s, configuration{}, req.Environment)
	b, err := os.ReadFile(pl.localState(workspace))
	if errors.Is(err, fs.ErrNotExist) {
		return providers.Observed{}, false, nil
	}
	if err != nil {
		return providers.Observed{}, false, fmt.Errorf("read terraform state: %w", err)
	}
	(&secrets{tell: p.options.Hide}).addState(b)
	state, err := readState(b)
	if err != nil {
		return providers.Observed{}, false, fmt.Errorf("%s: %w", req.Address, err)
	}
	e, err := p.identify()
	if err != nil {
		return providers.Observed{}, false, err
	}
	result := observed(req, p.localIdentity(pl, workspace), binding(e, workspace, state.mark()))
	result.Secrets, err = state.secretOutputs()
	return result, true, err
}

// bindingOfNone is what binds before there is any state that Lockstep keeps.
func (p *Provider) bindingOfNone(pl *place, req providers.ObserveRequest, s settings) (providers.Observed, error) {
	m := &module{provider: p, place: pl, folder: s.folder()}
	if err := m.rescue(); err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	if err := m.unsaved(); err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	e, err := p.identify()
	if err != nil {
		return providers.Observed{}, err
	}
	workspace := workspaceOf(s, configuration{}, req.Environment)
	return observed(req, p.localIdentity(pl, workspace), binding(e, workspace, mark{})), nil
}

// checkUnmoved refuses a plan of a state that somebody else has changed since
// it was read. The one plan that was made says which state it is for; where
// there are more, or it cannot be read, the state is read again.
func (m *module) checkUnmoved(ctx context.Context, before mark, one bool) error {
	if one && !m.config.local() && before != (mark{}) && markIn(m.savedPlanPath()) == before {
		return nil
	}
	_, after, err := m.readState(ctx)
	if err != nil {
		return err
	}
	if before != after.mark() {
		return fmt.Errorf("%w: the state changed while it was planned: somebody else is applying; plan again when they are done", providers.ErrBlocked)
	}
	return nil
}

// markIn is where the state stood that a saved plan was made from: what
// Terraform itself compares when it applies the plan. It is that of no state
// where the file cannot be read, as one that OpenTofu has encrypted.
func markIn(savedPlan string) mark {
	archive, err := zip.OpenReader(savedPlan)
	if err != nil {
		return mark{}
	}
	defer archive.Close()
	file, err := archive.Open("tfstate")
	if err != nil {
		return mark{}
	}
	defer file.Close()
	var s stateFile
	if json.NewDecoder(file).Decode(&s) != nil {
		return mark{}
	}
	return s.mark()
}
