package command

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// beingMigrated ends a command that cares for a database while another process
// migrates it: golang-migrate's version is dirty then, and nothing has failed.
func (d *keptDatabase) beingMigrated(seen database.ToolSurvey, verb string) error {
	if seen.Migrating == "" {
		return nil
	}
	return &endError{
		code:    exitTryAgain,
		summary: fmt.Sprintf("%s is being migrated, so version %d is dirty: %s. Nothing was changed.", d.block.Address, seen.State.Version, seen.Migrating),
		next:    []string{"Wait for its end, or end it if nobody works on it; then look again: " + d.again("lockstep "+verb)},
	}
}
