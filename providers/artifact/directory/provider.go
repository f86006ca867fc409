package directory

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact"
)

// Options say where things are.
type Options struct {
	// Root is the project's folder: relative paths start there and commands
	// run there.
	Root string
	// Store is the artifacts' store, relative to Root; empty means
	// artifact.DefaultStore.
	Store string
}

// Provider deploys into folders.
type Provider struct{ options Options }

var _ providers.Provider = (*Provider)(nil)

// New returns the provider of deployment "directory" blocks.
func New(o Options) *Provider { return &Provider{options: o} }

// Observe implements providers.Provider: Current is what the link points to,
// if that release is as it was placed.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	s, err := read(req.Settings)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	f := p.folder(s)
	state, err := f.state(ctx)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	return providers.Observed{Observation: plans.Observation{
		Address:    req.Address,
		Provider:   "deployment/directory",
		Identity:   filepath.ToSlash(filepath.Clean(s.Path)),
		Deployment: &state,
	}}, nil
}

func (p *Provider) folder(s settings) folder {
	return folder{path: artifact.Within(p.options.Root, s.Path)}
}

// job is one request, understood.
type job struct {
	req     providers.Request
	s       settings
	options Options
	folder  folder
	want    plans.Digest
	before  plans.DeploymentState
}

func (p *Provider) job(req providers.Request) (*job, error) {
	s, err := read(req.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	if !s.Artifact.Digest.Valid() {
		return nil, fmt.Errorf("%s: artifact.digest is %q, expected sha256: and 64 hex digits; does the block refer to an artifact?", req.Step.Address, string(s.Artifact.Digest))
	}
	j := &job{req: req, s: s, options: p.options, folder: p.folder(s), want: s.Artifact.Digest}
	if req.Observed.Deployment != nil {
		j.before = *req.Observed.Deployment
	}
	return j, nil
}

// previous is where the link "previous" points once the step is done.
func (j *job) previous() plans.Digest {
	if j.before.Current == j.want {
		return j.before.Previous
	}
	return j.before.Current
}

// Probe implements providers.Provider. It ends a command that an earlier
// process of this run left running.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	j, err := p.job(req)
	if err != nil {
		return providers.Report{}, err
	}
	j.quiesce()
	report, err := j.probe(ctx)
	if err != nil {
		return providers.Report{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	return report, nil
}

func (j *job) probe(ctx context.Context) (providers.Report, error) {
	partial := func(detail string) (providers.Report, error) {
		return providers.Report{Verdict: providers.Partial, Detail: detail}, nil
	}
	current, err := j.folder.linked("current")
	if err != nil {
		return providers.Report{}, err
	}
	if change, err := j.folder.unsettled(); err != nil {
		return providers.Report{}, err
	} else if change != "" {
		return partial(fmt.Sprintf("current is %s, and the %s is not finished", orNone(current), change))
	}
	if j.folder.unfinished(j.want) {
		return partial("releases/" + j.want.Hex() + " is placed in part")
	}
	if current != j.want {
		return providers.Report{Verdict: providers.Absent, Detail: "current is " + orNone(current)}, nil
	}
	if err := j.folder.verify(ctx, j.want); err != nil {
		if errors.Is(err, errNotAsPlaced) {
			return partial(err.Error())
		}
		return providers.Report{}, err
	}
	previous, err := j.folder.linked("previous")
	if err != nil {
		return providers.Report{}, err
	}
	if j.req.Observed.Deployment != nil && previous != j.previous() {
		return partial(fmt.Sprintf("current is %s, but previous is %s", j.want.Short(), orNone(previous)))
	}
	return providers.Report{Verdict: providers.Done, Detail: "current is " + j.want.Short() + ", and its files are as placed"}, nil
}

func orNone(d plans.Digest) string {
	if d == "" {
		return "none"
	}
	return d.Short()
}

// Rerun implements providers.Provider: every stage can be done again.
func (p *Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunSafe }
