package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// place is where one workspace of a module of an environment is worked on and
// kept. Its paths never change, because Terraform's plans are bound to their
// folder.
type place struct {
	environment string
	module      string // kept: the local state of all workspaces
	state       string // kept: copies, attempts, releases, receipt of this workspace
	work        string // may be deleted between runs
	// detached: the state is a copy, whatever backend the configuration names.
	detached bool

	lock *os.File
}

// errBusy means that another process works here.
var errBusy = errors.New("another run is working on this module")

const lockPoll = 50 * time.Millisecond

// occupy creates the folders and takes the place's lock; it waits until nobody
// else works there, an orphan neither, or ctx ends, and then returns errBusy.
func (p *Provider) occupy(ctx context.Context, environment string, s settings) (*place, error) {
	if err := checkSegment("environment", environment); err != nil {
		return nil, err
	}
	below := s.folderOfWorkspace()
	pl := &place{
		environment: environment,
		module:      filepath.Join(p.options.StateDir, environment, s.module()),
		state:       filepath.Join(p.options.StateDir, environment, s.module(), below),
		work:        filepath.Join(p.options.WorkDir, environment, s.module(), below),
	}
	for _, dir := range []*string{&pl.module, &pl.state, &pl.work} {
		if err := os.MkdirAll(*dir, 0o700); err != nil {
			return nil, fmt.Errorf("terraform working folder: %w", err)
		}
		real, err := filepath.EvalSymlinks(*dir)
		if err != nil {
			return nil, fmt.Errorf("terraform working folder: %w", err)
		}
		*dir = real
	}
	if err := pl.wait(ctx); err != nil {
		return nil, err
	}
	for _, settle := range []func(context.Context) error{pl.awaitOrphan, pl.endOrphans} {
		if err := settle(ctx); err != nil {
			pl.leave()
			return nil, err
		}
	}
	return pl, nil
}

// wait takes the lock. It lies beside the state, so that two checkouts that
// share a state exclude each other.
func (pl *place) wait(ctx context.Context) error {
	f, err := os.OpenFile(filepath.Join(pl.state, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("terraform working folder: %w", err)
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		// A provider inherits the lock of a Terraform that only reads.
		if err := pl.endOrphans(ctx); err != nil {
			f.Close()
			return err
		}
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			pl.lock = f
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return fmt.Errorf("lock the terraform working folder: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return fmt.Errorf("%w: %w", errBusy, ctx.Err())
		case <-tick.C:
		}
	}
}

// leave gives the place up. A shim that still runs keeps the lock: only this
// process's handle is closed.
func (pl *place) leave() { _ = pl.lock.Close() }

// tree is the root of the copied sources.
func (pl *place) tree() string { return filepath.Join(pl.work, "tree") }

// localState is the state file of the local backend.
func (pl *place) localState(workspace string) string {
	return filepath.Join(pl.module, workspaceFolder(workspace), "terraform.tfstate")
}
