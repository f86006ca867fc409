package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// pooled blocks a plan whose migrations would work through a connection
// pooler, where the locks of a session are lost and its settings reach others.
func pooled(plan *plans.Plan) []plans.Block {
	var blocks []plans.Block
	for _, o := range plan.Observations {
		if o.Database == nil || !o.Database.Pooled {
			continue
		}
		blocks = append(blocks, plans.Block{
			Code: "pooler",
			Summary: fmt.Sprintf("%s is reached through a connection pooler, where locks and settings of a session are lost or reach others; "+
				"give direct_url, a url that goes past the pooler, or set lock = \"lease\" in its block", o.Address),
			Who:  "whoever keeps the project's files",
			Next: "lockstep doctor --env " + plan.Environment,
		})
	}
	return blocks
}

// leased says what a lease promises less than a connection's own locks.
func (d *draft) leased() {
	for _, s := range d.databases {
		if s.database.Settings.Text("lock") != "lease" {
			continue
		}
		d.find(plans.Finding{
			Code: "lease", Severity: plans.SeverityInfo, Address: s.database.Address,
			Summary: s.database.Address + " is guarded by a lease, which promises less than the locks of a connection",
			Detail: "Another Lockstep is kept out all the time; golang-migrate is kept out while a migration runs, not between two. " +
				"A process that dies is waited for until its lease expires. " +
				"A statement that cannot run in a transaction is guarded by one beside it, and gets the role's own timeouts.",
			Fix: "give direct_url, a url that goes past the connection pooler, and leave lock out",
		})
	}
}
