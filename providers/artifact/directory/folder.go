package directory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// lockPatience is how long a deployment waits for another one in the folder.
const lockPatience = 3 * time.Second

// folder is the target: where releases and links are.
type folder struct{ path string }

func (f folder) releases() string { return filepath.Join(f.path, "releases") }

func (f folder) release(d plans.Digest) string { return filepath.Join(f.releases(), d.Hex()) }

func (f folder) partial(d plans.Digest) string { return f.release(d) + ".partial" }

func (f folder) manifest(d plans.Digest) string { return f.release(d) + ".manifest.json" }

func (f folder) log(d plans.Digest) string { return f.release(d) + ".log" }

func (f folder) changingFile() string { return filepath.Join(f.releases(), ".changing") }

// linked returns the digest of the release that a link points to, or none. A
// link that Lockstep did not make is an error: it would be overwritten.
func (f folder) linked(name string) (plans.Digest, error) {
	path := filepath.Join(f.path, name)
	target, err := os.Readlink(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if _, statErr := os.Lstat(path); err != nil && statErr == nil {
		return "", fmt.Errorf("%s is not a link to a release; move it away", path)
	}
	if err != nil {
		return "", err
	}
	hex, ok := strings.CutPrefix(filepath.ToSlash(target), "releases/")
	if d := plans.Digest("sha256:" + hex); ok && d.Valid() {
		return d, nil
	}
	return "", fmt.Errorf("%s points to %q, expected releases/DIGEST; move it away", path, target)
}

// state is what the folder runs. A current release that was altered is an
// error: it would be replaced, and nothing could bring it back.
func (f folder) state(ctx context.Context) (plans.DeploymentState, error) {
	var state plans.DeploymentState
	if err := f.usable(); err != nil {
		return state, err
	}
	current, err := f.linked("current")
	if err != nil {
		return state, err
	}
	if current != "" {
		if err := f.whole(ctx, current); err != nil {
			return state, err
		}
		state.Current = current
	}
	state.Previous, err = f.linked("previous")
	return state, err
}

// whole is verify with what to do about it.
func (f folder) whole(ctx context.Context, current plans.Digest) error {
	err := f.verify(ctx, current)
	if errors.Is(err, errNotAsPlaced) {
		return fmt.Errorf("%w; restore it, or remove the link %s to give it up", err, filepath.Join(f.path, "current"))
	}
	return err
}

func (f folder) usable() error {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder, expected the folder that gets the releases", f.path)
	}
	return nil
}

// point makes a link point to a release, or removes it for none: at once and
// durably.
func (f folder) point(name string, d plans.Digest) error {
	link := filepath.Join(f.path, name)
	if d == "" {
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(f.path)
	}
	fresh := filepath.Join(f.releases(), "."+name+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(filepath.Join("releases", d.Hex()), fresh); err != nil {
		return err
	}
	failpoint.Here("directory: before link " + name + " is swapped")
	if err := os.Rename(fresh, link); err != nil {
		return err
	}
	failpoint.Here("directory: after link " + name + " was swapped")
	return syncDir(f.path)
}

// begin notes durably that links move and a restart follows, until settled.
func (f folder) begin(what string) error {
	file := f.changingFile()
	if err := writeDurably(file+".new", []byte(what+"\n")); err != nil {
		return err
	}
	failpoint.Here("directory: before the change is marked")
	if err := os.Rename(file+".new", file); err != nil {
		return err
	}
	return syncDir(f.releases())
}

func (f folder) settled() error {
	failpoint.Here("directory: before the mark is removed")
	if err := os.Remove(f.changingFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(f.releases())
}

// unsettled returns what begin noted, or "".
func (f folder) unsettled() (string, error) {
	b, err := os.ReadFile(f.changingFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

func (f folder) unfinished(d plans.Digest) bool {
	_, err := os.Lstat(f.partial(d))
	return err == nil
}

// alone runs work while no other process deploys into the folder.
func (f folder) alone(ctx context.Context, work func() error) error {
	if err := f.usable(); err != nil {
		return err
	}
	if err := os.MkdirAll(f.releases(), 0o755); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(f.releases(), ".lock"))
	defer lock.Close()
	patience, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	held, err := lock.TryLockContext(patience, 50*time.Millisecond)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded) || (err == nil && !held):
		return fmt.Errorf("another deployment into %s is running: %w", f.path, providers.ErrBlocked)
	case err != nil:
		return err
	}
	return work()
}

func writeDurably(path string, b []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	return errors.Join(err, file.Sync(), file.Close())
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
