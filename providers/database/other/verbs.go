package other

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	migrate "github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// lock takes golang-migrate's lock until ctx ends.
func (t *task) lock(ctx context.Context, o *opened) error {
	for try := 0; ; try++ {
		err := within(ctx, o.Lock, func() {
			_ = o.Unlock() // it came too late
			_ = o.Close()
		})
		if err == nil {
			return nil
		}
		busy := errors.Is(err, migrate.ErrLocked)
		if !busy && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if try == 0 && t.request.Progress != nil {
			t.request.Progress("waiting for another migration of this database")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: another migration of this database is running; the driver does not tell whose", providers.ErrBlocked)
		case <-time.After(100*time.Millisecond + rand.N(400*time.Millisecond)):
		}
	}
}

// Apply runs the up file in golang-migrate's own way: the version is marked
// dirty, the file is run, the mark is taken away.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (result providers.Result, err error) {
	t, err := p.task(req)
	if err != nil {
		return result, err
	}
	err = t.do(ctx, true, func(o *opened) error {
		version, dirty, err := o.version()
		switch {
		case err != nil:
			return err
		case dirty:
			return t.dirty(version)
		case version == t.version:
			result.Summary = fmt.Sprintf("version %d is already there", version)
			return nil
		case version != t.before:
			return fmt.Errorf("the database is at version %d, expected %d; plan again", version, t.before)
		}
		text, err := t.input("up", req.Step.Migration.Up)
		if err != nil {
			return err
		}
		result = providers.Result{Summary: fmt.Sprintf("%s -> %d", describe(version), t.version), Changed: true}
		return t.run(ctx, o, move{to: t.version, text: text})
	})
	if err != nil {
		return providers.Result{}, err
	}
	return result, nil
}

// Rollback runs the down file; golang-migrate marks the version below.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (result providers.Result, err error) {
	t, err := p.task(req)
	if err != nil {
		return result, err
	}
	err = t.do(ctx, true, func(o *opened) error {
		version, dirty, err := o.version()
		switch {
		case err != nil:
			return err
		case dirty:
			return t.dirty(version)
		case version == t.before:
			result.Summary = fmt.Sprintf("version %d is not applied", t.version)
			return nil
		case version != t.version:
			return fmt.Errorf("%w: the database is at version %d", providers.ErrForeign, version)
		}
		if reason := req.Step.Migration.Irreversible; reason != "" {
			return fmt.Errorf("%w: the author says: %s", providers.ErrIrreversible, reason)
		}
		text, err := t.input("down", req.Step.Migration.Down)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(text)) == 0 {
			return fmt.Errorf("%w: there is no down file with a statement", providers.ErrIrreversible)
		}
		result = providers.Result{Summary: fmt.Sprintf("%d -> %s", version, describe(t.before)), Changed: true}
		return t.run(ctx, o, move{to: t.before, text: text})
	})
	if err != nil {
		return providers.Result{}, err
	}
	return result, nil
}

// Probe reads the version. A dirty one says that a file was begun, and nobody
// but a person can tell how much of it is there.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (report providers.Report, err error) {
	t, err := p.task(req)
	if err != nil {
		return report, err
	}
	err = t.do(ctx, false, func(o *opened) error {
		version, dirty, err := o.version()
		switch {
		case err != nil:
			return err
		case dirty:
			report = providers.Report{Verdict: providers.Unknown, Detail: fmt.Sprintf(
				"version %d is dirty: its file was begun, and this driver cannot tell how much of it is there", version)}
		case version == t.version:
			report = providers.Report{Verdict: providers.Done, Detail: fmt.Sprintf("the database is at version %d", version)}
		case version == t.before:
			report = providers.Report{Verdict: providers.Absent, Detail: "the database is at " + describe(version)}
		default:
			report = providers.Report{Verdict: providers.Unknown, Detail: fmt.Sprintf(
				"the database is at version %d: another hand has moved it", version)}
		}
		return nil
	})
	return report, err
}

// move is a file and the version that it leads to.
type move struct {
	to   uint64
	text []byte
}

// run waits for the file to end, also when ctx does: a driver cannot be
// interrupted, and what is cut off goes on in the server.
func (t *task) run(ctx context.Context, o *opened, m move) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.request.Record != nil {
		if err := t.request.Record(map[string]uint64{"dirty": m.to}); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	to := int(m.to)
	if m.to == 0 {
		to = migrate.NilVersion
	}
	failpoint.Here("other: before the dirty mark")
	if err := o.SetVersion(to, true); err != nil {
		return fmt.Errorf("mark the version as dirty: %w", err)
	}
	failpoint.Here("other: before the file")
	if err := o.Run(bytes.NewReader(m.text)); err != nil {
		return fmt.Errorf("%s left the version dirty, and how much of the file is there is not known; look, mend it, then set the version by golang-migrate's force: %w",
			t.file(m), t.plain(err))
	}
	failpoint.Here("other: after the file")
	if err := o.SetVersion(to, false); err != nil {
		return fmt.Errorf("%s has run, and its version is still marked dirty: %w", t.file(m), err)
	}
	failpoint.Here("other: after the version")
	return nil
}

// plain leaves the file's whole text out of what a driver says.
func (t *task) plain(err error) error {
	var said migrate.Error
	if errors.As(err, &said) && said.OrigErr != nil {
		return said.OrigErr
	}
	var pointed *migrate.Error
	if errors.As(err, &pointed) && pointed.OrigErr != nil {
		return pointed.OrigErr
	}
	return err
}

func (t *task) file(m move) string {
	role := "up"
	if m.to != t.version {
		role = "down"
	}
	for _, in := range t.request.Step.Inputs {
		if in.Role == role {
			return in.Path
		}
	}
	return role + " file"
}

func (t *task) dirty(version uint64) error {
	return fmt.Errorf("version %d is dirty: a file was begun and did not end; look at the database, mend it, then set the version by golang-migrate's force", version)
}

// input returns one direction of the file from the bundle.
func (t *task) input(role string, digest plans.Digest) ([]byte, error) {
	if digest == "" {
		return nil, nil
	}
	if t.request.Blob == nil {
		return nil, fmt.Errorf("%s file: the bundle has no files", role)
	}
	text, err := t.request.Blob(digest)
	if err != nil {
		return nil, fmt.Errorf("%s file: %w", role, err)
	}
	if found := plans.DigestOf(text); found != digest {
		return nil, fmt.Errorf("%s file: found content %s, expected %s", role, found.Short(), digest.Short())
	}
	return text, nil
}

func describe(version uint64) string {
	if version == 0 {
		return "nothing"
	}
	return fmt.Sprint(version)
}
