package command

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// computePlan reads, observes and plans one change set for one environment.
func (a *app) computePlan(ctx context.Context, w *workspace, changeSet, environmentName string) (*bundle.Bundle, error) {
	environment, err := w.environment(environmentName)
	if err != nil {
		return nil, err
	}
	ahead := w.runsAhead()
	r, err := a.read(ctx, w, changeSet, environment)
	runs, runsErr := ahead()
	if err := cmp.Or(err, runsErr); err != nil {
		return nil, err
	}
	in, err := r.input(runs)
	if err != nil {
		return nil, err
	}
	p, err := a.planWithEvidence(ctx, r, in)
	if err != nil {
		return nil, err
	}
	for i := range r.folders {
		r.keepMigrations(r.folders[i])
	}
	b, err := bundle.New(p, r.blobs)
	if err != nil {
		return nil, failed(err)
	}
	keys, err := a.keysOf(w.settings.Encryption)
	if err != nil {
		return nil, err
	}
	if b, err = b.Sealed(keys); err != nil {
		return nil, failed(err)
	}
	return b, nil
}

func (a *app) read(ctx context.Context, w *workspace, changeSet string, environment config.Environment) (*reading, error) {
	values, ds := w.project.Values(environment.Name, config.ValueInputs{
		Environ: a.host.Environ, Flags: a.flags.assigned, ReadFile: os.ReadFile,
	})
	if ds.HasErrors() {
		return nil, diagnose(w.project, ds)
	}
	a.mask.Learn(values.Secrets()...)
	r := &reading{
		workspace: w, registry: newRegistry(a, w), environment: environment, changeSet: changeSet, values: values,
		folders:      map[string][]plans.MigrationFile{},
		exports:      map[string]config.Export{},
		observations: map[string]plans.Observation{},
		blobs:        map[plans.Digest][]byte{},
	}
	if err := r.gather(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// input hands the planner what was read, as plain values.
func (r *reading) input(runs []journal.Run) (planner.Input, error) {
	in := planner.Input{
		Tool:      tool(),
		ChangeSet: r.evaluated,
		Environment: planner.Environment{
			Name: r.environment.Name, Protected: r.environment.Protected, Protect: r.environment.Protect,
			Upstream: upstreamOf(r.workspace.project, r.changeSet, r.environment),
		},
		Siblings:  siblings(r.workspace.project),
		Folders:   r.folders,
		Standing:  standingsFrom(runs)[r.environment.Name],
		Elsewhere: elsewhereFrom(runs, r.workspace.project, r.environment.Name),
		Variables: r.values.Record(),
	}
	for _, o := range r.observations {
		in.Observations = append(in.Observations, o)
	}
	for _, b := range append(r.evaluated.Databases, r.evaluated.Blocks...) {
		if _, seen := r.observations[b.Address]; !seen && observable(b) {
			in.Observations = append(in.Observations, plans.Observation{Address: b.Address, Provider: providerName(b), Late: true})
		}
	}
	for _, f := range r.workspace.project.Sources() {
		digest := plans.DigestOf(f.Bytes)
		r.blobs[digest] = f.Bytes
		in.Inputs = append(in.Inputs, plans.Input{Role: roleConfig, Path: f.Path, Digest: digest, Size: int64(len(f.Bytes))})
	}
	sources, err := r.terraformSources()
	if err != nil {
		return in, err
	}
	programs, err := r.programs()
	in.Inputs = slices.Concat(in.Inputs, sources, programs)
	return in, err
}

// terraformSources are the configurations as the project has them: the same in
// every environment, so that they can identify the change set.
func (r *reading) terraformSources() ([]plans.Input, error) {
	var all []plans.Input
	for _, b := range r.evaluated.Blocks {
		source := b.Settings.Text("source")
		if b.Kind != "terraform" || source == "" {
			continue
		}
		files, blobs, err := terraform.Sources(".", source)
		if err != nil {
			return nil, failed(err)
		}
		maps.Copy(r.blobs, blobs)
		all = append(all, files...)
	}
	return all, nil
}

func observable(b config.Block) bool {
	switch b.Kind {
	case "terraform", "database", "artifact", "deployment", "backfill":
		return true
	}
	return false
}

func (r *reading) keepMigrations(files []plans.MigrationFile) {
	for _, f := range files {
		for _, side := range []plans.SQLFile{f.Up, f.Down} {
			if side.Path != "" {
				r.blobs[side.Digest] = side.Bytes
			}
		}
	}
}

// siblings are the heads of all change sets, in order of name.
func siblings(project *config.Project) []planner.Sibling {
	var all []planner.Sibling
	for i, head := range project.ChangeSets() {
		s := planner.Sibling{
			Name: head.Name, DependsOn: head.DependsOn, Environments: head.Environments,
			Versions: map[string]uint64{}, Order: i,
		}
		for _, m := range head.Migrations {
			s.Versions[m.Database] = m.Version
			if m.Version == 0 {
				s.Versions[m.Database] = planner.Newest
			}
		}
		all = append(all, s)
	}
	return all
}

// upstreamOf returns the environments that must have the change set before
// this one. Environments that the change set leaves out are replaced by those
// that come before them.
func upstreamOf(project *config.Project, changeSet string, environment config.Environment) []plans.Upstream {
	declared := map[string]config.Environment{}
	for _, e := range project.Environments() {
		declared[e.Name] = e
	}
	var only []string
	for _, head := range project.ChangeSets() {
		if head.Name == changeSet {
			only = head.Environments
		}
	}
	seen := map[string]bool{}
	var upstream []plans.Upstream
	var visit func(names []string)
	visit = func(names []string) {
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			e := declared[name]
			if len(only) > 0 && !slices.Contains(only, name) {
				visit(e.DependsOn)
				continue
			}
			upstream = append(upstream, plans.Upstream{Environment: name, SoakTime: plans.Duration(e.SoakTime)})
		}
	}
	visit(environment.DependsOn)
	return upstream
}

// standingsFrom turns the journal's view into the planner's.
func standingsFrom(runs []journal.Run) map[string]planner.Standing {
	all := map[string]planner.Standing{}
	last := map[string]string{}
	for _, run := range runs {
		last[run.Environment] = run.ID
	}
	for name, env := range journal.StandingsOf(runs) {
		s := planner.Standing{
			LastRun: last[name], ChangeSets: map[string]planner.Taken{}, Unfinished: map[string]planner.OpenRun{},
			Movers: map[string]string{}, Targets: map[string]plans.Digest{},
		}
		for i, st := range env.ChangeSets {
			if st.Has {
				s.ChangeSets[st.ChangeSet] = planner.Taken{Content: st.Content, Order: i, Since: st.Since, Run: st.Run}
			}
			if !st.Latest.State.Over() {
				s.Unfinished[st.ChangeSet] = openRun(st.Latest)
			}
		}
		for target, move := range env.Targets {
			s.Movers[target] = move.ChangeSet
			if !move.InDoubt {
				s.Targets[target] = move.Artifact
			}
		}
		for _, h := range env.Holds {
			s.Holds = append(s.Holds, planner.Hold{ChangeSet: h.ChangeSet, Content: h.Content, Run: h.Run})
		}
		all[name] = s
	}
	for _, run := range runs {
		if s := all[run.Environment]; !run.State.Over() && s.OpenRun == nil {
			open := openRun(run)
			s.OpenRun = &open
			all[run.Environment] = s
		}
	}
	return all
}

func openRun(run journal.Run) planner.OpenRun {
	return planner.OpenRun{
		Run: run.ID, ChangeSet: run.ChangeSet, Actor: run.Actor, State: string(run.State),
		Undoing: run.Kind == journal.Revert || run.Undoing(),
		Pending: !run.Released.IsZero() && run.FailedStep == "",
	}
}

// blocksOf says why a plan may not be applied now.
func blocksOf(p *plans.Plan, runs []journal.Run, now time.Time) []plans.Block {
	return planner.Blocks(p, standingsFrom(runs), now)
}
