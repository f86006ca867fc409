package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/providers"
)

// Probe implements providers.Provider. It waits for a Terraform that an
// earlier process left running, then compares the state with what it was and
// a fresh plan with the approved one.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	m, err := p.open(ctx, req)
	if errors.Is(err, errBusy) {
		return providers.Report{Verdict: providers.InFlight, Detail: "terraform is still running; it will be waited for"}, nil
	}
	if err != nil {
		return providers.Report{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	defer m.close()
	report, err := m.probe(ctx, req)
	if err != nil {
		return providers.Report{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	return report, nil
}

// attempts are the folders of the applies here, oldest first.
func (pl *place) attempts() ([]string, error) {
	all := filepath.Join(pl.state, "attempts")
	entries, err := os.ReadDir(all)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read terraform attempts: %w", err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, filepath.Join(all, e.Name()))
	}
	return found, nil
}

func (m *module) probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	r, err := m.receiptOf(req)
	if err != nil {
		return providers.Report{}, err
	}
	_, now, err := m.readState(ctx)
	if err != nil {
		return providers.Report{}, err
	}
	if lost, err := m.lost(req, r, now); len(lost) > 0 || err != nil {
		return providers.Report{Verdict: providers.Unknown, Detail: sayLost(lost), Lost: lost}, err
	}
	held, err := m.holdsAgain(req, r, now)
	if err != nil {
		return providers.Report{}, err
	}
	unseen := false
	if held {
		if unseen, err = m.movedUnseen(ctx, req, r); err != nil {
			return providers.Report{}, err
		}
	}
	if held && !unseen {
		if err := m.tidy(req, r); err != nil {
			return providers.Report{}, err
		}
		return providers.Report{Verdict: providers.Absent, Detail: "the state holds what it held before the step"}, nil
	}
	fresh, err := m.plan(ctx, limits(req)...)
	if err != nil {
		return providers.Report{}, err
	}
	if fresh.Empty() && !unseen {
		result, err := m.settled(ctx, req)
		return providers.Report{
			Verdict: providers.Done, Detail: "a fresh plan has no changes",
			Outputs: result.Outputs, Secrets: result.Secrets, WayBack: m.measureUntold(ctx, req),
		}, err
	}
	return m.compare(ctx, req, now, fresh)
}

// tidy drops the releases of a step whose rollback was cut off after its
// effect: a later rollback must not come back to them.
func (m *module) tidy(req providers.Request, r *receipt) error {
	before, started := origin(req, r)
	if r == nil || !started {
		return nil
	}
	return m.forgetReleasesAfter(before)
}

// compare tells whether what is left to do was approved.
func (m *module) compare(ctx context.Context, req providers.Request, now *stateFile, fresh *tfchange.Plan) (providers.Report, error) {
	changes, err := m.left(req, now, fresh)
	if err != nil {
		return providers.Report{}, err
	}
	if len(changes) == 0 {
		return providers.Report{Verdict: providers.Partial, Detail: "what was changed is not in the state yet"}, nil
	}
	var why string
	if req.Step.Late {
		if err := inEnvelope(req.Step.Envelope, tfchange.Public(changes)); err != nil {
			why = err.Error()
		}
	} else {
		approved, err := m.approved(ctx, req)
		if err != nil {
			return providers.Report{}, err
		}
		why = tfchange.Within(approved, changes, &m.secrets.mask)
	}
	if why != "" {
		return providers.Report{Verdict: providers.Unknown, Detail: why}, nil
	}
	return providers.Report{
		Verdict: providers.Partial,
		Detail:  fmt.Sprintf("%d of the approved changes are left to do", len(changes)),
	}, nil
}

// isBack reports whether everything is as it was before the step.
func (m *module) isBack(ctx context.Context, req providers.Request, r *receipt, now *stateFile) (bool, error) {
	held, err := m.holdsAgain(req, r, now)
	if err != nil || !held {
		return false, err
	}
	moved, err := m.movedUnseen(ctx, req, r)
	return !moved, err
}

// holdsAgain reports whether the state holds what it held before the step: by
// serial, by content, or because our own rollback left exactly this.
func (m *module) holdsAgain(req providers.Request, r *receipt, now *stateFile) (bool, error) {
	before, started := origin(req, r)
	if !started || now.mark() == before {
		return true, nil
	}
	if r != nil && r.RolledBack != nil && *r.RolledBack == now.mark() {
		return true, nil
	}
	was, err := m.stateAt(before)
	if err != nil || was == nil {
		return false, err
	}
	return sameContent(was, now), nil
}
