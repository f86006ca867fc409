package command

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
)

// dirty diagnoses a version that golang-migrate left dirty.
func (r *repairing) dirty(ctx context.Context) error {
	c, err := r.dirtyCase()
	if err != nil {
		return err
	}
	sights, err := r.database.keeper.Examine(ctx, r.database.settings, c.Traces())
	if err != nil {
		return err
	}
	d := c.Diagnose(sights)
	complaint := view.Complaint{
		Code: "dirty", Summary: fmt.Sprintf("Version %s is marked dirty: golang-migrate began a file and has not finished it", dirtyVersion(c.Version)), Diagnosis: &d,
	}
	way, next := r.choose(d)
	if way == nil {
		complaint.Next = next
		r.complain(complaint)
		return nil
	}
	r.checkup.Way = way
	r.complain(complaint, func(ctx context.Context) error {
		req := r.request(*way, r.below(way.Row))
		req.Sights = sights
		return r.database.keeper.Repair(ctx, req)
	})
	return nil
}

func dirtyVersion(version uint64) string {
	if version == 0 {
		return "-1 (none)"
	}
	return fmt.Sprint(version)
}

// choose takes the only way, or the one that a flag names.
func (r *repairing) choose(d mend.Diagnosis) (way *mend.Way, next []string) {
	again := r.database.again("lockstep repair")
	if len(d.Ways) == 0 {
		return nil, nil // the diagnosis says what it needs
	}
	for i := range d.Ways {
		w := &d.Ways[i]
		wanted := w.Name == mend.Settle || w.Name == mend.Finish && r.options.finish || w.Name == mend.Undo && r.options.undo
		if wanted && w.Refused == "" {
			return w, nil
		}
		if w.Refused == "" {
			next = append(next, again+" --"+w.Name)
		}
	}
	if len(next) == 0 {
		next = []string{"mend it by hand, then say which it is now: " + again + " --assume applied or not-applied, with --reason TEXT"}
	}
	return nil, next
}

// dirtyCase reads the files that may have failed.
func (r *repairing) dirtyCase() (mend.Case, error) {
	c := mend.Case{
		Version: r.seen.State.Version, Autocommit: r.database.block.Driver == "mysql", Failed: r.options.failed, Assume: r.options.assume,
		MultiStatement: r.options.oneByOne || r.database.block.Driver == "mysql" || multiStatement(r.database.block.Settings.Text("url")), Previous: r.below(r.seen.State.Version),
	}
	i, found := slices.BinarySearchFunc(r.files, c.Version, func(f plans.MigrationFile, v uint64) int {
		switch {
		case f.Version < v:
			return -1
		case f.Version > v:
			return 1
		}
		return 0
	})
	var err error
	if found {
		if c.Up, err = r.mendFile(r.files[i], mend.Up); err != nil {
			return c, err
		}
		i++
	}
	if i == len(r.files) || r.files[i].Down.Path == "" {
		return c, nil
	}
	if c.NextUp, err = r.mendFile(r.files[i], mend.Up); err != nil {
		return c, err
	}
	c.NextDown, err = r.mendFile(r.files[i], mend.Down)
	return c, err
}

// below is the highest version under one, by the files.
func (r *repairing) below(version uint64) uint64 {
	var highest uint64
	for _, f := range r.files {
		if f.Version < version {
			highest = max(highest, f.Version)
		}
	}
	return highest
}

func (r *repairing) mendFile(f plans.MigrationFile, direction string) (*mend.File, error) {
	side := f.Up
	if direction == mend.Down {
		side = f.Down
	}
	statements, err := r.database.split(side.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", side.Path, err)
	}
	_, statements, _ = sqlscan.Unwrap(side.Bytes, statements)
	return &mend.File{Path: side.Path, Direction: direction, Version: f.Version, Statements: statements}, nil
}

// multiStatement reports whether the url asks golang-migrate to send one
// statement at a time.
func multiStatement(dsn string) bool {
	u, err := url.Parse(dsn)
	return err == nil && strings.EqualFold(u.Query().Get("x-multi-statement"), "true")
}
