package terraform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// untold is a reason for which a way back cannot be told although there may be
// one.
type untold struct{ error }

func (u untold) Unwrap() error { return u.error }

// departure is where a way back begins, and where the state stood before.
type departure struct {
	state    []byte // to go back from
	before   mark
	was      *stateFile
	approved []plans.ResourceChange
	limits   []string // options of the plan
	// found are addresses of objects that were there before the step although
	// no state knew them: the step may let go of them, and not destroy them.
	found []string
}

// errUnknownBefore: there is nothing to go back to.
var errUnknownBefore = errors.New("the state held resources before, and the configuration that made them was not applied by Lockstep")

// wayBackFrom plans the way back in a folder of its own, on a copy of the
// state: it changes nothing, takes nobody's lock and asks no object how it is.
// An error says why there is no way back, or why none can be told.
func (m *module) wayBackFrom(ctx context.Context, d departure) (plans.TerraformWayBack, error) {
	var w plans.TerraformWayBack
	if d.was == nil {
		return w, fmt.Errorf("there is no copy of the state as it was at serial %s", d.before.Serial)
	}
	state, err := tfchange.Without(d.state, d.found)
	if err != nil {
		return w, err
	}
	previous, c, err := m.releaseAt(d.before)
	if err != nil {
		return w, err
	}
	switch {
	case previous != nil:
		w.Release = previous.At.Serial
		var changes []planned
		if changes, err = m.backTo(ctx, state, destination{previous, c, d.limits}); err == nil {
			err = harmless(d.was, d.approved, changes)
		}
		w.Changes = tfchange.Public(changes)
	case len(d.was.managed()) > 0:
		err = errUnknownBefore
	default:
		w.Changes, err = m.everythingIn(state)
	}
	if err != nil {
		return plans.TerraformWayBack{}, err
	}
	w.Changes = append(w.Changes, forgotten(d)...)
	return w, nil
}

// forgotten is what becomes of the objects that were there before.
func forgotten(d departure) []plans.ResourceChange {
	now, err := readState(d.state)
	if err != nil {
		return nil
	}
	there := now.managed()
	var changes []plans.ResourceChange
	for _, address := range d.found {
		if i, ok := there[address]; ok {
			changes = append(changes, plans.ResourceChange{Address: address, Type: i.kind, Actions: []string{"forget"}})
		}
	}
	return changes
}

// everythingIn destroys all that a state holds: before the step nothing was
// there.
func (m *module) everythingIn(state []byte) ([]plans.ResourceChange, error) {
	now, err := readState(state)
	if err != nil {
		return nil, err
	}
	guarded, err := m.guarded()
	if err != nil {
		return nil, err
	}
	there := now.managed()
	var changes []plans.ResourceChange
	for _, address := range slices.Sorted(maps.Keys(there)) {
		i := there[address]
		if guarded[i.block] {
			return nil, fmt.Errorf("%s has prevent_destroy in its configuration: Terraform refuses to destroy it", address)
		}
		changes = append(changes, plans.ResourceChange{
			Address: address, Type: i.kind, Actions: []string{"delete"}, Stateful: tfchange.Stateful(i.kind, i.Attributes),
		})
	}
	return changes, nil
}

// destination is what a way back leads to.
type destination struct {
	*release
	files  contents
	limits []string // options of the plan
}

// backTo plans an earlier configuration against a copy of the state.
func (m *module) backTo(ctx context.Context, state []byte, to destination) ([]planned, error) {
	folder := filepath.Join(m.place.work, "back")
	pl := &place{
		environment: m.place.environment, lock: m.place.lock, detached: true,
		module: filepath.Join(folder, "state"), state: filepath.Join(folder, "state"), work: filepath.Join(folder, "work"),
	}
	// What an init left stays for the next time; states hold secrets.
	defer os.RemoveAll(pl.state)
	if err := m.copyInto(pl, state); err != nil {
		return nil, fmt.Errorf("folder for the way back: %w", err)
	}
	s := m.settings
	s.Source, s.Inputs, s.Workspace, s.BackendConfig = to.Source, to.Inputs, &m.workspace, nil
	back, err := m.provider.prepare(ctx, pl, s, to.files)
	if err != nil {
		_ = os.RemoveAll(folder)
		return nil, untold{fmt.Errorf("the configuration of serial %s%s: %w", to.At.Serial, to.otherThan(m.engine), err)}
	}
	defer back.forgetSources()
	back.secrets.addTexts(m.secrets.values)
	plan, err := back.plan(ctx, append([]string{"-refresh=false"}, to.limits...)...)
	if err != nil {
		return nil, untold{fmt.Errorf("the configuration of serial %s%s: %w", to.At.Serial, to.otherThan(m.engine), err)}
	}
	return plan.Changes(&back.secrets.mask), nil
}

// forgetSources removes what is kept sealed elsewhere, and leaves what an init
// made of it.
func (m *module) forgetSources() {
	m.forgetInputs()
	for _, in := range m.sources {
		_ = os.Remove(filepath.Join(m.place.tree(), filepath.FromSlash(in.Path)))
	}
}

// copyInto gives a place the state and the provider programs that are
// installed here: the lock file's hashes check them.
func (m *module) copyInto(pl *place, state []byte) error {
	path := pl.localState(m.workspace)
	for _, old := range []string{pl.state, filepath.Join(pl.work, keptProviders)} {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	for _, dir := range []string{filepath.Dir(path), pl.work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, state, 0o600); err != nil {
		return err
	}
	installed := filepath.Join(m.root(), ".terraform", "providers")
	// host, namespace, type, version and platform
	// (https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories).
	programs, err := filepath.Glob(filepath.Join(installed, "*", "*", "*", "*", "*"))
	if err != nil {
		return err
	}
	for _, program := range programs {
		relative, err := filepath.Rel(installed, program)
		if err != nil {
			return err
		}
		link := filepath.Join(pl.work, keptProviders, relative)
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			return err
		}
		if err := os.Symlink(program, link); err != nil {
			return err
		}
	}
	return nil
}

