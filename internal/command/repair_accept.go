package command

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// accept makes the history say what an applied file holds now.
func (r *repairing) accept(ctx context.Context) error {
	file, err := r.acceptedFile()
	if err != nil {
		return err
	}
	was, at, ok := r.appliedAs(file.Version)
	d := r.database
	switch {
	case r.seen.State.Dirty:
		return blocked(fmt.Sprintf("Version %d of %s is dirty; nothing was changed.", r.seen.State.Version, d.block.Address),
			fmt.Sprintf("Mend that first: lockstep repair %s --env %s", d.block.Name, d.environment.Name))
	case !ok:
		return blocked(fmt.Sprintf("%s is not applied to %s of %s with a content that is known; there is nothing to accept.", file.Up.Path, d.block.Address, d.environment.Name))
	case was == file.Up.Digest:
		_, err := fmt.Fprintf(r.app.host.Stdout, "%s is as it was applied; there is nothing to accept.\n", file.Up.Path)
		return err
	}
	r.checkup = view.Checkup{Database: d.block.Address, Environment: d.environment.Name}
	r.complain(view.Complaint{
		Code:    "applied-file-edited",
		Summary: fmt.Sprintf("%s was edited after it was applied %s", file.Up.Path, at),
		Does: []string{
			fmt.Sprintf("the history says %s from now on, it said %s; the schema stays as it is", file.Up.Digest.Short(), was.Short()),
			fmt.Sprintf("keep with it that %s has accepted it: %s", actor(), r.options.reason),
		},
	}, func(ctx context.Context) error {
		return d.keeper.Accept(ctx, database.AcceptRequest{
			Settings: d.settings, File: file, Was: was, Actor: actor(), Reason: r.options.reason, Say: r.say,
		})
	})
	return r.mendShown(ctx)
}

func (r *repairing) acceptedFile() (plans.MigrationFile, error) {
	for _, f := range r.files {
		if filepath.Clean(r.options.accept) == filepath.Clean(f.Up.Path) || r.options.accept == f.ID() {
			return f, nil
		}
	}
	return plans.MigrationFile{}, usageError("--accept %s is no up file of %s", r.options.accept, r.database.folder())
}

func (r *repairing) appliedAs(version uint64) (digest plans.Digest, at string, ok bool) {
	for _, row := range r.seen.State.Applied() {
		if row.Version == version && row.Up != "" {
			return row.Up, row.AppliedAt, true
		}
	}
	return "", "", false
}
