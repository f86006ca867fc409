package command

import (
	"context"
	"encoding/json"
	"path"
	"sync"

	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// observeAtOnce bounds how many targets are read side by side.
const observeAtOnce = 8

// reading is everything that one plan is made from: what was written and what
// was seen. Nothing in it changes a target.
type reading struct {
	workspace   *workspace
	registry    *registry
	environment config.Environment
	changeSet   string
	values      *config.Values

	evaluated *config.Evaluated
	folders   map[string][]plans.MigrationFile

	early map[string]*folderRead // by folder

	mu           sync.Mutex
	exports      map[string]config.Export
	observations map[string]plans.Observation
	blobs        map[plans.Digest][]byte
}

// gather evaluates the change set and observes its targets. Blocks whose
// settings depend on what others export are observed after those; what stays
// unknown is late-bound.
func (r *reading) gather(ctx context.Context) error {
	for {
		if err := r.evaluate(); err != nil {
			return err
		}
		r.readAhead()
		ready := r.ready()
		if len(ready) == 0 {
			return r.finish(ctx)
		}
		if err := r.observeAll(ctx, ready); err != nil {
			return err
		}
	}
}

func (r *reading) evaluate() error {
	evaluated, ds := r.workspace.project.Evaluate(config.EvaluateRequest{
		ChangeSet: r.changeSet, Environment: r.environment.Name, Values: r.values, Exports: r.exports,
	})
	if ds.HasErrors() {
		return diagnose(r.workspace.project, ds)
	}
	r.registry.mask.Learn(secretsOf(evaluated)...)
	r.evaluated = evaluated
	return nil
}

// ready returns the blocks that were not observed yet and can be now.
func (r *reading) ready() []config.Block {
	var ready []config.Block
	for _, b := range append(r.evaluated.Databases, r.evaluated.Blocks...) {
		if _, seen := r.observations[b.Address]; seen {
			continue
		}
		switch b.Kind {
		case "artifact", "terraform", "database", "backfill":
			if b.Settings.Known() {
				ready = append(ready, b)
			}
		case "deployment":
			// Only where it goes must be known, not what it is told.
			if b.Settings.KnownWithout("artifact", "environment_variables") {
				ready = append(ready, b)
			}
		}
	}
	return ready
}

func (r *reading) observeAll(ctx context.Context, blocks []config.Block) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(observeAtOnce)
	for _, b := range blocks {
		group.Go(func() error {
			seen, err := r.observe(ctx, b)
			if err != nil {
				return unreadable(b.Address, r.environment.Name, err)
			}
			return r.keep(b, seen)
		})
	}
	return group.Wait()
}

// observedLate names the kinds of blocks whose provider is asked even when
// they are not wholly known: for a configuration's sources, and whether a
// driver can carry out a backfill at all.
func observedLate(b config.Block) bool { return b.Kind == "terraform" || b.Kind == "backfill" }

// finish reads what does not wait for others: the sources of configurations
// whose inputs are not known yet, and the folders of migrations.
func (r *reading) finish(ctx context.Context) error {
	var late []config.Block
	for _, b := range r.evaluated.Blocks {
		if _, seen := r.observations[b.Address]; !seen && observedLate(b) {
			late = append(late, b)
		}
	}
	if err := r.observeAll(ctx, late); err != nil {
		return err
	}
	return r.readFolders()
}

func (r *reading) observe(ctx context.Context, b config.Block) (providers.Observed, error) {
	name := providerName(b)
	provider, err := r.registry.provider(name)
	if err != nil {
		return providers.Observed{}, err
	}
	settings, err := b.Settings.RevealKnown()
	if err != nil {
		return providers.Observed{}, err
	}
	seen, err := provider.Observe(ctx, providers.ObserveRequest{
		Environment: r.environment.Name, ChangeSet: r.changeSet, Address: b.Address, Settings: settings,
		Late: !b.Settings.Known() && observedLate(b),
	})
	seen.Address, seen.Provider = b.Address, name
	return seen, err
}

