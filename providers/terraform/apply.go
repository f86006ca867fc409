package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Apply implements providers.Provider. It carries out the saved plan of the
// bundle, or, where Terraform cannot use that any more, a fresh one that is
// proven to be covered by it.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	m, err := p.open(ctx, req)
	if errors.Is(err, errBusy) {
		return providers.Result{}, fmt.Errorf("%s: %w: %w", req.Step.Address, providers.ErrBlocked, err)
	}
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	defer m.close()
	result, err := m.apply(ctx, req)
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	return result, nil
}

// open occupies the step's place and prepares it from the bundle alone.
func (p *Provider) open(ctx context.Context, req providers.Request) (*module, error) {
	s, err := decodeSettings(req.Settings)
	if err != nil {
		return nil, err
	}
	pl, err := p.occupy(ctx, req.Environment, s)
	if err != nil {
		return nil, err
	}
	m, err := p.openOccupied(ctx, pl, s, req)
	if err != nil {
		pl.leave()
		return nil, err
	}
	return m, nil
}

func (p *Provider) openOccupied(ctx context.Context, pl *place, s settings, req providers.Request) (*module, error) {
	c := contents{sources: sourcesOf(req), blob: req.Blob, shown: req.Step.Settings, planned: !req.Step.Late}
	if len(c.sources) == 0 {
		return nil, errors.New("the plan names no Terraform sources; make a new plan")
	}
	if req.Observed.Terraform == nil && !req.Step.Late {
		return nil, errors.New("the plan holds no observation of the Terraform state; make a new plan")
	}
	if t := req.Observed.Terraform; req.Step.Part != "" && (t == nil || t.Plan == "" || t.Part == nil) {
		return nil, errors.New("the plan does not hold the two plans of a Terraform plan in two parts; make a new plan")
	}
	m, err := p.prepare(ctx, pl, s, c)
	if err != nil {
		return nil, err
	}
	if t := req.Observed.Terraform; t != nil && (t.Engine != m.engine.name || t.Version != m.engine.version) {
		return nil, fmt.Errorf("%w: it was made by %s %s and this is %s %s; use the same or plan again",
			ErrStale, t.Engine, t.Version, m.engine.name, m.engine.version)
	}
	if err := m.pushRescued(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *module) close() {
	_ = m.rest() // what is left in clear is sealed when the folder is prepared again, or that fails
	m.forgetInputs()
	m.place.leave()
}

// sourcesOf returns the step's sources, or those of its observation.
func sourcesOf(req providers.Request) []plans.Input {
	var found []plans.Input
	for _, in := range req.Step.Inputs {
		if in.Role == RoleSource {
			found = append(found, in)
		}
	}
	if len(found) == 0 && req.Observed.Terraform != nil {
		return req.Observed.Terraform.Source
	}
	return found
}

func (m *module) apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	r, err := m.receiptOf(req)
	if err != nil {
		return providers.Result{}, err
	}
	raw, now, err := m.readState(ctx)
	if err != nil {
		return providers.Result{}, err
	}
	before, started := origin(req, r)
	wanted, err := m.choose(ctx, req, now)
	if err != nil {
		return providers.Result{}, err
	}
	if !wanted {
		return m.settled(ctx, req)
	}
	if !started || r != nil && r.RolledBack != nil {
		before = now.mark()
	}
	a, err := m.carryOut(ctx, req, effect{kind: kindApply, before: now.mark(), origin: before, state: raw})
	if err != nil {
		return providers.Result{}, m.scrubbed(ctx, err)
	}
	result, err := m.settled(ctx, req)
	if err != nil {
		return providers.Result{}, err
	}
	failpoint.Here("terraform: after outputs")
	result.Changed, result.Summary, result.Figures = true, a.summary, a.figures
	result.WayBack = m.measureUntold(ctx, req)
	return result, nil
}

// settled describes a step that is done and keeps what a later step needs to
// come back to it. A configuration of which a part is carried out is nothing
// to come back to.
func (m *module) settled(ctx context.Context, req providers.Request) (providers.Result, error) {
	raw, now, err := m.readState(ctx)
	if err != nil {
		return providers.Result{}, err
	}
	shown, hidden, err := m.outputs(ctx, raw)
	if err != nil {
		return providers.Result{}, err
	}
	if req.Step.Part == plans.PartAdds {
		shown, hidden, err = m.outputsInPart(ctx, req, shown, hidden)
		return providers.Result{Summary: "no changes", Outputs: shown, Secrets: hidden}, err
	}
	if err := m.keepReleaseAt(now); err != nil {
		return providers.Result{}, err
	}
	return providers.Result{Summary: "no changes", Outputs: shown, Secrets: hidden}, nil
}

