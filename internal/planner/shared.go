package planner

import (
	"fmt"
	"path"

	"github.com/lockstep-dev/lockstep/plans"
)

// Elsewhere is what the journal says of the other environments of the project.
type Elsewhere struct {
	// Folders are the folders to which they deploy.
	Folders map[string]Deployed
	// Runs names the environment of each run.
	Runs map[string]string
}

// Deployed is a deployment of another environment.
type Deployed struct {
	Environment string
	Run         string
	Artifact    plans.Digest
}

// shared refuses a folder that belongs to another environment, and warns of a
// database that another one has migrated: that can be a copy of its rows,
// brought here on purpose.
func (d *draft) shared() {
	for _, b := range d.kind("deployment") {
		folder := path.Clean(deploymentTarget(b))
		other, taken := d.in.Elsewhere.Folders[folder]
		if b.Driver != "directory" || !taken {
			continue
		}
		d.refuse(b.Range, mistake{
			"target-of-another-environment", fmt.Sprintf("%s is also %s's target", folder, other.Environment),
			fmt.Sprintf("Run %s deployed %s there for %s. One folder serves one environment, or each would replace and take back what the other one runs.", other.Run, other.Artifact.Short(), other.Environment),
			`Give each environment a folder of its own: path = "run/${lockstep.environment}/app".`,
		})
	}
	for _, s := range d.databases {
		d.warnOfForeignHistory(s)
	}
}

func (d *draft) warnOfForeignHistory(s *schema) {
	if s.seen == nil {
		return
	}
	for _, a := range sortedApplied(s.seen.Applied) {
		environment, foreign := d.in.Elsewhere.Runs[a.Run]
		if !foreign {
			continue
		}
		d.find(plans.Finding{
			Code: "database-of-another-environment", Severity: plans.SeverityWarning, Address: s.database.Address,
			Summary: fmt.Sprintf("%s was migrated by run %s of %s: it is %s's database, or a copy of it", s.database.Address, a.Run, environment, environment),
			Detail:  fmt.Sprintf("If it is the same one, what this plan does is done to %s too.", environment),
			Fix:     fmt.Sprintf("if it is no copy, give %s a database of its own", d.in.Environment.Name),
		})
		return
	}
}
