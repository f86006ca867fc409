package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/pgrights"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/internal/rehearse"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// mostRehearsed bounds what a plan rehearses unasked: so many files are no
// change that somebody waits for, but a folder.
const mostRehearsed = 100

// longestRehearsal bounds how long a plan waits for one.
const longestRehearsal = 2 * time.Minute

// planWithEvidence plans, and once more with what is found of the files that
// the plan would apply. Where nothing is found, the first plan stands.
func (a *app) planWithEvidence(ctx context.Context, r *reading, in planner.Input) (*plans.Plan, error) {
	in.Replays = &sqlcheck.Replays{}
	p, ds := planner.Plan(in)
	if !ds.HasErrors() && !slices.ContainsFunc(p.Steps, func(s plans.Step) bool { return s.Migration != nil }) {
		return p, nil
	}
	in, err := a.gatherEvidence(ctx, r, in, p)
	if err != nil {
		return nil, err
	}
	if len(in.Rehearsed)+len(in.Surveys)+len(in.NotRehearsed) > 0 {
		p, ds = planner.Plan(in)
	}
	if ds.HasErrors() {
		return nil, diagnose(r.workspace.project, ds)
	}
	return p, nil
}

// witness gathers evidence about the pending files of a plan: a rehearsal on a
// copy of the schema, and what the target says of the relations they touch.
type witness struct {
	app     *app
	reading *reading
	drafted *plans.Plan // without evidence; nil where it is refused

	mu sync.Mutex
	in planner.Input
}

// gatherEvidence returns the input with what was found of its pending files.
func (a *app) gatherEvidence(ctx context.Context, r *reading, in planner.Input, drafted *plans.Plan) (planner.Input, error) {
	w := &witness{app: a, reading: r, drafted: drafted, in: in}
	w.in.Rehearsed, w.in.Surveys = map[string]map[uint64]planner.Evidence{}, map[string]plans.Survey{}
	w.in.NotRehearsed = map[string]string{}
	waiting := planner.Pending(in)
	if err := w.each(ctx, waiting, func(ctx context.Context, b config.Block) error {
		files := waiting[b.Name]
		if files.Fresh {
			return nil // nothing runs there yet that could break, and nothing is there to lose
		}
		target, _, err := targetOf(b)
		if err != nil {
			return err
		}
		return w.rehearse(ctx, target, files)
	}); err != nil {
		return in, err
	}
	w.redraft()
	err := w.each(ctx, waiting, func(ctx context.Context, b config.Block) error {
		return w.survey(ctx, b, waiting[b.Name])
	})
	return w.in, err
}

// each asks all databases with pending files, side by side.
func (w *witness) each(ctx context.Context, waiting map[string]planner.Waiting, ask func(context.Context, config.Block) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, b := range w.reading.evaluated.Databases {
		if _, pending := waiting[b.Name]; pending && b.Driver == "postgres" {
			group.Go(func() error { return ask(ctx, b) })
		}
	}
	return group.Wait()
}

// redraft plans with what was rehearsed: what was measured also touches
// relations of which no rule knows.
func (w *witness) redraft() {
	if len(w.in.Rehearsed) == 0 {
		return
	}
	if p, ds := planner.Plan(w.in); !ds.HasErrors() {
		w.drafted = p
	}
}

// targetOf is a database that could be looked at.
func targetOf(b config.Block) (database.Target, []byte, error) {
	settings, err := b.Settings.RevealKnown()
	if err != nil {
		return database.Target{}, nil, failed(err)
	}
	target, err := database.DecodeTarget(settings)
	if err != nil {
		return database.Target{}, nil, failed(err)
	}
	return target, settings, nil
}

// rehearse tries the pending files of one database, or notes why not.
func (w *witness) rehearse(ctx context.Context, target database.Target, files planner.Waiting) error {
	mode := w.app.rehearseMode(target)
	switch {
	case mode == database.RehearseNever:
		w.notRehearsed(target.Name, "it is switched off (rehearse = \"never\" in the database block, --rehearse or LOCKSTEP_REHEARSE)")
		return nil
	case len(files.After) > 0:
		w.notRehearsed(target.Name, "other files come first: "+strings.Join(files.After, ", "))
		return nil
	case mode == database.RehearseAuto && len(files.Pending) > mostRehearsed:
		w.notRehearsed(target.Name, fmt.Sprintf("%d files are pending, more than %d; to try them all the same: --rehearse always, or the folder by itself: lockstep rehearse %s",
			len(files.Pending), mostRehearsed, target.Migrations))
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, longestRehearsal)
	defer cancel()
	result, err := rehearse.Run(limited, rehearse.Request{
		Target: target.URL, Scratch: target.Trial.ScratchURL, Applied: files.Applied, Pending: files.Pending,
		Queries: target.Trial.Queries, Omit: []string{target.Table},
		Cache: rehearsalsOf(w.reading.workspace),
	})
	switch {
	case ctx.Err() != nil:
		return failed(ctx.Err())
	case limited.Err() != nil && mode != database.RehearseAlways:
		w.notRehearsed(target.Name, fmt.Sprintf("it was not done after %s; without that bound: lockstep rehearse", longestRehearsal))
		return nil
	case err != nil && mode == database.RehearseAlways:
		return &endError{code: exitError, err: fmt.Errorf("database.%s: its pending migrations could not be rehearsed: %w", target.Name, err), next: []string{
			"Name a server for it (scratch_url in the database block), or install one; to plan without: --rehearse never",
		}}
	case err != nil:
		w.notRehearsed(target.Name, w.app.mask.String(err.Error()))
		return nil
	}
	w.keep(target.Name, result)
	return nil
}

// rehearsalsOf is the folder where rehearsals are kept by what they depend on.
func rehearsalsOf(w *workspace) string {
	return filepath.Join(w.settings.JournalPath, "rehearsals")
}

func (w *witness) notRehearsed(name, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in.NotRehearsed[name] = why
}

func (w *witness) keep(name string, result rehearse.Result) {
	found := make(map[uint64]planner.Evidence, len(result.Files))
	for version, e := range result.Files {
		found[version] = planner.Evidence{Statements: e.Statements, Rehearsal: e.Rehearsal, Queries: e.Queries}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in.Rehearsed[name] = found
}

// survey asks the target about the relations that the drafted plan touches, and
// whether its role has the rights that the pending files need. A database that
// gives no figures is planned without.
func (w *witness) survey(ctx context.Context, b config.Block, files planner.Waiting) error {
	relations := w.touched(b.Name)
	if files.Fresh {
		relations = nil
	}
	needs := append(pgrights.Of(files.Pending), plans.Need{Kind: plans.KindHistory, Arguments: -1})
	_, settings, err := targetOf(b)
	if err != nil {
		return err
	}
	provider, err := w.reading.registry.provider(providerName(b))
	if err != nil {
		return err
	}
	surveyor, able := providers.As[providers.Surveyor](provider)
	if !able {
		return nil
	}
	found, err := surveyor.Survey(ctx, providers.SurveyRequest{
		Environment: w.reading.environment.Name, Address: b.Address, Settings: settings, Relations: relations, Needs: needs,
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	case ctx.Err() != nil:
		return failed(ctx.Err())
	case err != nil:
		// Figures inform; a plan without them says so.
		found = plans.Survey{Address: b.Address, Unknown: []string{"nothing could be read: " + w.app.mask.String(err.Error())}}
	}
	if len(relations) == 0 && len(found.Lacks) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in.Surveys[b.Name] = found
	return nil
}

// touched lists the relations that the drafted plan's statements lock, write
// or read in one database.
func (w *witness) touched(name string) []string {
	if w.drafted == nil {
		return nil
	}
	var statements []plans.Statement
	for _, step := range w.drafted.Steps {
		if step.Migration != nil && step.Migration.Database == name {
			statements = append(statements, step.Statements...)
		}
	}
	return budget.Relations(statements)
}
