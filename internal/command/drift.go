package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

func newDriftCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "drift",
		Short: "What in an environment is not as it was applied",
		Long: `Compares an environment with what was applied to it: infrastructure with Terraform's
state (a refresh-only plan), and each database's history with the migrations folder
and the journal. On PostgreSQL it also looks for INVALID indexes, and runs the applied
files on a throw-away server to find objects that somebody made, changed or dropped by
hand; owners are not compared, and "unmanaged" in the database block names what others
look after. What is pending is no drift. Objects and attributes are named, values never
are; it changes nothing.

It ends with 0 when there is none, with 2 when there is drift, and with 1 when
something could not be looked at; the rest is shown all the same.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.drift(c.Context()) },
	}
	c.Flags().StringVar(&a.flags.rehearse, "rehearse", "", "run the applied migrations on a throw-away server: auto or never (default: as the database block says)")
	return c
}

func (a *app) drift(ctx context.Context) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	environment, err := w.environment(a.flags.env)
	if err != nil {
		return err
	}
	watch, err := a.watchDrift(w, environment)
	if err != nil {
		return err
	}
	report := view.DriftReport{Environment: environment.Name, Targets: watch.look(ctx)}
	v := view.Drift{Out: a.streams().Out}
	if a.wantsJSON() {
		err = v.JSON(report)
	} else {
		err = v.Text(report)
	}
	if err != nil {
		return failed(err)
	}
	return silent(driftCode(report))
}

func driftCode(r view.DriftReport) int {
	code := exitDone
	for _, t := range r.Targets {
		switch {
		case t.Error != "":
			return exitError
		case len(t.Items) > 0:
			code = exitChanges
		}
	}
	return code
}

// driftWatch knows what was applied to one environment.
type driftWatch struct {
	app         *app
	workspace   *workspace
	environment config.Environment
	registry    *registry
	runs        []journal.Run
	standing    journal.Environment
	blocks      map[string]config.Block // by address and folder; the last run's
}

func (a *app) watchDrift(w *workspace, environment config.Environment) (*driftWatch, error) {
	values, ds := w.project.Values(environment.Name, config.ValueInputs{Environ: a.host.Environ, Flags: a.flags.assigned, ReadFile: os.ReadFile})
	if ds.HasErrors() {
		return nil, diagnose(w.project, ds)
	}
	a.mask.Learn(values.Secrets()...)
	runs, err := w.runs()
	if err != nil {
		return nil, err
	}
	d := &driftWatch{
		app: a, workspace: w, environment: environment, registry: newRegistry(a, w), runs: runs,
		standing: journal.StandingsOf(runs)[environment.Name], blocks: map[string]config.Block{},
	}
	databases, ds := w.project.DatabaseBlocks(environment.Name, values)
	if ds.HasErrors() {
		return nil, diagnose(w.project, ds)
	}
	for _, b := range databases {
		if b.Settings.Known() {
			d.keep(b)
		}
	}
	return d, d.recall(values)
}

// recall evaluates the change sets that runs have carried out here, oldest
// first, with what their steps have put out.
func (d *driftWatch) recall(values *config.Values) error {
	exports := map[string]config.Export{}
	for _, run := range d.runs {
		head := func(c config.ChangeSetHead) bool { return c.Name == run.ChangeSet }
		if run.Environment != d.environment.Name || run.Kind != journal.Apply || !slices.ContainsFunc(d.workspace.project.ChangeSets(), head) {
			continue
		}
		begun := map[string]bool{}
		for _, address := range slices.Sorted(maps.Keys(run.Steps)) {
			s := run.Steps[address]
			if s.Intent.Action != plans.ActionTerraform {
				continue
			}
			block, _, _ := strings.Cut(address, "[") // the second part of a plan comes later, with all outputs
			begun[block] = true
			if s.Outcome.Result == journal.ResultDone {
				exports[block] = outputsExport(s.Outcome.Outputs, nil)
			}
		}
		evaluated, ds := d.workspace.project.Evaluate(config.EvaluateRequest{
			ChangeSet: run.ChangeSet, Environment: d.environment.Name, Values: values, Exports: exports,
		})
		if ds.HasErrors() {
			return diagnose(d.workspace.project, ds)
		}
		d.app.mask.Learn(secretsOf(evaluated)...)
		for _, b := range evaluated.Blocks {
			if b.Kind == "terraform" && begun[b.Address] {
				d.keep(b)
			}
		}
		for _, b := range evaluated.Databases {
			d.keep(b)
		}
	}
	return nil
}

// keep takes the later of two blocks of one target.
func (d *driftWatch) keep(b config.Block) {
	d.app.mask.Learn(b.Settings.Secrets()...)
	d.blocks[b.Address+"\x00"+b.Settings.Text("source")] = b
}

// look asks all targets side by side; what cannot be looked at is told.
func (d *driftWatch) look(ctx context.Context) []view.DriftTarget {
	targets := make([]view.DriftTarget, 0, len(d.blocks))
	var group errgroup.Group
	group.SetLimit(observeAtOnce)
	blocks := make([]config.Block, 0, len(d.blocks))
	for _, b := range d.blocks {
		blocks = append(blocks, b)
	}
	slices.SortFunc(blocks, func(a, b config.Block) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Settings.Text("source"), b.Settings.Text("source")))
	})
	for _, b := range blocks {
		targets = append(targets, view.DriftTarget{Address: b.Address, Kind: b.Kind, Source: b.Settings.Text("source")})
	}
	for i, b := range blocks {
		group.Go(func() error {
			items, notCompared, err := d.ask(ctx, b)
			if err != nil {
				targets[i].Error = d.app.mask.String((&unreadableError{b.Address, err}).Error())
			}
			targets[i].NotCompared = d.app.mask.String(notCompared)
			for _, item := range items {
				targets[i].Items = append(targets[i].Items, view.DriftItem(item))
			}
			return nil
		})
	}
	_ = group.Wait() // what cannot be looked at is in the targets
	return targets
}

// ask compares one target; notCompared says why a part of it was left out.
func (d *driftWatch) ask(ctx context.Context, b config.Block) (items []providers.DriftItem, notCompared string, err error) {
	if !b.Settings.Known() {
		return nil, "", errors.New("its settings depend on values that are not in the journal (sensitive outputs, artifacts)")
	}
	settings, err := b.Settings.Reveal()
	if err != nil {
		return nil, "", err
	}
	provider, err := d.registry.provider(providerName(b))
	if err != nil {
		return nil, "", err
	}
	drifter, able := providers.As[providers.Drifter](provider)
	if !able {
		return nil, "", fmt.Errorf("%s cannot be compared", providerName(b))
	}
	req := providers.DriftRequest{Environment: d.environment.Name, Address: b.Address, Settings: settings}
	if b.Kind != "database" {
		items, err = drifter.Drift(ctx, req)
		return items, "", err
	}
	if req.Migrations, err = database.ReadFolder(database.Disk("."), b.Settings.Text("migrations")); err != nil {
		return nil, "", err
	}
	hideWritten(d.app.mask, req.Migrations)
	req.Settled = d.settled()
	req.Run, req.Version = d.lastVersion(b.Name)
	if items, err = drifter.Drift(ctx, req); err != nil || b.Driver != "postgres" {
		return items, "", err
	}
	objects, notCompared := d.schemaDrift(ctx, provider, req)
	return append(items, objects...), notCompared, nil
}

// settled reports whether every change set that is meant for the environment
// has arrived there.
func (d *driftWatch) settled() bool {
	for _, c := range d.workspace.project.ChangeSets() {
		if len(c.Environments) > 0 && !slices.Contains(c.Environments, d.environment.Name) {
			continue
		}
		arrived := func(s journal.Standing) bool { return s.ChangeSet == c.Name && s.Has }
		if !slices.ContainsFunc(d.standing.ChangeSets, arrived) {
			return false
		}
	}
	return true
}

func (d *driftWatch) lastVersion(name string) (run, version string) {
	for _, w := range d.standing.Windows {
		if v, ok := w.Schemas[name]; ok {
			run, version = w.Run, v
		}
	}
	return run, version
}
