package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Provider does every action on a World. It reads two optional members of the
// settings: "value" (a string) is what the step makes, "outputs" (an object)
// are its outputs. A step whose rollback has the grade none is irreversible.
type Provider struct {
	world  *World
	faults []Fault
}

var _ providers.Provider = (*Provider)(nil)

// New returns a provider on world; of several faults that match a call the
// first one counts.
func New(world *World, faults ...Fault) *Provider {
	return &Provider{world: world, faults: faults}
}

type settings struct {
	Value   string                     `json:"value"`
	Outputs map[string]json.RawMessage `json:"outputs"`
}

func read(raw json.RawMessage) (settings, error) {
	var s settings
	if len(raw) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf(`settings: expected an object with "value" (string) and "outputs" (object): %w`, err)
	}
	return s, nil
}

func (s settings) outputs() []plans.Output {
	var out []plans.Output
	for name, value := range s.Outputs {
		out = append(out, plans.Output{Name: name, Known: true, Value: value})
	}
	slices.SortFunc(out, func(a, b plans.Output) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Observe implements providers.Provider: what the address holds binds.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	fault := p.faultAt(Observe, req.Address)
	if err := fault.pause(ctx); err != nil {
		return providers.Observed{}, err
	}
	if err := fault.refusal(req.Address); err != nil {
		return providers.Observed{}, err
	}
	return providers.Observed{Observation: plans.Observation{
		Address:    req.Address,
		Provider:   "memory",
		Identity:   "memory",
		Deployment: p.world.state(req.Address),
	}}, nil
}

// Apply implements providers.Provider.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	address := req.Step.Address
	fault := p.faultAt(Apply, address)
	want, err := read(req.Settings)
	if err != nil {
		return providers.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	if err := fault.refusal(address); err != nil {
		return providers.Result{}, err
	}
	made := providers.Result{Summary: "made " + address, Changed: true, Outputs: want.outputs()}
	if fault.Kind == Lie {
		return made, nil
	}
	if it, ok := p.world.get(address); ok && it.whole {
		return providers.Result{Summary: address + " is there already", Outputs: want.outputs()}, nil
	}
	if err := p.make(ctx, req, want, fault); err != nil {
		return providers.Result{}, err
	}
	return made, nil
}

func (p *Provider) make(ctx context.Context, req providers.Request, want settings, fault Fault) error {
	address := req.Step.Address
	if req.Record != nil {
		if err := req.Record(map[string]string{"making": address}); err != nil {
			return fmt.Errorf("%s was not started: %w", address, err)
		}
	}
	p.world.put(address, thing{value: want.Value})
	if fault.Kind == Halfway {
		return fmt.Errorf("%s of %s stopped half-way: %w", fault.Verb, address, ErrOrdered)
	}
	if err := fault.pause(ctx); err != nil {
		p.world.Remove(address)
		return fmt.Errorf("%s was cancelled and taken back: %w", address, err)
	}
	p.world.put(address, thing{value: want.Value, whole: true})
	if fault.Kind == Lost {
		return fmt.Errorf("the answer about %s was lost: %w", address, ErrOrdered)
	}
	return nil
}

// Rollback implements providers.Provider.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	address := req.Step.Address
	fault := p.faultAt(Rollback, address)
	if err := fault.pause(ctx); err != nil {
		return providers.Result{}, err
	}
	if err := fault.refusal(address); err != nil {
		return providers.Result{}, err
	}
	it, ok := p.world.get(address)
	switch {
	case !ok:
		return providers.Result{Summary: address + " is absent already"}, nil
	case req.Step.Rollback.Grade == plans.GradeNone:
		return providers.Result{}, fmt.Errorf("%s: %w", address, providers.ErrIrreversible)
	}
	switch fault.Kind {
	case Lie:
	case Halfway:
		p.world.put(address, thing{value: it.value})
		return providers.Result{}, fmt.Errorf("%s of %s stopped half-way: %w", fault.Verb, address, ErrOrdered)
	case Lost:
		p.world.Remove(address)
		return providers.Result{}, fmt.Errorf("the answer about %s was lost: %w", address, ErrOrdered)
	default:
		p.world.Remove(address)
	}
	return providers.Result{Summary: "removed " + address, Changed: true}, nil
}

// Probe implements providers.Provider. A Lost probe answers unknown.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	address := req.Step.Address
	fault := p.faultAt(Probe, address)
	if err := fault.pause(ctx); err != nil {
		return providers.Report{}, err
	}
	if err := fault.refusal(address); err != nil {
		return providers.Report{}, err
	}
	want, err := read(req.Settings)
	if err != nil {
		return providers.Report{}, err
	}
	it, ok := p.world.get(address)
	switch {
	case fault.Kind == Lost:
		return providers.Report{Verdict: providers.Unknown, Detail: address + " cannot be looked at"}, nil
	case fault.Kind == Lie || (ok && it.whole):
		return providers.Report{Verdict: providers.Done, Detail: address + " is whole", Outputs: want.outputs()}, nil
	case ok:
		return providers.Report{Verdict: providers.Partial, Detail: "half of " + address + " is there"}, nil
	}
	return providers.Report{Verdict: providers.Absent, Detail: address + " is not there"}, nil
}

// Rerun implements providers.Provider.
func (p *Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunSafe }
