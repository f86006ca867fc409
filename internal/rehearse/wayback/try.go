package wayback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/plans"
)

// Trial is what became of a migration that was taken back and applied again.
type Trial struct {
	// Problems say why the down file is no way back: it fails, or leads
	// elsewhere. Empty: it restores the schema.
	Problems []string
	// Lost says how the down file fails over rows written after the up file.
	Lost []string
	// Changed are tables whose rows were not as before after the way back.
	Changed []string
	// Closed are tables that took a row before the up file and take none
	// after it, with the server's reason.
	Closed []string
	// Unproven says which trial did not take place, and why.
	Unproven []string
}

// Try applies the files and tries the last of them, which has both directions:
// up, down and up again on empty tables, then with a row written after the up
// file, then with one written before it. The error is of the bench or of the
// files before the last.
func Try(ctx context.Context, b Bench, files []plans.MigrationFile) (trial Trial, err error) {
	s, err := b.Replay(ctx, files[:len(files)-1])
	if err != nil {
		return trial, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	t := &try{bench: b, files: files, file: files[len(files)-1], stage: s, trial: &trial}
	for _, part := range []func(context.Context) error{t.empty, t.writtenAfter, t.writtenBefore} {
		if err := part(ctx); err != nil || len(trial.Problems) > 0 {
			return trial, err
		}
	}
	return trial, nil
}

type try struct {
	bench   Bench
	files   []plans.MigrationFile
	file    plans.MigrationFile
	stage   *Stage
	trial   *Trial
	refused map[string]string // tables that take no row after the up file
	astray  bool              // the database is not where the files before lead
}

func (t *try) fail(format string, args ...any) {
	t.trial.Problems = append(t.trial.Problems, fmt.Sprintf(format, args...))
}

// empty leaves the database after the second up.
func (t *try) empty(ctx context.Context) error {
	before, err := t.stage.Snapshot(ctx)
	if err != nil {
		return err
	}
	if failure := t.stage.Run(ctx, t.file.Up); failure != nil {
		t.fail("the up file fails: %s", failure)
		return nil
	}
	after, err := t.stage.Snapshot(ctx)
	if err != nil {
		return err
	}
	if failure := t.stage.Run(ctx, t.file.Down); failure != nil {
		t.fail("the down file fails: %s", failure)
		return nil
	}
	if err := t.compare(ctx, "after the down file: ", before); err != nil || len(t.trial.Problems) > 0 {
		return err
	}
	if failure := t.stage.Run(ctx, t.file.Up); failure != nil {
		t.fail("the up file fails after the down file: %s", failure)
		return nil
	}
	return t.compare(ctx, "after the second up: ", after)
}

func (t *try) compare(ctx context.Context, where string, wanted catalog.Snapshot) error {
	found, err := t.stage.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, d := range catalog.Compare(wanted, found) {
		t.fail("%s%s", where, d)
	}
	return nil
}

// writtenAfter takes rows back that were written after the up file.
func (t *try) writtenAfter(ctx context.Context) error {
	_, refused, err := t.stage.seed(ctx)
	if err != nil {
		return err
	}
	t.refused = refused
	if failure := t.stage.Run(ctx, t.file.Down); failure != nil {
		t.astray = true
		t.trial.Lost = append(t.trial.Lost, fmt.Sprintf("the way back itself, where such rows were written since: with a row in every table it fails: %s", failure))
	}
	return nil
}

// writtenBefore goes up and down over rows that were there before.
func (t *try) writtenBefore(ctx context.Context) error {
	if err := t.goBack(ctx); err != nil {
		return err
	}
	seeded, refused, err := t.stage.seed(ctx)
	if err != nil {
		return err
	}
	t.closed(seeded)
	tables, err := t.stage.tables(ctx)
	if err != nil {
		return err
	}
	before, err := t.stage.contents(ctx, tables)
	if err != nil {
		return err
	}
	if failure := t.stage.Run(ctx, t.file.Up); failure != nil {
		t.trial.Unproven = append(t.trial.Unproven, fmt.Sprintf("the way back of rows that were there before: the up file fails on one: %s", failure))
		return nil
	}
	if failure := t.stage.Run(ctx, t.file.Down); failure != nil {
		t.fail("with a row in every table the down file fails: %s", failure)
		return nil
	}
	after, err := t.stage.contents(ctx, tables)
	if err != nil {
		return err
	}
	for _, name := range tables {
		switch reason, none := refused[name]; {
		case none:
			t.trial.Unproven = append(t.trial.Unproven, fmt.Sprintf("the way back of rows of table %s: no row could be made up for it: %s", name, reason))
		case before[name] != after[name]:
			t.trial.Changed = append(t.trial.Changed, name)
		}
	}
	return nil
}

// goBack leads to where the files before the last one lead, on a new database
// where the down file has failed.
func (t *try) goBack(ctx context.Context) error {
	if !t.astray {
		return nil
	}
	s, err := t.bench.Replay(ctx, t.files[:len(t.files)-1])
	if err != nil {
		return err
	}
	old := t.stage
	*t.stage, *s = *s, *old
	return s.Close()
}

// closed notes the tables that take a row now and took none after the up file.
// One that lacks rows of another is named behind what that one lacks.
func (t *try) closed(seeded []string) {
	var causes, followers []string
	for _, name := range seeded {
		reason, ok := t.refused[name]
		switch {
		case !ok:
		case trace.LacksParent(reason):
			followers = append(followers, name)
		default:
			causes = append(causes, fmt.Sprintf("table %s takes a row before the up file and none after it: %s", name, reason))
		}
	}
	slices.Sort(causes)
	slices.Sort(followers)
	switch {
	case len(followers) == 0:
	case len(causes) > 0:
		causes = append(causes, "so those take none that refer to it: "+strings.Join(followers, ", "))
	default:
		for _, name := range followers {
			causes = append(causes, fmt.Sprintf("table %s takes a row before the up file and none after it: %s", name, t.refused[name]))
		}
	}
	t.trial.Closed = causes
}
