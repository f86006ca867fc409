package database

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/plans"
)

// Examiner is a Session that can look traces up in the catalog.
type Examiner interface {
	// Examine leaves out what the catalog does not tell.
	Examine(ctx context.Context, traces []sqltrace.Trace) (mend.Sights, error)
	// Invalid are the indexes that cost every write and serve no read.
	Invalid(ctx context.Context) ([]InvalidIndex, error)
}

// InvalidIndex is what an interrupted CREATE INDEX CONCURRENTLY, DROP INDEX
// CONCURRENTLY or REINDEX CONCURRENTLY leaves.
type InvalidIndex struct {
	Name  string // quoted and qualified
	Table string
	// Builder is the process that is building it now; 0 for none.
	Builder int
	// Constraint needs the index; empty for none.
	Constraint string
}

// Examine looks traces up under no lock.
func (p *Provider) Examine(ctx context.Context, settings json.RawMessage, traces []sqltrace.Trace) (sights mend.Sights, err error) {
	err = p.looking(ctx, settings, func(e Examiner) error {
		sights, err = e.Examine(ctx, traces)
		return err
	})
	return sights, err
}

// Invalid lists the indexes that are INVALID.
func (p *Provider) Invalid(ctx context.Context, settings json.RawMessage) (list []InvalidIndex, err error) {
	err = p.looking(ctx, settings, func(e Examiner) error {
		list, err = e.Invalid(ctx)
		return err
	})
	return list, err
}

func (p *Provider) looking(ctx context.Context, settings json.RawMessage, look func(Examiner) error) error {
	target, err := p.decodeTarget(settings)
	if err != nil {
		return err
	}
	job := Job{
		Target: target, Run: soleName(RepairRun), Step: "look at database." + target.Name, Patience: keeping,
		Say: func(string, ...any) {}, Record: func(any) error { return nil },
	}
	session, err := p.driver.Open(ctx, job)
	if err != nil {
		return HideURL(target.URL, err)
	}
	examiner, ok := session.(Examiner)
	if ok {
		err = look(examiner)
	} else {
		err = fmt.Errorf("driver %s: the catalog cannot be looked at here; mend it by hand", p.driver.Name())
	}
	return HideURL(target.URL, errors.Join(err, session.Close()))
}

// RepairRequest is a way that a person has agreed to.
type RepairRequest struct {
	Settings json.RawMessage
	Way      mend.Way
	// File is the migration of the way's row; Below the version under it.
	File  plans.MigrationFile
	Below uint64
	// Seen and Sights are what was shown; the target must still be so.
	Seen   ToolSurvey
	Sights mend.Sights
	Actor  string
	// Reason stands in the history when a person has decided something.
	Reason string
	// Say reports a line for people; it may not be nil.
	Say func(line string)
}

// Repair carries a way out: its statements, the version and the history in
// one transaction, under the locks that keep other migrations out. Errors
// wrap ErrMovedOn when the target is not as Seen.
func (p *Provider) Repair(ctx context.Context, req RepairRequest) error {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return err
	}
	return HideURL(target.URL, p.holding(ctx, keeper{target, RepairRun, req.Say}, func(s Session) error {
		if err := p.unmoved(ctx, target, req.Seen); err != nil {
			return err
		}
		if err := unchanged(ctx, s, req.Sights); err != nil {
			return err
		}
		if err := p.removeBroken(ctx, s, req); err != nil {
			return err
		}
		err := p.settle(ctx, s, req)
		if err != nil && len(req.Way.Broken) > 0 {
			return fmt.Errorf("%w: %w", ErrPartlyMended, err)
		}
		return err
	}))
}

// unchanged looks again under the locks: a migration that was still running
// when the catalog was read may have committed since, and died.
func unchanged(ctx context.Context, s Session, seen mend.Sights) error {
	examiner, ok := s.(Examiner)
	if !ok || len(seen) == 0 {
		return nil
	}
	now, err := examiner.Examine(ctx, slices.Collect(maps.Keys(seen)))
	if err != nil {
		return err
	}
	if !maps.Equal(seen, now) {
		return ErrMovedOn
	}
	return nil
}

func (p *Provider) removeBroken(ctx context.Context, s Session, req RepairRequest) error {
	for _, text := range req.Way.Broken {
		statements, err := p.driver.Split([]byte(text))
		if err != nil {
			return err
		}
		for _, statement := range statements {
			if err := s.Mend(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Provider) settle(ctx context.Context, s Session, req RepairRequest) error {
	change := p.change(req)
	if len(req.Way.SQL) == 0 {
		return s.Write(ctx, func(b Books, q Querier) error {
			if err := b.Prepare(ctx, q); err != nil {
				return err
			}
			return b.Enter(ctx, q, change, Measured{Rows: -1})
		})
	}
	text, file := []byte(req.Way.Text()), cmp.Or(req.Way.File, "repair")
	statements, err := p.driver.Split(text)
	if err != nil {
		return err
	}
	if _, ok := p.driver.(ImplicitCommitter); ok {
		return oneByOne(ctx, s, Work{File: file, Statements: statements, Change: change})
	}
	_, err = s.Transact(ctx, Work{File: file, SQL: text, Statements: statements, Change: change})
	return err
}

// ErrPartlyMended is wrapped by the error of a repair that had done something
// before it failed. To look again tells what is there.
var ErrPartlyMended = errors.New("what was mended before stays")

// ImplicitCommitter is a Driver whose changes of the catalog commit by
// themselves, so that no file of them is one transaction.
type ImplicitCommitter interface{ ImplicitCommit() }

// oneByOne runs the statements, then writes the books. When it is cut short
// the version is still dirty, and the next diagnosis sees how far it came.
func oneByOne(ctx context.Context, s Session, work Work) error {
	for i, statement := range work.Statements {
		if _, err := s.Run(ctx, Statement{Statement: statement, File: work.File}); err != nil {
			if i > 0 {
				err = fmt.Errorf("%w: %w", ErrPartlyMended, err)
			}
			return err
		}
	}
	err := s.Write(ctx, func(b Books, q Querier) error {
		if err := b.Prepare(ctx, q); err != nil {
			return err
		}
		return b.Enter(ctx, q, work.Change, Measured{Rows: -1})
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPartlyMended, err)
	}
	return nil
}

// change is what the books say afterwards.
func (p *Provider) change(r RepairRequest) Change {
	c := Change{Direction: Down, Receipt: Receipt{Version: r.Way.Row}, Version: r.Way.Version}
	if !r.Way.Applied {
		return c
	}
	c.Direction = Up
	c.Receipt = Receipt{
		Version: r.Way.Row, Name: r.File.Name, Up: r.File.Up.Digest, Down: r.File.Down.Digest, DownSQL: string(r.File.Down.Bytes),
		Canonical: p.canonical(string(r.File.Up.Bytes)), Mode: "repaired", Run: RepairRun, Step: r.note(), Actor: r.Actor,
	}
	if _, known := r.Seen.State.rowOf(r.Below); !known && r.Below > 0 {
		c.Baseline = &Receipt{Version: r.Below, Name: "(baseline)", Run: RepairRun, Actor: r.Actor}
	}
	return c
}

func (r RepairRequest) note() string {
	if r.Reason == "" {
		return "repair: " + r.Way.Name
	}
	return "repair: " + r.Way.Name + ": " + r.Reason
}

// rowOf is the row of a version, whatever schema_migrations says.
func (s State) rowOf(version uint64) (Receipt, bool) {
	for _, r := range s.History {
		if r.Version == version {
			return r, true
		}
	}
	return Receipt{}, false
}

// AcceptRequest says that an edit of an applied file is meant.
type AcceptRequest struct {
	Settings      json.RawMessage
	File          plans.MigrationFile
	Was           plans.Digest // what the history must have now
	Actor, Reason string
	Say           func(line string)
}

// Accept makes the history say the file's present content. The row keeps who
// applied it, and gets who accepted the edit and why.
func (p *Provider) Accept(ctx context.Context, req AcceptRequest) error {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return err
	}
	return HideURL(target.URL, p.holding(ctx, keeper{target, RepairRun, req.Say}, func(s Session) error {
		state, err := s.State(ctx)
		if err != nil {
			return err
		}
		row, ok := state.receipt(req.File.Version)
		if !ok || row.Up != req.Was {
			return ErrMovedOn
		}
		row.Up, row.Canonical = req.File.Up.Digest, p.canonical(string(req.File.Up.Bytes))
		row.Step += fmt.Sprintf("; edit accepted by %s (was %s): %s", req.Actor, req.Was.Short(), req.Reason)
		return s.Write(ctx, func(b Books, q Querier) error { return b.accept(ctx, q, row) })
	}))
}

func (b Books) accept(ctx context.Context, q Querier, row Receipt) error {
	if err := b.exec(ctx, q, `UPDATE {history} SET up_digest = $2, canonical_digest = $3, step = $4 WHERE version = $1`,
		int64(row.Version), string(row.Up), string(row.Canonical), row.Step); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

// DropInvalid removes indexes that are INVALID, without keeping anybody
// waiting, and reports each.
func (p *Provider) DropInvalid(ctx context.Context, settings json.RawMessage, indexes []InvalidIndex, say func(string)) error {
	target, err := p.decodeTarget(settings)
	if err != nil {
		return err
	}
	return HideURL(target.URL, p.holding(ctx, keeper{target, RepairRun, say}, func(s Session) error {
		for _, index := range indexes {
			statements, err := p.driver.Split([]byte("DROP INDEX CONCURRENTLY IF EXISTS " + index.Name))
			if err != nil {
				return err
			}
			if _, err := s.Run(ctx, Statement{Statement: statements[0], File: "repair"}); err != nil {
				return err
			}
			say("dropped " + index.Name)
		}
		return nil
	}))
}

// SetVersion makes the version table say version, clean; rows of the history
// above it are deleted. It is for a database whose number and history differ.
func (p *Provider) SetVersion(ctx context.Context, req RepairRequest) error {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return err
	}
	return HideURL(target.URL, p.holding(ctx, keeper{target, RepairRun, req.Say}, func(s Session) error {
		if err := p.unmoved(ctx, target, req.Seen); err != nil {
			return err
		}
		return s.Write(ctx, func(b Books, q Querier) error {
			if err := b.exec(ctx, q, `DELETE FROM {history} WHERE version > $1`, int64(req.Way.Version)); err != nil {
				return fmt.Errorf("write the history: %w", err)
			}
			return b.SetVersion(ctx, q, req.Way.Version)
		})
	}))
}
