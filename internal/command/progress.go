package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/view"
)

// runView shows a run while it goes on and says at its end how it stands.
type runView interface {
	rollout.Observer
	Conclude(rollout.Outcome) error
}

// progress shows one run to people, to scripts, or to both.
type progress struct {
	views  []runView
	behind []io.Closer // what the views write through, then what is below
}

// progress opens the views that the flags ask for. Secrets are masked on their
// way to any of them.
func (a *app) progress(s session) (*progress, error) {
	head := view.Head{
		ID: s.writer.ID(), Kind: journal.Apply, Plan: s.open.bundle.Plan, Digest: s.open.bundle.Digest, Actor: actor(),
	}
	if s.undoes.ID != "" {
		head.Kind, head.Of = journal.Revert, s.undoes.ID
	}
	p := &progress{}
	switch {
	case a.wantsJSON():
		p.views = append(p.views, view.NewEvents(p.through(a.mask.JSONLines(a.host.Stdout)), head, time.Now()))
	default:
		out := a.streams().Out
		masked := *out
		masked.Writer = p.through(a.mask.Writer(out.Writer))
		run := view.NewRun(&masked, head)
		run.Quiet = a.flags.quiet
		p.views = append(p.views, run)
	}
	if s.options.jsonInto == "" {
		return p, nil
	}
	file, err := os.OpenFile(s.options.jsonInto, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, failed(fmt.Errorf("--json-into: %w", err))
	}
	p.views = append(p.views, view.NewEvents(p.through(a.mask.JSONLines(file)), head, time.Now()))
	p.through(file)
	return p, nil
}

// through remembers to close w, in the order in which it is told.
func (p *progress) through(w io.WriteCloser) io.Writer {
	p.behind = append(p.behind, w)
	return w
}

// close passes on what a mask still holds back and closes the files.
func (p *progress) close() error {
	var errs []error
	for _, c := range p.behind {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Event implements rollout.Observer.
func (p *progress) Event(e rollout.Event) {
	for _, v := range p.views {
		v.Event(e)
	}
}

func (p *progress) conclude(o rollout.Outcome) error {
	for _, v := range p.views {
		if err := v.Conclude(o); err != nil {
			return err
		}
	}
	return nil
}
