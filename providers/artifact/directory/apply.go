package directory

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Apply implements providers.Provider.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	j, err := p.job(req)
	if err != nil {
		return providers.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	j.quiesce()
	result := providers.Result{Summary: j.want.Short() + " is current"}
	if report, err := j.probe(ctx); err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	} else if report.Verdict == providers.Done {
		return result, nil
	}
	if req.Record != nil {
		if err := req.Record(fact{Stage: "deploying " + string(j.want)}); err != nil {
			return providers.Result{}, fmt.Errorf("%s: not started: %w", req.Step.Address, err)
		}
	}
	if err := j.folder.alone(ctx, func() error { return j.deploy(ctx) }); err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	result.Summary = fmt.Sprintf("current %s -> %s", orNone(j.before.Current), j.want.Short())
	result.Changed = true
	return result, nil
}

// deploy places the release, moves the link and restarts, in this order.
func (j *job) deploy(ctx context.Context) error {
	if err := j.refuseAltered(ctx); err != nil {
		return err
	}
	if err := j.place(ctx); err != nil {
		return err
	}
	if err := j.folder.begin("change to " + j.want.Short()); err != nil {
		return err
	}
	failpoint.Here("directory: before the link moves")
	if err := j.folder.point("current", j.want); err != nil {
		return err
	}
	failpoint.Here("directory: after the link moved")
	if err := j.folder.point("previous", j.previous()); err != nil {
		return err
	}
	if err := j.run(ctx, j.s.Restart, j.want); err != nil {
		return err
	}
	if err := j.folder.settled(); err != nil {
		return err
	}
	failpoint.Here("directory: settled, not pruned")
	return j.prune()
}

// refuseAltered stops before a release that people changed by hand is
// replaced: the way back to it could not be promised.
func (j *job) refuseAltered(ctx context.Context) error {
	current, err := j.folder.linked("current")
	if err != nil || current == "" {
		return err
	}
	return j.folder.whole(ctx, current)
}

// prune removes the releases used longest ago beyond "keep". What a link
// points to, or pointed to when the plan was made, stays.
func (j *job) prune() error {
	if err := os.Chtimes(j.folder.manifest(j.want), time.Time{}, time.Now()); err != nil {
		return err
	}
	entries, err := os.ReadDir(j.folder.releases())
	if err != nil {
		return err
	}
	type aged struct {
		digest plans.Digest
		used   time.Time
	}
	var found []aged
	for _, e := range entries {
		d := plans.Digest("sha256:" + strings.TrimSuffix(e.Name(), ".manifest.json"))
		if info, err := e.Info(); err == nil && d.Valid() && d.Hex() != e.Name() {
			found = append(found, aged{d, info.ModTime()})
		}
	}
	slices.SortFunc(found, func(a, b aged) int { return b.used.Compare(a.used) })
	stays := []plans.Digest{j.want, j.previous(), j.before.Current, j.before.Previous}
	for i, r := range found {
		if i < j.s.Keep || slices.Contains(stays, r.digest) {
			continue
		}
		// The manifest goes last: without it a release counts for nothing.
		for _, path := range []string{j.folder.release(r.digest), j.folder.log(r.digest), j.folder.manifest(r.digest)} {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}
