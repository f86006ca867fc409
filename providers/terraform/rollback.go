package terraform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Rollback implements providers.Provider. It plans back to the configuration
// that was applied before, or to nothing when there was none, and refuses when
// that would touch what the step did not make.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	m, err := p.open(ctx, req)
	if errors.Is(err, errBusy) {
		return providers.Result{}, fmt.Errorf("%s: %w: %w", req.Step.Address, providers.ErrBlocked, err)
	}
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	defer m.close()
	result, err := m.rollBack(ctx, req)
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	return result, nil
}

func (m *module) rollBack(ctx context.Context, req providers.Request) (providers.Result, error) {
	r, err := m.receiptOf(req)
	if err != nil {
		return providers.Result{}, err
	}
	raw, now, err := m.readState(ctx)
	if err != nil {
		return providers.Result{}, err
	}
	back, err := m.isBack(ctx, req, r, now)
	if err != nil {
		return providers.Result{}, err
	}
	if back {
		return providers.Result{Summary: "nothing to roll back"}, nil
	}
	before, _ := origin(req, r)
	found := foundBefore(req)
	if raw, now, err = m.letGo(ctx, raw, now, found); err != nil {
		return providers.Result{}, err
	}
	target, fresh, err := m.wayBack(ctx, req, before)
	if err != nil {
		return providers.Result{}, err
	}
	result := providers.Result{Summary: "nothing to roll back"}
	if !fresh.Empty() {
		a, err := target.carryOut(ctx, req, effect{kind: kindRollback, before: now.mark(), origin: before, state: raw})
		if err != nil {
			return providers.Result{}, target.scrubbed(ctx, err)
		}
		result = providers.Result{Summary: a.summary, Changed: true, Figures: a.figures}
	}
	if len(found) > 0 {
		result.Changed = true
		result.Summary += "; " + strings.Join(found, ", ") + " was there before and is no longer looked after"
	}
	return result, target.closeRollback(ctx, req, before, target != m && req.Step.Part != plans.PartTakes)
}

// wayBack prepares the plan that leads back to a mark and proves that it
// touches nothing else than what the step made. What the second of two parts
// changed goes back by itself, while what the first one added stays.
func (m *module) wayBack(ctx context.Context, req providers.Request, before mark) (*module, *tfchange.Plan, error) {
	was, err := m.stateAt(before)
	if err != nil {
		return nil, nil, err
	}
	if was == nil {
		return nil, nil, fmt.Errorf("%w: there is no copy of the state as it was at serial %s", providers.ErrIrreversible, before.Serial)
	}
	target, options := m, []string(nil)
	previous, c, err := m.releaseAt(before)
	switch {
	case err != nil:
		return nil, nil, err
	case previous != nil:
		s := m.settings
		s.Source, s.Inputs = previous.Source, previous.Inputs
		if target, err = m.provider.prepare(ctx, m.place, s, c); err != nil {
			return nil, nil, err
		}
		options = limitsBack(req)
	case len(was.managed()) > 0:
		return nil, nil, fmt.Errorf("%w: %w", providers.ErrIrreversible, errUnknownBefore)
	default:
		options = []string{"-destroy"}
	}
	target.secrets.addTexts(m.secrets.values)
	fresh, err := target.plan(ctx, options...)
	if err != nil {
		return nil, nil, err
	}
	return target, fresh, harmless(was, approvedChanges(req), fresh.Changes(&target.secrets.mask))
}

// harmless refuses a way back that would take away, or make anew, an object
// that was there before the step: a new object is not the old one. An object
// that the step imported was there, although the state did not know it.
func harmless(was *stateFile, approved []plans.ResourceChange, back []planned) error {
	there := was.managed()
	for _, c := range back {
		_, existed := there[c.Address]
		if existed && (c.Takes() || c.Kind() == plans.ChangeCreate) {
			return fmt.Errorf("%w: rolling back would %s %s, which was there before the step", providers.ErrIrreversible, strings.Join(c.Actions, " and "), c.Address)
		}
		if c.Takes() && imported(approved, c.Address) {
			return fmt.Errorf("%w: rolling back would %s %s, which the step imported: it was there before; take it out of Terraform's care with a removed block instead",
				providers.ErrIrreversible, strings.Join(c.Actions, " and "), c.Address)
		}
		if c.Kind() == plans.ChangeUnclear {
			return fmt.Errorf("%w: rolling back would %s %s, which this version does not understand", providers.ErrIrreversible, strings.Join(c.Actions, " and "), c.Address)
		}
	}
	return nil
}

func imported(approved []plans.ResourceChange, address string) bool {
	return slices.ContainsFunc(approved, func(a plans.ResourceChange) bool { return a.Importing && a.Address == address })
}

// closeRollback notes where the rollback left the state. again says that an
// earlier configuration is in force again.
func (m *module) closeRollback(ctx context.Context, req providers.Request, before mark, again bool) error {
	if err := m.forgetReleasesAfter(before); err != nil {
		return err
	}
	failpoint.Here("terraform: rolled back, releases forgotten")
	_, now, err := m.readState(ctx)
	if err != nil {
		return err
	}
	at := now.mark()
	r := receipt{Bundle: req.Plan, Step: req.Step.Address, Before: before, RolledBack: &at}
	last, err := m.receiptOf(req)
	if err != nil {
		return err
	}
	if last != nil {
		r.Attempt, r.Decided = last.Attempt, last.Decided
	}
	if again {
		if err := m.keepRelease(ctx); err != nil {
			return err
		}
	}
	failpoint.Here("terraform: rolled back, before receipt")
	return m.writeReceipt(r)
}
