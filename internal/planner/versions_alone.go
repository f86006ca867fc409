package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// alone reports whether the database keeps a version number and nothing else.
func (s *schema) alone() bool { return sqlcheck.Foreign(s.database.Driver) }

// versionsAlone says what cannot be promised for databases that keep a version
// number and nothing else: those that golang-migrate's own drivers reach.
func (d *draft) versionsAlone() {
	for _, s := range d.databases {
		if len(s.pending) == 0 || s.pending[0].verdict.Mode != sqlcheck.ModeDriver {
			continue
		}
		driver := s.database.Driver
		d.find(plans.Finding{
			Code: "version-alone", Severity: plans.SeverityWarning, Address: s.database.Address,
			Summary: fmt.Sprintf("%s keeps a version number alone: driver %q is golang-migrate's own", s.database.Address, driver),
			Detail: "No history and no digests: a file that is edited after it was applied is not noticed. " +
				"Each file is handed over as a whole, and not in one transaction with its version: one that fails or is cut short leaves the version dirty, and a person decides. " +
				"lock_timeout and statement_timeout do not count, and a file that runs cannot be interrupted. " +
				"The driver makes its version table as soon as the database is looked at, and is known by its address alone.",
			Fix: "drivers postgres, sqlite and mysql promise more: lockstep language database",
		})
		d.refuseHolding(s)
	}
}

// refuseHolding: a version number says that everything up to it is there, so
// no file may wait while later ones go on.
func (d *draft) refuseHolding(s *schema) {
	if len(s.held) > 0 {
		d.refuse(s.block.Range, mistake{
			"cannot-hold-back", fmt.Sprintf("%s cannot be held back while later files run", listed(s.held)),
			fmt.Sprintf("%s keeps a version number alone (driver %q): a version above a file that waits would say that the file is applied.", s.database.Address, s.database.Driver),
			"Let the earlier change set end with its contract phase first (lockstep status), or split it: the contract files in a change set of their own.",
		})
	}
	for i := range s.pending {
		if m := &s.pending[i]; m.outOfRow {
			d.refuse(fileRange(m.file.Up.Path, 1), mistake{
				"cannot-hold-back", fmt.Sprintf("%s is below version %d, which is applied", m.file.ID(), s.highest),
				fmt.Sprintf("%s keeps a version number alone (driver %q), which says that this file is applied already.", s.database.Address, s.database.Driver),
				fmt.Sprintf("Renumber it above %d, in a change set of its own.", s.highest),
			})
		}
	}
}
