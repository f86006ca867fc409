package terraform

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// awaitOrphan waits for Terraform processes whose shim is gone and with it
// the lock.
func (pl *place) awaitOrphan(ctx context.Context) error {
	attempts, err := pl.attempts()
	if err != nil || len(attempts) == 0 {
		return err
	}
	last := attempts[len(attempts)-1]
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		alive, err := shim.Running(last)
		if err != nil || !alive {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errBusy, ctx.Err())
		case <-tick.C:
		}
	}
}

// endOrphans ends the providers of a Terraform that was killed. Nobody else
// ends them, nobody can hear their answers any more, and what they still do
// would come after everybody has looked. Where there is no /proc they are not
// found.
func (pl *place) endOrphans(ctx context.Context) error {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return fmt.Errorf("look for providers that were left running: %w", err)
	}
	for _, entry := range entries {
		id, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || !pl.isOrphan(id) {
			continue
		}
		if err := endProcess(ctx, shim.Identify(id)); err != nil {
			return err
		}
	}
	return nil
}

// isOrphan reports whether a process is a provider that works here, and its
// parent is not: Terraform starts its providers in its own folder.
func (pl *place) isOrphan(id int) bool {
	if !pl.worksHere(id) {
		return false
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", id))
	name, _, _ := bytes.Cut(line, []byte{0})
	if err != nil || !strings.HasPrefix(filepath.Base(string(name)), "terraform-provider-") {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	_, rest, found := bytes.Cut(status, []byte("\nPPid:"))
	if err != nil || !found {
		return false
	}
	text, _, _ := bytes.Cut(rest, []byte("\n"))
	parent, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	return err == nil && !pl.worksHere(parent)
}

// worksHere reports whether a process runs in the place's copied sources, also
// where they have been replaced meanwhile.
func (pl *place) worksHere(id int) bool {
	at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", id))
	return err == nil && strings.HasPrefix(at, pl.tree()+string(filepath.Separator))
}

// endProcess kills a process and waits until nothing of it is left to act.
func endProcess(ctx context.Context, p shim.Process) error {
	if !p.Alive() {
		return nil
	}
	if err := syscall.Kill(p.ID, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("end process %d, a provider whose Terraform was killed: %w; end it, then try again", p.ID, err)
	}
	tick := time.NewTicker(lockPoll / 10)
	defer tick.Stop()
	for p.Alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errBusy, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