func (r *reading) keep(b config.Block, seen providers.Observed) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observations[b.Address] = seen.Observation
	for d, content := range seen.Blobs {
		r.blobs[d] = content
	}
	switch {
	case seen.Artifact != nil:
		export, err := artifactExport(r.workspace, b, *seen.Artifact)
		if err != nil {
			return err
		}
		r.exports[b.Address] = export
	case seen.Terraform != nil:
		r.exports[b.Address] = outputsExport(seen.Terraform.Outputs, seen.Secrets)
	}
	return nil
}

// artifactExport is what expressions see of an artifact. The path is where the
// fetch step puts it, relative to the project, so that plans do not depend on
// where the project is.
func artifactExport(w *workspace, b config.Block, state plans.ArtifactState) (config.Export, error) {
	known := map[string]any{
		"digest": state.Digest,
		"path":   artifactPath(w, state.Digest),
		"pinned": pinned(b, state.Digest),
	}
	export := config.Export{Known: map[string]json.RawMessage{}}
	for name, v := range known {
		text, err := json.Marshal(v)
		if err != nil {
			return config.Export{}, err
		}
		export.Known[name] = text
	}
	return export, nil
}

func artifactPath(w *workspace, d plans.Digest) string {
	return path.Join(w.settings.JournalPath, "artifacts", d.Hex())
}

func pinned(b config.Block, d plans.Digest) string {
	source := b.Settings.Text("path")
	if source == "" {
		source = b.Settings.Text("url")
	}
	return source + "@" + string(d)
}

func outputsExport(outputs []plans.Output, secrets map[string]json.RawMessage) config.Export {
	export := config.Export{Known: map[string]json.RawMessage{}, Sensitive: map[string]json.RawMessage{}}
	for _, o := range outputs {
		secret, revealed := secrets[o.Name]
		if o.Sensitive && o.Value != nil {
			secret, revealed = o.Value, true
		}
		switch {
		case o.Sensitive && revealed:
			export.Sensitive[o.Name] = secret
		case o.Known && !o.Sensitive:
			export.Known[o.Name] = o.Value
		default:
			export.Unknown = append(export.Unknown, o.Name)
		}
	}
	return export
}

// folderRead is a folder of migrations that is being read.
type folderRead struct {
	done  chan struct{}
	files []plans.MigrationFile
	err   error
}

// readAhead reads folders while the targets are looked at.
func (r *reading) readAhead() {
	if r.early == nil {
		r.early = map[string]*folderRead{}
	}
	for _, db := range r.evaluated.Databases {
		folder := db.Settings.Text("migrations")
		if r.early[folder] != nil || folder == "" {
			continue
		}
		f := &folderRead{done: make(chan struct{})}
		r.early[folder] = f
		go func() {
			defer close(f.done)
			f.files, f.err = database.ReadFolder(database.Disk("."), folder)
		}()
	}
}

// readFolders gives every database the change set uses its migrations.
func (r *reading) readFolders() error {
	r.readAhead()
	for _, db := range r.evaluated.Databases {
		folder := db.Settings.Text("migrations")
		f := r.early[folder]
		if f == nil {
			f = &folderRead{done: make(chan struct{})}
			close(f.done)
			f.files, f.err = database.ReadFolder(database.Disk("."), folder)
		}
		<-f.done
		if f.err != nil {
			return folderFailed(f.err)
		}
		hideWritten(r.registry.mask, f.files)
		r.folders[db.Name] = f.files
	}
	return nil
}

// providerName is the registry's name of a block's provider.
func providerName(b config.Block) string {
	if b.Kind == "backfill" {
		return "database/" + databaseDriver(b)
	}
	if b.Driver == "" {
		return b.Kind
	}
	return b.Kind + "/" + b.Driver
}

// databaseDriver is the driver of the database that a block refers to.
func databaseDriver(b config.Block) string {
	database, ok := b.Settings.Get("database")
	if !ok || !database.Type().IsObjectType() || !database.Type().HasAttribute("driver") {
		return ""
	}
	if driver := database.GetAttr("driver"); driver.IsKnown() && !driver.IsNull() && driver.Type() == cty.String {
		return driver.AsString()
	}
	return ""
}
