package command

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/internal/view"
)

// runView shows a run while it goes on and says at its end how it stands.
type runView interface {
	rollout.Observer
	Conclude(rollout.Outcome) error
}

// progress shows one run to people, to scripts, or to both.
type progress struct {
	views []runView
	close func()
}

// progress opens the views that the flags ask for. What sensitive settings
// hold is masked on its way to any of them.
func (a *app) progress(s session) (*progress, error) {
	mask := redact.NewValues(s.open.secrets()...)
	head := view.Head{
		ID: s.writer.ID(), Kind: journal.Apply, Plan: s.open.bundle.Plan, Digest: s.open.bundle.Digest, Actor: actor(),
	}
	if s.undoes.ID != "" {
		head.Kind, head.Of = journal.Revert, s.undoes.ID
	}
	p := &progress{close: func() {}}
	switch {
	case a.wantsJSON():
		p.views = append(p.views, view.NewEvents(mask.Writer(a.host.Stdout), head, time.Now()))
	default:
		out := a.streams().Out
		if a.flags.quiet {
			out = terminal.Plain(nil, io.Discard, io.Discard).Out
		}
		masked := *out
		masked.Writer = mask.Writer(out.Writer)
		p.views = append(p.views, view.NewRun(&masked, head))
	}
	if s.options.jsonInto == "" {
		return p, nil
	}
	file, err := os.OpenFile(s.options.jsonInto, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, failed(fmt.Errorf("--json-into: %w", err))
	}
	p.views = append(p.views, view.NewEvents(mask.Writer(file), head, time.Now()))
	p.close = func() { file.Close() }
	return p, nil
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

// secrets are the sensitive texts among the settings of all blocks.
func (o *opened) secrets() []string {
	var all []string
	for _, b := range o.blocks.Databases {
		all = append(all, b.Settings.Secrets()...)
	}
	for _, b := range o.blocks.Blocks {
		all = append(all, b.Settings.Secrets()...)
	}
	return all
}
