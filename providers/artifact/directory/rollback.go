package directory

import (
	"context"
	"fmt"
	"os"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Rollback implements providers.Provider: back to the release that was
// current when the plan was made, or to none.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	j, err := p.job(req)
	if err != nil {
		return providers.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	j.quiesce()
	goal := j.before.Current
	back, err := j.hasToGoBack(goal)
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	if !back {
		return providers.Result{Summary: "current is " + orNone(goal) + " already"}, nil
	}
	if err := j.folder.alone(ctx, func() error { return j.goBack(ctx, goal) }); err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	return providers.Result{Summary: fmt.Sprintf("current %s -> %s", j.want.Short(), orNone(goal)), Changed: true}, nil
}

// hasToGoBack looks at what is current: the step's release, or the one before
// it. Anything else is nothing that this step could take back.
func (j *job) hasToGoBack(goal plans.Digest) (bool, error) {
	current, err := j.folder.linked("current")
	if err != nil {
		return false, err
	}
	if current != goal && current != j.want {
		return false, fmt.Errorf("%s runs %s, which is neither this step's %s nor %s, which ran before it: %w",
			j.s.Path, orNone(current), j.want.Short(), orNone(goal), providers.ErrForeign)
	}
	if goal == j.want {
		return false, nil
	}
	change, err := j.folder.unsettled()
	if err != nil {
		return false, err
	}
	return current == j.want || change != "" || j.folder.unfinished(j.want), nil
}

func (j *job) goBack(ctx context.Context, goal plans.Digest) error {
	// Another deployment may have been at work before the folder was ours.
	if back, err := j.hasToGoBack(goal); err != nil || !back {
		return err
	}
	if err := os.RemoveAll(j.folder.partial(j.want)); err != nil {
		return err
	}
	current, err := j.folder.linked("current")
	if err != nil {
		return err
	}
	change, err := j.folder.unsettled()
	if err != nil {
		return err
	}
	if current != j.want && change == "" {
		return nil // nothing but a part of the release was there
	}
	if goal == "" {
		return j.stop(ctx)
	}
	if err := j.folder.verify(ctx, goal); err != nil {
		return fmt.Errorf("the way back to %s is closed: %w", goal.Short(), err)
	}
	if err := j.folder.begin("change back to " + goal.Short()); err != nil {
		return err
	}
	failpoint.Here("directory: before the link moves back")
	if err := j.folder.point("current", goal); err != nil {
		return err
	}
	failpoint.Here("directory: after the link moved back")
	if err := j.restorePrevious(ctx); err != nil {
		return err
	}
	former := j.asBefore(goal)
	if err := former.run(ctx, former.s.Restart, goal); err != nil {
		return err
	}
	return j.folder.settled()
}

// asBefore is the job with the command and the environment variables with
// which the earlier release was started: it may not know the new ones.
func (j *job) asBefore(goal plans.Digest) *job {
	former := *j
	s, err := read(j.req.Previous)
	if err != nil || s.Artifact.Digest != goal {
		if len(j.s.Restart) > 0 {
			j.say("how " + goal.Short() + " was started before is not known; it is started with the settings of " + j.want.Short())
		}
		return &former
	}
	former.s.Variables, former.s.Timeout = s.Variables, s.Timeout
	if len(s.Restart) > 0 {
		former.s.Restart = s.Restart
	}
	return &former
}

func (j *job) restorePrevious(ctx context.Context) error {
	previous := j.before.Previous
	if previous != "" && j.folder.verify(ctx, previous) != nil {
		previous = "" // pruned since: better no link than one to nothing
	}
	return j.folder.point("previous", previous)
}

// stop ends what the first release ever started and takes the link away.
func (j *job) stop(ctx context.Context) error {
	if err := j.folder.begin("stop of " + j.want.Short()); err != nil {
		return err
	}
	if err := j.run(ctx, j.s.Stop, j.want); err != nil {
		return err
	}
	failpoint.Here("directory: before the link is removed")
	if err := j.folder.point("current", ""); err != nil {
		return err
	}
	failpoint.Here("directory: after the link was removed")
	if err := j.restorePrevious(ctx); err != nil {
		return err
	}
	return j.folder.settled()
}
