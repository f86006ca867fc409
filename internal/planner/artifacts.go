package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// artifactDigest is the content that an artifact has, or must have when its
// source was not looked at; empty when neither is known.
func (d *draft) artifactDigest(b *block) plans.Digest {
	if seen := d.seen[b.Address]; seen != nil && seen.Artifact != nil && seen.Artifact.Digest != "" {
		return seen.Artifact.Digest
	}
	return plans.Digest(b.Settings.Text("digest"))
}

// artifacts fetches what the steps of this plan use.
func (d *draft) artifacts() {
	users := map[string]string{} // by artifact: the first block whose step uses it
	named := map[string]bool{}
	for _, b := range d.ordered {
		for _, address := range b.Needs {
			named[address] = true
			if users[address] == "" && len(d.byBlock[b.Address]) > 0 {
				users[address] = b.Address
			}
		}
	}
	for _, b := range d.kind("artifact") {
		if !d.trustworthy(b) {
			continue
		}
		if !named[b.Address] {
			d.find(plans.Finding{
				Code: "unused-artifact", Severity: plans.SeverityWarning, Address: b.Address,
				Summary: b.Address + " is used by nothing", Fix: "deploy it, or remove the block",
			})
		}
		if user := users[b.Address]; user != "" {
			d.add(d.fetchStep(b, user))
		}
	}
}

// trustworthy refuses an artifact whose content is not known or not the one
// that was asked for.
func (d *draft) trustworthy(b *block) bool {
	found, wanted := d.artifactDigest(b), plans.Digest(b.Settings.Text("digest"))
	if found == "" {
		d.refuse(b.Range, mistake{
			"unknown-artifact", b.Address + " has no known content",
			"Its source was not read and the block gives no digest; a plan names the bytes that will run.", `Write digest = "sha256:..." or use a source that is known while planning.`,
		})
		return false
	}
	if wanted != "" && wanted != found {
		d.refuse(b.Range, mistake{
			"artifact-differs", b.Address + " is not what its digest says",
			fmt.Sprintf("The source has %s, the block expects %s.", found, wanted), "Build it again from the right commit, or correct the digest.",
		})
		return false
	}
	return true
}

func (d *draft) fetchStep(b *block, user string) *node {
	digest := d.artifactDigest(b)
	return &node{rank: rankFetch, because: user + " uses it", step: plans.Step{
		Address: b.Address, Phase: plans.Deploy, Action: plans.ActionFetch, Provider: "artifact/" + b.Driver,
		Summary: "fetch " + digest.Short(),
		Block:   b.Address, Target: b.Address, Settings: b.masked, Timeout: plans.Duration(b.Timeout),
		Risk:     plans.Risk{Level: "low"},
		Rollback: plans.Rollback{Grade: plans.GradeExact, Summary: "nothing to undo", Reason: "a fetched artifact changes no target"},
	}}
}
