package terraform

import (
	"fmt"
	"syscall"

	"github.com/lockstep-dev/lockstep/providers"
)

// What an apply needs at least: the state's copy, the new state and Terraform's
// own backup of it, its output, and a saved plan.
const (
	stateCopies = 3
	spareRoom   = 16 << 20 // bytes
)

// checkRoom refuses to begin an apply that could end without room for its own
// state: what Terraform made would then be known to nobody. An error that
// wraps providers.ErrBlocked says where room is needed, and how much.
func (m *module) checkRoom(state int) error {
	need := uint64(state)*stateCopies + spareRoom
	for _, dir := range []string{m.place.state, m.place.work} {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(dir, &fs); err != nil {
			return fmt.Errorf("how much room is left in %s: %w", dir, err)
		}
		if free := fs.Bavail * uint64(fs.Bsize); free < need {
			return fmt.Errorf("%w: %s has %d MiB left, and an apply needs %d to keep Terraform's state safe; nothing was started. Make room and resume",
				providers.ErrBlocked, dir, free>>20, need>>20)
		}
	}
	return nil
}
