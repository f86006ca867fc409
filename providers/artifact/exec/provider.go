package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact/process"
)

// Options say where things are.
type Options struct {
	// Root is the project's folder; working_dir is relative to it.
	Root string
}

// Provider deploys by commands.
type Provider struct{ options Options }

var _ providers.Provider = (*Provider)(nil)

// New returns the provider of deployment "exec" blocks.
func New(o Options) *Provider { return &Provider{options: o} }

// fact is what is journalled around an effect.
type fact struct {
	Verb  string         `json:"verb"`
	Stage string         `json:"stage"`
	Child *process.Child `json:"child,omitempty"`
}

const (
	deploying   = "deploy"
	rollingBack = "roll back"
	begun       = "begun"
	ended       = "ended"
)

// job is one request, understood.
type job struct {
	address         string
	s               settings
	root            string
	environmentName string
	previous        plans.Digest
	blind           bool // nobody knew what ran before
	recorded        []json.RawMessage
	recordFact      func(any) error
	last            fact // of earlier attempts; zero when nothing ever ran
}

func (p *Provider) job(req providers.Request) (*job, error) {
	s, err := read(req.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	j := &job{
		address: req.Step.Address, s: s, root: p.options.Root, environmentName: req.Environment,
		recorded: req.Recorded, recordFact: req.Record,
	}
	if req.Observed.Deployment != nil {
		j.previous = req.Observed.Deployment.Current
	}
	j.blind = req.Observed.Deployment == nil || len(req.Observed.Informative) > 0
	j.quiesce()
	return j, nil
}

// quiesce ends a command that a killed process of this run left running, and
// remembers how far that process came.
func (j *job) quiesce() {
	for _, raw := range j.recorded {
		var f fact
		if json.Unmarshal(raw, &f) != nil || f.Stage == "" {
			continue
		}
		j.last = f
		if f.Child != nil {
			f.Child.End()
		}
	}
}

func (j *job) record(f fact) error {
	j.last = f
	if j.recordFact == nil {
		return nil
	}
	return j.recordFact(f)
}

// Observe implements providers.Provider: Current is the digest that
// check_command prints, if it does.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	s, err := read(req.Settings)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	seen := plans.Observation{Address: req.Address, Provider: "deployment/exec", Deployment: &plans.DeploymentState{}}
	if len(s.Check) == 0 {
		return providers.Observed{Observation: seen}, nil
	}
	j := &job{address: req.Address, s: s, root: p.options.Root, environmentName: req.Environment}
	found, err := j.look(ctx)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	switch {
	case found.unknown != "": // often so before the first deployment
		seen.Informative = json.RawMessage(`{"check_command":"does not know"}`)
	case found.current != "":
		seen.Deployment.Current = found.current
	case found.runs:
		seen.Deployment.Current = s.Artifact.Digest
	}
	return providers.Observed{Observation: seen}, nil
}

// Probe implements providers.Provider.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	j, err := p.job(req)
	if err != nil {
		return providers.Report{}, err
	}
	report, err := j.probe(ctx)
	if err != nil {
		return providers.Report{}, fmt.Errorf("%s: %w", j.address, err)
	}
	return report, nil
}

func (j *job) probe(ctx context.Context) (providers.Report, error) {
	if len(j.s.Check) == 0 {
		return j.remember(), nil
	}
	found, err := j.look(ctx)
	switch {
	case err != nil:
		return providers.Report{}, err
	case found.unknown != "":
		return providers.Report{Verdict: providers.Unknown, Detail: found.unknown}, nil
	case found.runs:
		return providers.Report{Verdict: providers.Done, Detail: "check_command says that it runs"}, nil
	case j.last.Stage == begun:
		return providers.Report{Verdict: providers.Partial, Detail: "check_command says that it does not run, but the command to " + j.last.Verb + " was begun and did not end well"}, nil
	}
	return providers.Report{Verdict: providers.Absent, Detail: "check_command says that it does not run"}, nil
}

