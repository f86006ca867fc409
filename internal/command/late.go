package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// latePlanner plans, while a run is under way, what could not be looked at when
// its plan was approved. It reads the bundle and the targets, and no project.
type latePlanner struct {
	app  *app
	open *opened
}

// barrier is one planning of late steps.
type barrier struct {
	latePlanner
	evaluated *config.Evaluated
	observed  map[string]plans.Observation // by block
	outside   []string
}

// PlanLate implements rollout.LatePlanner.
func (l latePlanner) PlanLate(ctx context.Context, late []providers.Request, outputs rollout.Outputs) (journal.Barrier, error) {
	evaluated, err := l.open.resolver.evaluate(outputs)
	if err != nil {
		return journal.Barrier{}, err
	}
	b := barrier{latePlanner: l, evaluated: evaluated, observed: map[string]plans.Observation{}}
	if err := b.look(ctx, late); err != nil {
		return journal.Barrier{}, err
	}
	in, err := b.input()
	if err != nil {
		return journal.Barrier{}, err
	}
	rest := planner.Rest(in, l.open.bundle.Plan)
	if in.Surveys = b.figures(ctx, in, rest); len(in.Surveys) > 0 {
		rest = planner.Rest(in, l.open.bundle.Plan)
	}
	return b.told(rest)
}

// look observes each late target once. A place that was not approved is told,
// and not looked at.
func (b *barrier) look(ctx context.Context, late []providers.Request) error {
	seen := map[string]bool{}
	for _, req := range late {
		key := req.Step.Block
		if req.Step.Action == plans.ActionMigrate {
			key = req.Step.Target
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		provider, err := b.open.registry.provider(req.Step.Provider)
		if err != nil {
			return err
		}
		binder, able := providers.As[providers.LateBinder](provider)
		if !able {
			continue // the step itself is all that can tell
		}
		found, err := binder.Bind(ctx, req)
		if errors.Is(err, providers.ErrOutsideEnvelope) {
			b.outside = append(b.outside, key+": "+strings.TrimPrefix(err.Error(), req.Step.Address+": "))
			continue
		}
		if err != nil {
			return err
		}
		for _, value := range found.Secrets {
			b.app.mask.LearnJSON(value)
		}
		found.Address, found.Provider = key, req.Step.Provider
		b.observed[key] = found.Observation
	}
	return nil
}

// input is what the planner knew, cut down to the blocks that were looked at.
func (b *barrier) input() (planner.Input, error) {
	plan := b.open.bundle.Plan
	environment, err := b.open.workspace.environment(plan.Environment)
	if err != nil {
		return planner.Input{}, err
	}
	in := planner.Input{
		Tool: tool(), ChangeSet: b.part(), Replays: &sqlcheck.Replays{}, Folders: map[string][]plans.MigrationFile{},
		Environment: planner.Environment{Name: environment.Name, Protected: environment.Protected, Protect: environment.Protect},
	}
	for _, o := range b.observed {
		in.Observations = append(in.Observations, o)
	}
	slices.SortFunc(in.Observations, func(x, y plans.Observation) int { return strings.Compare(x.Address, y.Address) })
	for _, db := range in.ChangeSet.Databases {
		if in.Folders[db.Name], err = migrationsIn(b.open.bundle, db.Settings.Text("migrations")); err != nil {
			return planner.Input{}, err
		}
	}
	return in, nil
}

// part is the change set with the blocks alone that were looked at.
func (b *barrier) part() *config.Evaluated {
	part := *b.evaluated
	unseen := func(block config.Block) bool {
		if block.Kind == "migration" {
			return !slices.ContainsFunc(block.Needs, func(address string) bool { _, seen := b.observed[address]; return seen })
		}
		_, seen := b.observed[block.Address]
		return !seen
	}
	part.Blocks = slices.DeleteFunc(slices.Clone(part.Blocks), unseen)
	return &part
}

// migrationsIn reads the files of a folder that a bundle holds.
func migrationsIn(b *bundle.Bundle, folder string) ([]plans.MigrationFile, error) {
	archive := &txtar.Archive{}
	for _, in := range b.Plan.Inputs {
		if (in.Role != "up" && in.Role != "down") || path.Dir(in.Path) != path.Clean(folder) {
			continue
		}
		content, err := b.Blob(in.Digest)
		if err != nil {
			return nil, err
		}
		archive.Files = append(archive.Files, txtar.File{Name: in.Path, Data: content})
	}
	if len(archive.Files) == 0 {
		return nil, nil
	}
	files, err := txtar.FS(archive)
	if err != nil {
		return nil, err
	}
	return database.ReadFolder(files, folder)
}

// figures asks databases that are not empty how large is what is touched. A
// database that gives none is planned without.
func (b *barrier) figures(ctx context.Context, in planner.Input, rest planner.Remainder) map[string]plans.Survey {
	w := &witness{
		app: b.app, drafted: &plans.Plan{Steps: rest.Steps}, in: planner.Input{Surveys: map[string]plans.Survey{}},
		reading: &reading{
			workspace: b.open.workspace, registry: b.open.registry, evaluated: in.ChangeSet,
			environment: config.Environment{Name: in.Environment.Name}, changeSet: in.ChangeSet.Name,
		},
	}
	waiting := planner.Pending(in)
	err := w.each(ctx, waiting, func(ctx context.Context, block config.Block) error {
		if waiting[block.Name].Fresh {
			return nil
		}
		return w.survey(ctx, block, waiting[block.Name])
	})
	if err != nil {
		return nil
	}
	return w.in.Surveys
}

// told is the barrier as it is journalled and shown.
func (b *barrier) told(rest planner.Remainder) (journal.Barrier, error) {
	content, err := json.Marshal(struct {
		Steps        []plans.Step
		Observations map[string]plans.Observation
	}{rest.Steps, b.observed})
	if err != nil {
		return journal.Barrier{}, fmt.Errorf("encode the plan at the barrier: %w", err)
	}
	out := journal.Barrier{Plan: plans.DigestOf(content), Outside: append(b.outside, rest.Outside...)}
	for _, o := range b.observed {
		out.Found = append(out.Found, foundAt(o))
	}
	slices.Sort(out.Found)
	for _, s := range rest.Steps {
		out.Steps = append(out.Steps, journal.BarrierStep{Address: s.Address, Summary: s.Summary, Risk: s.Risk.Level})
	}
	for _, f := range rest.Findings {
		if f.Severity == plans.SeverityWarning && f.Accepted == "" {
			out.Warnings = append(out.Warnings, f.Summary)
		}
	}
	return out, nil
}

// foundAt says in a line what is at a target.
func foundAt(o plans.Observation) string {
	switch {
	case o.Database != nil && o.Database.Fresh:
		return fmt.Sprintf("%s is empty (%s)", o.Address, o.Identity)
	case o.Database != nil && o.Database.Version == "":
		return fmt.Sprintf("%s has tables and no version (%s)", o.Address, o.Identity)
	case o.Database != nil:
		return fmt.Sprintf("%s is at version %s (%s)", o.Address, o.Database.Version, o.Identity)
	case o.Terraform != nil:
		return fmt.Sprintf("%s would change %d resources", o.Address, len(o.Terraform.Changes))
	case o.Backfill != nil:
		return o.Address + " can be counted now"
	}
	return o.Address
}
