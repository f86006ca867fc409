package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// deployments makes one step of each target that does not run its artifact yet.
func (d *draft) deployments() {
	for _, b := range d.kind("deployment") {
		artifact := d.artifactOf(b)
		if artifact == nil {
			d.refuse(b.Range, mistake{
				"no-artifact", b.Address + " deploys no artifact",
				"What runs is compared with the artifact's digest, so a deployment needs one.", "Write artifact = artifact.TYPE.NAME.",
			})
			continue
		}
		wanted := d.artifactDigest(artifact)
		if wanted == "" {
			continue // reported by artifacts
		}
		d.deploy(b, artifact, wanted)
	}
}

func (d *draft) deploy(b, artifact *block, wanted plans.Digest) {
	seen := d.seen[b.Address]
	isLate := seen == nil || seen.Late || seen.Deployment == nil
	missing := unknownTarget(b)
	if isLate && len(missing) == 0 && (seen == nil || !seen.Late) {
		d.refuse(b.Range, mistake{
			"not-observed", b.Address + " was not observed",
			"A plan is made from what is there, and nothing was read from this target.", "Check that the target can be reached, then plan again.",
		})
		return
	}
	at := d.position(b, isLate)
	if at.runs == wanted {
		d.noteRemembered(b, at)
		return
	}
	if d.moved(deploymentTarget(b)) {
		return
	}
	n := &node{rank: rankDeploy, because: "it starts the new version (" + artifact.Address + " is " + wanted.Short() + ")"}
	n.step = plans.Step{
		Address: b.Address, Phase: plans.Deploy, Action: plans.ActionDeploy, Provider: "deployment/" + b.Driver,
		Summary: at.summary(wanted),
		Block:   b.Address, Target: deploymentTarget(b), Settings: b.masked, Timeout: plans.Duration(b.Timeout),
		Rollback: deployRollback(b, at),
		Risk:     plans.Risk{Level: "medium", Reasons: []string{"the running version is replaced"}},
	}
	if at.knowledge == observed && at.runs == "" {
		n.step.Risk = plans.Risk{Level: "low", Reasons: []string{"nothing runs at this target yet"}}
	}
	d.warnOfEndlessStart(n)
	if n.step.Rollback.Grade == plans.GradeNone {
		raise(&n.step.Risk, "high", "there is no way back to the version that runs")
	}
	if isLate {
		n.step.Late = true
		n.step.Envelope = &plans.Envelope{Reason: "the target cannot be looked at before an earlier step has run"}
		if len(missing) > 0 {
			n.step.Envelope.Reason += ": " + listed(missing)
		}
	}
	d.add(n)
}

func deployRollback(b *block, at position) plans.Rollback {
	if b.Driver == "exec" {
		return execRollback(b, at)
	}
	switch {
	case at.knowledge == late && b.startsForGood():
		return plans.Rollback{
			Grade: plans.GradeStructural, Summary: "back to what ran before, if anything did",
			Reason: "where nothing ran before, what restart_command starts goes on: the block has no stop_command",
		}
	case at.knowledge == late:
		return plans.Rollback{Grade: plans.GradeExact, Summary: "back to what ran before", Reason: "what runs there is read before the step changes it"}
	case at.runs == "" && b.startsForGood():
		return plans.Rollback{
			Grade: plans.GradeStructural, Summary: "link removed; what restart_command started goes on",
			Reason: "nothing ran before, and the block has no stop_command that would end what restart_command starts",
		}
	case at.runs == "" && b.args.StopCommand != nil:
		return plans.Rollback{Grade: plans.GradeExact, Summary: "nothing ran before: stopped and removed", Reason: "stop_command is run, and the link is removed"}
	case at.runs == "":
		return plans.Rollback{Grade: plans.GradeExact, Summary: "nothing ran before: link removed", Reason: "the link is removed; no command started anything"}
	}
	return plans.Rollback{Grade: plans.GradeExact, Summary: "back to " + at.runs.Short(), Reason: "the release before is kept and the link moves back to it"}
}

// startsForGood reports whether the way back to nothing leaves running what
// the deployment started.
func (b *block) startsForGood() bool {
	return b.Driver == "directory" && b.args.RestartCommand != nil && b.args.StopCommand == nil
}

func (d *draft) warnOfEndlessStart(n *node) {
	b := d.blocks[n.step.Block]
	if !b.startsForGood() || n.step.Rollback.Grade == plans.GradeExact {
		return
	}
	d.find(plans.Finding{
		Code: "no-stop-command", Severity: plans.SeverityWarning, Address: b.Address,
		Summary: "a rollback would not end what restart_command starts",
		Detail:  "Nothing ran at this target before, or nobody can tell yet, so there may be no earlier release whose start replaces it.",
		Fix:     `add stop_command = ["PROGRAM", "ARGUMENT"] to the block`,
	})
}

// execRollback grades commands of the author, whose effect cannot be seen.
func execRollback(b *block, at position) plans.Rollback {
	args := b.args
	if args.RollbackCommand == nil {
		return plans.Rollback{Grade: plans.GradeNone, Summary: "NONE - no rollback_command", Reason: "the block has no rollback_command, so nothing is known that takes the deployment back"}
	}
	summary := "rollback_command"
	if at.knowledge == observed && at.runs != "" {
		summary = "back to " + at.runs.Short()
	}
	if args.CheckCommand == nil {
		return plans.Rollback{Grade: plans.GradeStructural, Summary: summary, Reason: "rollback_command is run; without a check_command nothing confirms what it did"}
	}
	return plans.Rollback{Grade: plans.GradeExact, Summary: summary, Reason: "rollback_command is run, and check_command confirms it"}
}

// unknownTarget lists the settings that keep a target from being looked at.
// Where the artifact will lie on this machine is not among them.
func unknownTarget(b *block) []string {
	return slices.DeleteFunc(slices.Clone(b.unknowns), func(path string) bool { return strings.HasPrefix(path, "artifact") })
}

// deploymentTarget names what a deployment changes.
func deploymentTarget(b *block) string {
	if dir := b.Settings.Text("path"); b.Driver == "directory" && dir != "" {
		return dir
	}
	return b.Address
}

func (d *draft) artifactOf(b *block) *block {
	if a := b.args.Artifact; a != nil && d.blocks[a.Address] != nil {
		return d.blocks[a.Address]
	}
	i := slices.IndexFunc(b.Needs, func(n string) bool { return strings.HasPrefix(n, "artifact.") })
	if i < 0 {
		return nil
	}
	return d.blocks[b.Needs[i]]
}

// moved reports whether a later change set has moved the target on; such a
// target is left alone.
func (d *draft) moved(target string) bool {
	mover, known := d.in.Standing.Movers[target]
	if !known || mover == d.set.Name || !d.isLater(mover) {
		return false
	}
	d.superseded = append(d.superseded, target)
	d.find(plans.Finding{
		Code: "superseded-target", Severity: plans.SeverityInfo, Address: target,
		Summary: fmt.Sprintf("change set %q has moved %s on since; it is left as it is", mover, target),
		Fix:     fmt.Sprintf("to go back on purpose: lockstep rollback %s --env %s", mover, d.in.Environment.Name),
	})
	return true
}
