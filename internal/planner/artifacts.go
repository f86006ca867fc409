package planner

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
)

// artifactDigest is the content that an artifact has, or must have when its
// source was not looked at; empty when neither is known.
func (d *draft) artifactDigest(b *config.Block) plans.Digest {
	if seen := d.seen[b.Address]; seen != nil && seen.Artifact != nil && seen.Artifact.Digest != "" {
		return seen.Artifact.Digest
	}
	return plans.Digest(b.Settings.Text("digest"))
}

// artifacts fetches what the steps of this plan use.
func (d *draft) artifacts() {
	used := map[string]bool{}
	inBlocks := map[string]bool{}
	for _, b := range d.set.Blocks {
		for _, address := range b.Needs {
			inBlocks[address] = true
			used[address] = used[address] || len(d.byBlock[b.Address]) > 0
		}
	}
	for _, b := range d.kind("artifact") {
		if !d.trustworthy(b) {
			continue
		}
		if !inBlocks[b.Address] {
			d.find(plans.Finding{Code: "unused-artifact", Severity: plans.SeverityWarning, Address: b.Address,
				Summary: b.Address + " is used by nothing", Fix: "deploy it, or remove the block"})
		}
		if used[b.Address] {
			d.add(d.fetchStep(b))
		}
	}
}

// trustworthy refuses an artifact whose content is not known or not the one
// that was asked for.
func (d *draft) trustworthy(b *config.Block) bool {
	found, wanted := d.artifactDigest(b), plans.Digest(b.Settings.Text("digest"))
	if found == "" {
		d.refuse(b.Range, mistake{"unknown-artifact", b.Address + " has no known content",
			"Its source was not read and the block gives no digest; a plan names the bytes that will run.", `Write digest = "sha256:..." or use a source that is known while planning.`})
		return false
	}
	if wanted != "" && wanted != found {
		d.refuse(b.Range, mistake{"artifact-differs", b.Address + " is not what its digest says",
			fmt.Sprintf("The source has %s, the block expects %s.", found, wanted), "Build it again from the right commit, or correct the digest."})
		return false
	}
	return true
}

func (d *draft) fetchStep(b *config.Block) *node {
	digest := d.artifactDigest(b)
	users := slices.DeleteFunc(d.kind("deployment"), func(u *config.Block) bool { return !slices.Contains(u.Needs, b.Address) })
	because := "its content is needed there"
	if len(users) > 0 {
		because = users[0].Address + " deploys it"
	}
	return &node{rank: rankFetch, because: because, step: plans.Step{
		Address: b.Address, Phase: plans.Deploy, Action: plans.ActionFetch, Provider: "artifact/" + b.Driver,
		Summary: "fetch " + digest.Short(),
		Block:   b.Address, Target: b.Address, Settings: b.Settings.Masked(), Timeout: plans.Duration(b.Timeout),
		Risk:     plans.Risk{Level: "low"},
		Rollback: plans.Rollback{Grade: plans.GradeExact, Summary: "nothing to undo", Reason: "a fetched artifact changes no target"},
	}}
}
