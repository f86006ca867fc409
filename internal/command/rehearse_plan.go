package command

import (
	"context"
	"os"
	"strconv"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rehearse"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// rehearsePlanned tries what a plan, or a change set that is planned now, would
// apply to its environment.
func (a *app) rehearsePlanned(ctx context.Context, args []string, scratch string, sample int) error {
	if sample < 0 {
		return usageError("--sample %d: expected 1 or more rows", sample)
	}
	a.flags.rehearse = database.RehearseNever // this verb is the rehearsal
	b, err := a.planFor(ctx, args)
	if err != nil {
		return err
	}
	open, err := a.openPlan(b)
	if err != nil {
		return err
	}
	a.mask.Learn(redact.Passwords(scratch)...)
	doc := rehearsal{FormatVersion: "1.0", Migrations: []rehearsed{}, sample: sample}
	for _, d := range plannedDatabases(b.Plan) {
		request, err := open.rehearsalOf(d)
		if err != nil {
			return failed(err)
		}
		if scratch != "" {
			request.Scratch = scratch
		}
		request.Sample = sample
		request.Begin = a.rehearsing(len(request.Pending))
		done, err := rehearse.Run(ctx, request)
		if err != nil {
			return rehearsalFailed(a.mask.Error(err))
		}
		first := len(doc.Migrations)
		doc.add(done, request.Pending)
		for i := range doc.Migrations[first:] {
			doc.Migrations[first+i].Basis = done.Basis
		}
	}
	return a.showRehearsal(doc)
}

// plannedDatabase is a PostgreSQL database and the steps that migrate it, in
// their order of version.
type plannedDatabase struct {
	address string
	steps   []plans.Step
}

func plannedDatabases(p *plans.Plan) []plannedDatabase {
	var found []plannedDatabase
	at := map[string]int{}
	for _, s := range p.Steps {
		if s.Migration == nil || s.Provider != "database/postgres" || s.Late {
			continue
		}
		i, known := at[s.Target]
		if !known {
			i = len(found)
			at[s.Target], found = i, append(found, plannedDatabase{address: s.Target})
		}
		found[i].steps = append(found[i].steps, s)
	}
	return found
}

// rehearsalOf is the request for one database: where it is, what it has, and
// the bundle's files.
func (o *opened) rehearsalOf(d plannedDatabase) (rehearse.Request, error) {
	settings, err := o.resolver.Settings(d.steps[0], nil)
	if err != nil {
		return rehearse.Request{}, err
	}
	target, err := database.DecodeMigration(settings)
	if err != nil {
		return rehearse.Request{}, err
	}
	r := rehearse.Request{
		Target: target.URL, Scratch: target.Trial.ScratchURL, Queries: target.Trial.Queries, Omit: []string{target.Table},
		Cache: rehearsalsOf(o.workspace),
	}
	for _, s := range d.steps {
		file, err := fileOf(o.bundle, s)
		if err != nil {
			return r, err
		}
		r.Pending = append(r.Pending, file)
	}
	r.Applied, err = appliedFiles(o.resolver.Observed(d.steps[0]), target.Migrations)
	return r, err
}

// fileOf reads a step's migration from the bundle.
func fileOf(b *bundle.Bundle, s plans.Step) (plans.MigrationFile, error) {
	version, err := strconv.ParseUint(s.Migration.Version, 10, 64)
	if err != nil {
		return plans.MigrationFile{}, err
	}
	file := plans.MigrationFile{Version: version, Name: s.Migration.Name}
	for _, in := range s.Inputs {
		text, err := b.Blob(in.Digest)
		if err != nil {
			return file, err
		}
		side := plans.SQLFile{Path: in.Path, Bytes: text, Digest: in.Digest}
		switch in.Role {
		case "up":
			file.Up = side
		case "down":
			file.Down = side
		}
	}
	return file, nil
}

// appliedFiles are those of the folder that the target had when the plan was
// made: what a copy of its schema falls back on.
func appliedFiles(seen plans.Observation, folder string) ([]plans.MigrationFile, error) {
	if seen.Database == nil {
		return nil, nil
	}
	files, err := readFolder(folder)
	if err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for _, m := range seen.Database.Applied {
		has[m.Version] = true
	}
	var applied []plans.MigrationFile
	for _, f := range files {
		if has[strconv.FormatUint(f.Version, 10)] {
			applied = append(applied, f)
		}
	}
	return applied, nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