// remember is the probe without check_command: the target cannot be looked at,
// so only what the commands themselves ended with counts.
func (j *job) remember() providers.Report {
	switch {
	case j.last == fact{}:
		return providers.Report{Verdict: providers.Absent, Detail: "no command was begun"}
	case j.last.Stage == begun:
		return providers.Report{Verdict: providers.Unknown, Detail: "the command to " + j.last.Verb + " was begun and did not end well, and there is no check_command to look"}
	case j.last.Verb == deploying:
		return providers.Report{Verdict: providers.Done, Detail: "the command ended with exit code 0 (there is no check_command to look)"}
	}
	return providers.Report{Verdict: providers.Absent, Detail: "rollback_command ended with exit code 0 (there is no check_command to look)"}
}

// probed reads a request and looks at its target before anything is done.
func (p *Provider) probed(ctx context.Context, req providers.Request) (*job, providers.Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, providers.Report{}, err
	}
	j, err := p.job(req)
	if err != nil {
		return nil, providers.Report{}, err
	}
	report, err := j.probe(ctx)
	if err != nil {
		return nil, providers.Report{}, fmt.Errorf("%s: %w", j.address, err)
	}
	return j, report, nil
}

// Apply implements providers.Provider.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	j, report, err := p.probed(ctx, req)
	if err != nil {
		return providers.Result{}, err
	}
	if report.Verdict == providers.Done {
		return providers.Result{Summary: "runs already"}, nil
	}
	if req.Progress != nil {
		req.Progress("running " + j.s.Command[0])
	}
	err = j.effect(ctx, deploying, j.s.Command)
	if err == nil {
		err = j.confirm(ctx, true)
	}
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", j.address, err)
	}
	return providers.Result{Summary: "deployed " + j.s.Artifact.Digest.Short(), Changed: true}, nil
}

// confirm asks check_command whether a command did what its exit code says.
func (j *job) confirm(ctx context.Context, runs bool) error {
	if len(j.s.Check) == 0 {
		return nil
	}
	found, err := j.look(ctx)
	switch {
	case err != nil:
		return err
	case found.unknown != "":
		return errors.New(found.unknown)
	case runs && !found.runs:
		return fmt.Errorf("%s ended with exit code 0, but check_command says that %s does not run", j.s.Command[0], j.s.Artifact.Digest.Short())
	case !runs && found.runs:
		return fmt.Errorf("%s ended with exit code 0, but check_command says that %s still runs", j.s.Back[0], j.s.Artifact.Digest.Short())
	}
	return nil
}

// Rollback implements providers.Provider.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	j, report, err := p.probed(ctx, req)
	if err != nil {
		return providers.Result{}, err
	}
	if report.Verdict == providers.Absent {
		if err := j.asBefore(ctx); err != nil {
			return providers.Result{}, fmt.Errorf("%s: %w: %w", j.address, err, providers.ErrForeign)
		}
		return providers.Result{Summary: "does not run"}, nil
	}
	if report.Verdict == providers.Done && j.previous == j.s.Artifact.Digest {
		return providers.Result{Summary: "ran before the step already"}, nil
	}
	if len(j.s.Back) == 0 {
		return providers.Result{}, fmt.Errorf("%s has no rollback_command: %w", j.address, providers.ErrIrreversible)
	}
	err = j.effect(ctx, rollingBack, j.s.Back)
	if err == nil {
		err = j.confirm(ctx, false)
	}
	if err == nil {
		err = j.asBefore(ctx)
	}
	if err != nil {
		return providers.Result{}, fmt.Errorf("%s: %w", j.address, err)
	}
	return providers.Result{Summary: "rolled back " + j.s.Artifact.Digest.Short(), Changed: true}, nil
}

// asBefore asks check_command whether what runs is what ran when the plan was
// made. Without one, or where it did not know then, nobody can tell.
func (j *job) asBefore(ctx context.Context) error {
	if len(j.s.Check) == 0 || j.blind {
		return nil
	}
	found, err := j.look(ctx)
	switch {
	case err != nil:
		return err
	case found.unknown != "":
		return errors.New(found.unknown)
	case found.current != j.previous:
		return fmt.Errorf("check_command says that %s runs, and before the step it was %s", named(found.current), named(j.previous))
	}
	return nil
}

func named(d plans.Digest) string {
	if d == "" {
		return "nothing it can name"
	}
	return d.Short()
}

// Rerun implements providers.Provider: only check_command can allow it, so
// Probe decides; it answers unknown where there is none.
func (p *Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunVerify }
