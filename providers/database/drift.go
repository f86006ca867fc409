package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// InvalidIndexReader is a Driver whose server may keep indexes that no query
// uses.
type InvalidIndexReader interface {
	// InvalidIndexes lists them, those that are being built now as well.
	InvalidIndexes(ctx context.Context, target Target) ([]InvalidIndex, error)
}

var _ providers.Drifter = (*Provider)(nil)

// Drift implements providers.Drifter: it compares the database's history with
// the folder and with the journal, and looks for broken indexes.
func (p *Provider) Drift(ctx context.Context, req providers.DriftRequest) ([]providers.DriftItem, error) {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Address, err)
	}
	state, err := p.driver.State(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Address, HideURL(target.URL, err))
	}
	d := drift{state: state, request: req}
	d.compare()
	reader, able := p.driver.(InvalidIndexReader)
	if !able {
		return d.items, nil
	}
	broken, err := reader.InvalidIndexes(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Address, HideURL(target.URL, err))
	}
	for _, i := range broken {
		if i.Builder == 0 {
			d.add(i.Name, "invalid index", "it was not built to its end: writes to "+i.Table+" maintain it and no query uses it")
		}
	}
	return d.items, nil
}

// ErrNotAsApplied says that the folder does not have what a database has had,
// so that nothing can be made anew from it.
var ErrNotAsApplied = errors.New("the folder is not what was applied")

// AppliedFiles are the folder's files that the database has had, by version. It
// wraps ErrNotAsApplied where one of them is not in the folder as it was
// applied, or the history does not say what it was.
func (p *Provider) AppliedFiles(ctx context.Context, req providers.DriftRequest) ([]plans.MigrationFile, error) {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return nil, err
	}
	state, err := p.driver.State(ctx, target)
	if err != nil {
		return nil, HideURL(target.URL, err)
	}
	d := drift{state: state, request: req}
	var files []plans.MigrationFile
	for _, r := range state.Applied() {
		file, there := d.file(r.Version)
		if !there || r.Up == "" || file.Up.Digest != r.Up {
			return nil, fmt.Errorf("%w: %d_%s", ErrNotAsApplied, r.Version, r.Name)
		}
		files = append(files, file)
	}
	if len(files) == 0 && state.Version > 0 {
		return nil, fmt.Errorf("%w: version %d has no history", ErrNotAsApplied, state.Version)
	}
	return files, nil
}

// drift is a comparison under way.
type drift struct {
	state   State
	request providers.DriftRequest
	items   []providers.DriftItem
}

// compare looks at nothing but what was read.
func (d *drift) compare() {
	d.books()
	d.applied()
	d.passedOver()
}

func (d *drift) add(address, what, detail string) {
	d.items = append(d.items, providers.DriftItem{Address: address, What: what, Detail: detail})
}

func (d *drift) highest() uint64 {
	var highest uint64
	for _, r := range d.state.Applied() {
		highest = max(highest, r.Version)
	}
	return highest
}

// books compares the number in schema_migrations with the history and with
// the journal. Without a history another tool keeps the number, and may.
func (d *drift) books() {
	version := strconv.FormatUint(d.state.Version, 10)
	if d.state.Dirty {
		d.add("version "+version, "dirty", "a migration was begun and not finished")
	}
	if highest := d.highest(); highest > 0 && d.state.Version > highest {
		d.add("version "+version, "not ours", fmt.Sprintf("another tool or a person set it; the history ends at %d", highest))
	}
	for _, r := range d.state.History {
		if r.Version > d.state.Version {
			d.add(fmt.Sprintf("%d_%s", r.Version, r.Name), "taken back elsewhere", "the history has it, and the version is "+version)
		}
	}
	if recorded, err := strconv.ParseUint(d.request.Version, 10, 64); err == nil && recorded > d.state.Version {
		if _, kept := d.state.find(recorded); !kept {
			d.add("version "+version, "differs from the journal", fmt.Sprintf("run %s left it at %d", d.request.Run, recorded))
		}
	}
}

// applied compares each applied file with the folder's.
func (d *drift) applied() {
	for _, r := range d.state.Applied() {
		if r.Up == "" {
			continue // another tool applied it: nobody knows with what content
		}
		file, there := d.file(r.Version)
		name := fmt.Sprintf("%d_%s", r.Version, r.Name)
		switch {
		case !there:
			d.add(name, "deleted", "it was applied "+r.AppliedAt+" and is not in the folder")
		case file.Up.Digest != r.Up:
			d.add(file.ID(), "edited", fmt.Sprintf("applied %s as %s, now it is %s", r.AppliedAt, r.Up.Short(), file.Up.Digest.Short()))
		}
	}
	if len(d.state.History) > 0 || d.state.Version == 0 || len(d.request.Migrations) == 0 {
		return
	}
	if _, there := d.file(d.state.Version); !there {
		d.add("version "+strconv.FormatUint(d.state.Version, 10), "unknown", "the folder has no file of it")
	}
}

func (d *drift) file(version uint64) (plans.MigrationFile, bool) {
	i := slices.IndexFunc(d.request.Migrations, func(f plans.MigrationFile) bool { return f.Version == version })
	if i < 0 {
		return plans.MigrationFile{}, false
	}
	return d.request.Migrations[i], true
}

// passedOver finds files below the newest applied one that were not applied.
// A contract waits for its time and may lie below; a record without a digest
// stands for all files between the one before and itself.
func (d *drift) passedOver() {
	if !d.request.Settled {
		return
	}
	highest := d.highest()
	for _, f := range d.request.Migrations {
		if f.Version >= highest || d.covers(f.Version) {
			continue
		}
		if header, err := sqlscan.ParseHeader(f.Up.Bytes); err == nil && header.Phase == string(plans.Contract) {
			continue
		}
		d.add(f.ID(), "passed over", fmt.Sprintf("it was not applied, and %d was", highest))
	}
}

func (d *drift) covers(version uint64) bool {
	for _, r := range d.state.Applied() {
		if r.Version >= version {
			return r.Version == version || r.Up == ""
		}
	}
	return false
}