// foresee tells the way back of a plan from the state as the plan would leave
// it. What cannot be planned is said to be none, with the reason.
func (m *module) foresee(ctx context.Context, now []byte, plan *tfchange.Plan) *plans.TerraformWayBack {
	w, err := m.foreseen(ctx, now, plan)
	return m.told(w, err, plans.WayBackPredicted)
}

func (m *module) foreseen(ctx context.Context, now []byte, plan *tfchange.Plan) (plans.TerraformWayBack, error) {
	changes := tfchange.Public(plan.Changes(&m.secrets.mask))
	for _, c := range changes {
		switch {
		case c.Destroys():
			return plans.TerraformWayBack{}, fmt.Errorf("%s ends: the configuration from before makes a new one, not the one that was there", c.Object())
		case c.Kind() == plans.ChangeForget, c.Kind() == plans.ChangeUnclear:
			return plans.TerraformWayBack{}, fmt.Errorf("%s is given up (%s), and the configuration from before would make a second one", c.Object(), c.Kind())
		case c.Importing:
			return plans.TerraformWayBack{}, fmt.Errorf("%s was there before Terraform took it over: the configuration from before would destroy it", c.Object())
		}
	}
	was, err := readState(now)
	if err != nil {
		return plans.TerraformWayBack{}, err
	}
	then, err := plan.Foretell(now)
	if err != nil {
		return plans.TerraformWayBack{}, untold{fmt.Errorf("what the plan leaves cannot be told: %w", err)}
	}
	w, err := m.wayBackFrom(ctx, departure{state: then, before: was.mark(), was: was, approved: changes})
	return w, inPlainWords(err)
}

// inPlainWords says what it means that Terraform cannot read the foretold
// state: the form of a value of dynamic type follows from no plan
// (https://github.com/zclconf/go-cty/blob/main/cty/json/unmarshal.go).
func inPlainWords(err error) error {
	if err == nil || !strings.Contains(err.Error(), "missing expected {") && !strings.Contains(err.Error(), "dynamically-typed value") {
		return err
	}
	return untold{errors.New("the plan sets an attribute of dynamic type, and how Terraform will store it is known only once it is there")}
}

// told labels a way back. A reason becomes a part of the plan, which must be
// the same each time.
func (m *module) told(w plans.TerraformWayBack, err error, source string) *plans.TerraformWayBack {
	w.Source = source
	if err != nil {
		return &plans.TerraformWayBack{
			Source: plans.WayBackNone, Why: clipped(m.secrets.scrub(reasonOf(err))), Untold: errors.As(err, new(untold)),
		}
	}
	return w.Judged()
}

// reasonOf leaves out that there is no way back: it is a reason for that.
func reasonOf(err error) string {
	return strings.TrimPrefix(err.Error(), providers.ErrIrreversible.Error()+": ")
}

const maxReason = 500

func clipped(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return text[:maxReason] + " ..."
}

// measureUntold measures what the plan could not foresee. The rest is planned
// again when somebody asks for it, and costs an apply nothing.
func (m *module) measureUntold(ctx context.Context, req providers.Request) *plans.TerraformWayBack {
	if w := req.Step.Rollback.Terraform; w == nil || !w.Untold {
		return nil
	}
	return m.measure(ctx, req)
}

// measure tells the way back of a step from the state as it is now.
func (m *module) measure(ctx context.Context, req providers.Request) *plans.TerraformWayBack {
	w, err := m.measured(ctx, req)
	return m.told(w, err, plans.WayBackMeasured)
}

func (m *module) measured(ctx context.Context, req providers.Request) (plans.TerraformWayBack, error) {
	r, err := m.receiptOf(req)
	if err != nil {
		return plans.TerraformWayBack{}, err
	}
	raw, now, err := m.readState(ctx)
	if err != nil {
		return plans.TerraformWayBack{}, err
	}
	back, err := m.isBack(ctx, req, r, now)
	if back || err != nil {
		return plans.TerraformWayBack{}, err
	}
	before, _ := origin(req, r)
	was, err := m.stateAt(before)
	if err != nil {
		return plans.TerraformWayBack{}, err
	}
	return m.wayBackFrom(ctx, departure{state: raw, before: before, was: was, approved: approvedChanges(req), limits: limitsBack(req), found: foundBefore(req)})
}

// approvedChanges are those of the plan; those of a late step are not known.
func approvedChanges(req providers.Request) []plans.ResourceChange {
	if req.Observed.Terraform == nil {
		return nil
	}
	return req.Observed.Terraform.Changes
}

// foundBefore are the objects of which somebody said, when the step imported
// them, that they were there before it.
func foundBefore(req providers.Request) []string {
	var found []string
	for _, h := range handles(req.Recorded) {
		found = append(found, h.Found...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var _ providers.WayBacker = (*Provider)(nil)

// WayBack implements providers.WayBacker.
func (p *Provider) WayBack(ctx context.Context, req providers.Request) (plans.TerraformWayBack, error) {
	m, err := p.open(ctx, req)
	if err != nil {
		return plans.TerraformWayBack{}, fmt.Errorf("%s: %w", req.Step.Address, cmp.Or(blockedIfBusy(err), err))
	}
	defer m.close()
	return *m.measure(ctx, req), nil
}

func blockedIfBusy(err error) error {
	if errors.Is(err, errBusy) {
		return fmt.Errorf("%w: %w", providers.ErrBlocked, err)
	}
	return nil
}
