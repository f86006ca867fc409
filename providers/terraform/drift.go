package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// refreshed compares the state with the objects themselves, and changes
// neither: its plan goes to a file that nobody applies. A plan that refreshes
// alone also reads what is read by way of an object that is still to be made,
// and fails; a whole plan knows to wait for that.
func (m *module) refreshed(ctx context.Context) ([]planned, error) {
	drift, err := m.refreshedBy(ctx, "-refresh-only")
	if err != nil && !errors.Is(err, providers.ErrBlocked) && ctx.Err() == nil {
		return m.refreshedBy(ctx)
	}
	return drift, err
}

func (m *module) refreshedBy(ctx context.Context, options ...string) ([]planned, error) {
	path := m.savedPlanPath() + ".refreshed"
	defer os.Remove(path)
	const differs = 2
	out, err := m.program.run(ctx, append([]string{
		"plan", "-json", "-input=false", "-detailed-exitcode", m.lockWait(), "-out=" + path, "-var-file=" + m.inputsPath(),
	}, options...)...)
	if err == nil {
		return nil, nil
	}
	said := accountOf(out)
	if !exitedWith(err, differs) {
		return nil, m.scrubbed(ctx, m.lockHeld(ctx, m.retold(err, said)))
	}
	p, err := m.show(ctx, path)
	if err != nil {
		return nil, err
	}
	return p.Minded(&m.secrets.mask), nil
}

// retold is an error with the text of the events, where there are any.
func (m *module) retold(err error, said *account) error {
	var e *exitError
	if errors.As(err, &e) && len(said.errors) > 0 {
		e.text = m.secrets.scrub(said.failure())
	}
	return err
}

// useUnmoved makes the approved plan ready and refuses it where somebody has
// changed one of its objects since: Terraform compares states alone and would
// change the object back unseen.
func (m *module) useUnmoved(ctx context.Context, req providers.Request, now *stateFile) error {
	if err := m.useApproved(req); err != nil || len(now.Resources) == 0 {
		return err // where the state has nothing, nothing can have changed
	}
	drift, err := m.refreshed(ctx)
	if err != nil {
		return err
	}
	known, err := m.knownDrift(ctx, req)
	if err != nil {
		return err
	}
	return m.refuseMoved(req, difference(known, drift, m.secrets))
}

// refuseMoved names objects and attributes, never values. Where the step has
// begun before, what differs may be its own doing, and is a note as well.
func (m *module) refuseMoved(req providers.Request, differs []plans.ResourceChange) error {
	r, err := m.receiptOf(req)
	if err != nil {
		return err
	}
	begun := r != nil || len(handles(req.Recorded)) > 0
	touched := touchedBy(req.Observed.Terraform.Changes)
	var moved, elsewhere []string
	for _, c := range differs {
		if touched[c.Address] && !begun {
			moved = append(moved, drifted(c))
		} else {
			elsewhere = append(elsewhere, drifted(c))
		}
	}
	if len(elsewhere) > 0 && req.Progress != nil {
		req.Progress("changed outside of Terraform since the plan: " + strings.Join(elsewhere, "; "))
	}
	return movedSince(moved)
}

func movedSince(moved []string) error {
	if len(moved) == 0 {
		return nil
	}
	return fmt.Errorf("%w: changed outside of Terraform since the plan was made: %s; look at it, then plan again: the new plan shows what it would undo",
		providers.ErrForeign, strings.Join(moved, "; "))
}

// knownDrift is what the approved plan already found, read again from its
// saved plan, so that both sides of a comparison hide the same secrets.
func (m *module) knownDrift(ctx context.Context, req providers.Request) ([]planned, error) {
	if len(req.Observed.Terraform.Drift) == 0 {
		return nil, nil
	}
	p, err := m.ofBundle(ctx, req, req.Observed.Terraform.Plan)
	if err != nil {
		return nil, err
	}
	return p.Minded(&m.secrets.mask), nil
}

// difference returns what of the drift is new, and what of the known drift is
// not there any more: both make the plan one for another world.
func difference(known, now []planned, s *secrets) []plans.ResourceChange {
	same := func(a, b planned) bool {
		return a.Object() == b.Object() && slices.Equal(a.Actions, b.Actions) && tfchange.Agree(a, b, &s.mask)
	}
	var found []plans.ResourceChange
	named := map[string]bool{}
	for _, c := range now {
		if !slices.ContainsFunc(known, func(k planned) bool { return same(k, c) }) {
			found = append(found, c.ResourceChange)
		}
		named[c.Object()] = true
	}
	for _, k := range known {
		if !named[k.Object()] {
			found = append(found, k.ResourceChange)
		}
	}
	return found
}

// touchedBy are the addresses of changes, also those before a move: drift is
// told by the state's address or by the configuration's.
func touchedBy(changes []plans.ResourceChange) map[string]bool {
	found := map[string]bool{}
	for _, c := range changes {
		found[c.Address] = true
		if c.Previous != "" {
			found[c.Previous] = true
		}
	}
	return found
}

// drifted says which object changed how, without any value.
func drifted(c plans.ResourceChange) string {
	switch {
	case c.Kind() == plans.ChangeDelete:
		return c.Object() + " (the object itself)"
	case len(c.Attributes) > 0:
		return c.Object() + " (" + strings.Join(c.Attributes, ", ") + ")"
	}
	return c.Object()
}

var _ providers.Drifter = (*Provider)(nil)

// Drift implements providers.Drifter: it compares the state with the objects
// themselves, as the module of the project describes how to reach them.
func (p *Provider) Drift(ctx context.Context, req providers.DriftRequest) ([]providers.DriftItem, error) {
	s, err := decodeSettings(req.Settings)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, observeWait)
	defer cancel()
	pl, err := p.occupy(waiting, req.Environment, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; wait for it or look at \"lockstep status\"", req.Address, err)
	}
	defer pl.leave()
	drift, err := p.driftAt(ctx, pl, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Address, err)
	}
	items := make([]providers.DriftItem, 0, len(drift))
	for _, c := range drift {
		item := providers.DriftItem{Address: c.Object(), What: "changed", Attributes: c.Attributes}
		if c.Kind() == plans.ChangeDelete {
			item.What = "gone"
		}
		items = append(items, item)
	}
	return items, nil
}

func (p *Provider) driftAt(ctx context.Context, pl *place, s settings) ([]planned, error) {
	c, err := p.fromProject(s.Source)
	if err != nil {
		return nil, err
	}
	m, err := p.prepare(ctx, pl, s, c)
	if err != nil {
		return nil, err
	}
	defer m.forgetInputs()
	if err := m.unsaved(); err != nil {
		return nil, err
	}
	return m.refreshed(ctx)
}