// choose puts the plan to carry out at savedPlanPath and reports whether
// there is anything to do. It refuses whatever was not approved.
func (m *module) choose(ctx context.Context, req providers.Request, now *stateFile) (bool, error) {
	t := req.Observed.Terraform
	if !rebound(req.Step) && t != nil && now.mark() == (mark{Lineage: t.Lineage, Serial: t.Serial}) && t.Plan != "" {
		return true, m.useUnmoved(ctx, req, now)
	}
	fresh, err := m.plan(ctx, limits(req)...)
	if err != nil {
		return false, err
	}
	if fresh.Empty() {
		return false, nil
	}
	if req.Step.Late {
		left, err := m.left(req, now, fresh)
		if err != nil {
			return false, err
		}
		return true, inEnvelope(req.Step.Envelope, tfchange.Public(left))
	}
	if req.Step.Part == plans.PartTakes {
		return true, m.restCovered(ctx, req, now, fresh)
	}
	return true, m.covered(ctx, req, now, fresh)
}

func (m *module) useApproved(req providers.Request) error {
	b, err := verified(carriedOut(req), req.Blob)
	if err != nil {
		return fmt.Errorf("the saved terraform plan: %w", err)
	}
	if err := os.WriteFile(m.savedPlanPath(), b, 0o600); err != nil {
		return fmt.Errorf("restore the saved plan: %w", err)
	}
	return nil
}

// covered refuses a fresh plan that the approved one does not cover. Only
// where this very step moved the state may a fresh plan be used at all.
func (m *module) covered(ctx context.Context, req providers.Request, now *stateFile, fresh *tfchange.Plan) error {
	stale := func(why string) error {
		return fmt.Errorf("%w: the state has moved on from serial %s since it was planned (%s); plan again", ErrStale, orNone(req.Observed.Terraform.Serial), why)
	}
	r, err := m.receiptOf(req)
	if err != nil {
		return err
	}
	if r == nil && len(handles(req.Recorded)) == 0 {
		return stale("by somebody else")
	}
	approved, err := m.approved(ctx, req)
	if err != nil {
		return err
	}
	back, err := m.isBack(ctx, req, r, now)
	if err != nil {
		return err
	}
	if back {
		if why := tfchange.Equal(approved, fresh.Changes(&m.secrets.mask), &m.secrets.mask); why != "" {
			return stale(why)
		}
		return nil
	}
	left, err := m.left(req, now, fresh)
	if err != nil {
		return err
	}
	if why := tfchange.Within(approved, left, &m.secrets.mask); why != "" {
		return fmt.Errorf("%w: %s; a new plan needs a new approval", providers.ErrOutsideEnvelope, why)
	}
	return nil
}

// left returns what a fresh plan would still do for the step.
func (m *module) left(req providers.Request, now *stateFile, fresh *tfchange.Plan) ([]planned, error) {
	r, err := m.receiptOf(req)
	if err != nil {
		return nil, err
	}
	changes := fresh.Changes(&m.secrets.mask)
	before, started := origin(req, r)
	if !started {
		return changes, nil
	}
	was, err := m.stateAt(before)
	if err != nil {
		return nil, err
	}
	return unfinished(changes, was, now), nil
}

func orNone(serial string) string {
	if serial == "" {
		return "none"
	}
	return serial
}

// approved are the changes that the step was approved to carry out.
func (m *module) approved(ctx context.Context, req providers.Request) ([]planned, error) {
	if req.Observed.Terraform == nil || req.Observed.Terraform.Plan == "" {
		return nil, nil
	}
	p, err := m.ofBundle(ctx, req, carriedOut(req))
	switch {
	case err != nil:
		return nil, err
	case req.Step.Part == plans.PartTakes:
		return p.Taking(&m.secrets.mask), nil
	}
	return p.Changes(&m.secrets.mask), nil
}

// ofBundle decodes a saved plan of the bundle. It must not be at
// savedPlanPath, where a fresh one lies.
func (m *module) ofBundle(ctx context.Context, req providers.Request, d plans.Digest) (*tfchange.Plan, error) {
	b, err := verified(d, req.Blob)
	if err != nil {
		return nil, fmt.Errorf("the saved terraform plan: %w", err)
	}
	path := m.savedPlanPath() + ".approved"
	defer os.Remove(path)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return nil, fmt.Errorf("restore the saved plan: %w", err)
	}
	if part := req.Observed.Terraform.Part; part != nil && part.Plan == d {
		return m.showAs(ctx, path, (*tfchange.Plan).UsableInPart)
	}
	return m.show(ctx, path)
}

// inEnvelope refuses changes that the envelope does not allow. What takes
// something away needs to be named in it.
func inEnvelope(e *plans.Envelope, changes []plans.ResourceChange) error {
	for _, c := range changes {
		if c.Importing {
			return fmt.Errorf("%w: %s would be imported, which nobody has looked at", providers.ErrOutsideEnvelope, c.Address)
		}
		if c.Takes() && (e == nil || e.NonDestructive || len(e.Actions) == 0) {
			return fmt.Errorf("%w: %s would %v, and nothing may be taken away", providers.ErrOutsideEnvelope, c.Address, c.Actions)
		}
	}
	if e == nil {
		return nil
	}
	if why := outside(e.Actions, changes); why != "" {
		return fmt.Errorf("%w: %s", providers.ErrOutsideEnvelope, why)
	}
	return nil
}
