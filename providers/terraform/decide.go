package terraform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/providers"
)

// Decide implements providers.Decider. Objects that are not there are noted
// as such, and a later apply makes them; those that are there are imported by
// a plan of Terraform's own, which may do nothing else that was not approved.
func (p *Provider) Decide(ctx context.Context, req providers.Request, d providers.Decision) (providers.Decided, error) {
	m, err := p.open(ctx, req)
	if errors.Is(err, errBusy) {
		return providers.Decided{}, fmt.Errorf("%s: %w: %w", req.Step.Address, providers.ErrBlocked, err)
	}
	if err != nil {
		return providers.Decided{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	defer m.close()
	decided, err := m.decide(ctx, req, d)
	if err != nil {
		return decided, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	return decided, nil
}

func (m *module) decide(ctx context.Context, req providers.Request, d providers.Decision) (providers.Decided, error) {
	r, err := m.receiptOf(req)
	if err != nil {
		return providers.Decided{}, err
	}
	raw, now, err := m.readState(ctx)
	if err != nil {
		return providers.Decided{}, err
	}
	lost, err := m.lost(req, r, now)
	if err != nil {
		return providers.Decided{}, err
	}
	if len(lost) == 0 {
		return providers.Decided{}, errors.New("the state knows every object that the step began to create; there is nothing to decide")
	}
	settled, err := settle(lost, d)
	if err != nil {
		return providers.Decided{}, err
	}
	imports := slices.DeleteFunc(slices.Clone(settled), func(l providers.Lost) bool { return l.ID == "" })
	if len(imports) == 0 {
		return providers.Decided{Settled: settled}, m.noteAbsent(req, r, d, settled)
	}
	if raw, now, err = m.forgetReplaced(ctx, raw, now, imports); err != nil {
		return providers.Decided{}, err
	}
	if err := m.planImports(ctx, req, now, imports, func(fresh *tfchange.Plan) error {
		return d.Agree(settled, tfchange.Public(fresh.Changes(&m.secrets.mask)))
	}); err != nil {
		return providers.Decided{}, err
	}
	if err := d.Begin(settled); err != nil {
		return providers.Decided{}, err
	}
	before, _ := origin(req, r)
	a, err := m.carryOut(ctx, req, effect{
		kind: kindApply, before: now.mark(), origin: before, state: raw, unsettled: unsettledBy(req, r), found: foundAmong(imports),
	})
	if err != nil {
		return providers.Decided{Settled: settled}, err
	}
	result, err := m.settled(ctx, req)
	if err != nil {
		return providers.Decided{Settled: settled}, err
	}
	result.Changed, result.Summary, result.Figures = true, a.summary, a.figures
	return providers.Decided{Settled: settled, Done: true, Result: result}, nil
}

// settle applies a decision to the lost objects: those that exist have an id
// afterwards, those that do not have none.
func settle(lost []providers.Lost, d providers.Decision) ([]providers.Lost, error) {
	known := func(address string) bool {
		return slices.ContainsFunc(lost, func(l providers.Lost) bool { return l.Address == address })
	}
	for address := range d.Imports {
		if !known(address) {
			return nil, notLost(address, lost)
		}
	}
	for _, address := range d.Absent {
		if !known(address) {
			return nil, notLost(address, lost)
		}
	}
	for _, address := range d.Found {
		if !known(address) {
			return nil, notLost(address, lost)
		}
	}
	settled := slices.Clone(lost)
	for i, l := range settled {
		id, given := d.Imports[l.Address]
		gone := d.AllAbsent || slices.Contains(d.Absent, l.Address)
		settled[i].Found = slices.Contains(d.Found, l.Address)
		switch {
		case gone && settled[i].Found:
			return nil, fmt.Errorf("%s is said to be absent and to have been there before; give one of them", l.Address)
		case gone && given:
			return nil, fmt.Errorf("%s is said to be absent and to be imported; give one of them", l.Address)
		case gone:
			settled[i].IDKey, settled[i].ID = "", ""
		case given && id != "":
			settled[i].IDKey, settled[i].ID = "id", id
		case given || l.ID == "" || l.IDKey != "id":
			return nil, fmt.Errorf("the id of %s is not known; give it: --import '%s=ID', or --absent '%s' if it does not exist", l.Address, l.Address, l.Address)
		}
	}
	return settled, nil
}

// foundAmong are the addresses of imported objects that were there before.
func foundAmong(imports []providers.Lost) []string {
	var found []string
	for _, l := range imports {
		if l.Found {
			found = append(found, l.Address)
		}
	}
	return found
}

func notLost(address string, lost []providers.Lost) error {
	var names []string
	for _, l := range lost {
		names = append(names, l.Address)
	}
	return fmt.Errorf("%s is not among the objects to decide about: %s", address, strings.Join(names, ", "))
}

// noteAbsent makes the latest attempt's objects count as not there.
func (m *module) noteAbsent(req providers.Request, r *receipt, d providers.Decision, settled []providers.Lost) error {
	if err := d.Begin(settled); err != nil {
		return err
	}
	before, _ := origin(req, r)
	noted := receipt{Bundle: req.Plan, Step: req.Step.Address, Before: before, Attempt: lastAttempt(req, r)}
	if r != nil {
		noted = *r
	}
	noted.Decided, noted.Unsettled = noted.Attempt, nil
	return m.writeReceipt(noted)
}

// unsettledBy are the attempts whose lost objects an import is to settle: as
// long as it has not, they are still looked for.
func unsettledBy(req providers.Request, r *receipt) []string {
	var attempts []string
	if r != nil {
		attempts = slices.Clone(r.Unsettled)
	}
	return append(attempts, lastAttempt(req, r))
}
