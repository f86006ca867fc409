package terraform

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// This file carries out one plan in two parts: what adds before the
// deployment, from a saved plan limited to it, and what takes away after it,
// from a plan that is made anew then and may hold nothing else.

// half is the first part of a plan that adds and takes away at once.
type half struct {
	part  *plans.TerraformPart
	plan  *tfchange.Plan
	saved []byte
	why   string // there is none, because of this
}

// divide plans what only adds, with Terraform's own -target, and proves that
// it is what the whole plan says of it. It is empty for plans that are carried
// out as they are.
func (m *module) divide(ctx context.Context, whole *tfchange.Plan) (half, error) {
	if !plans.Mixed(tfchange.Public(whole.Changes(&m.secrets.mask))) {
		return half{}, nil
	}
	dot, err := m.program.run(ctx, "graph", "-type=plan")
	if err != nil {
		return half{}, err
	}
	graph, err := tfchange.ReadGraph(dot)
	if err != nil {
		return half{}, err
	}
	split, why := tfchange.Divide(whole, graph, &m.secrets.mask)
	if why != "" {
		return half{why: m.secrets.scrub(why)}, nil
	}
	path := m.savedPlanPath() + ".part"
	defer os.Remove(path)
	part, err := m.planTo(ctx, path, targeted(split.Targets)...)
	if err != nil {
		return half{}, fmt.Errorf("what only adds, planned by itself: %w", err)
	}
	if why := split.Differs(whole, part, &m.secrets.mask); why != "" {
		return half{why: m.secrets.scrub("planned by itself, what only adds is not as in the whole plan: " + why)}, nil
	}
	saved, err := os.ReadFile(path)
	if err != nil {
		return half{}, fmt.Errorf("read the saved plan: %w", err)
	}
	return half{plan: part, saved: saved, part: &plans.TerraformPart{Plan: plans.DigestOf(saved), Targets: split.Targets, Later: split.Later}}, nil
}

func (h half) addTo(seen *providers.Observed) {
	seen.Terraform.Part, seen.Terraform.Unsplittable = h.part, h.why
	if h.part != nil {
		seen.Blobs[h.part.Plan] = h.saved
	}
}

const targetOption = "-target="

func targeted(addresses []string) []string {
	var options []string
	for _, address := range addresses {
		options = append(options, targetOption+address)
	}
	return options
}

// limited reports whether options leave parts of a configuration out.
func limited(options []string) bool {
	return slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, targetOption) })
}

// limits are the options with which a step's own changes are planned.
func limits(req providers.Request) []string {
	if req.Step.Part != plans.PartAdds {
		return nil
	}
	return targeted(req.Observed.Terraform.Part.Targets)
}

// limitsBack are the options with which the second part's changes are taken
// back: no configuration describes the state between the two.
func limitsBack(req providers.Request) []string {
	if req.Step.Part != plans.PartTakes {
		return nil
	}
	var addresses []string
	for _, c := range req.Observed.Terraform.ChangesOf(plans.PartTakes) {
		addresses = append(addresses, c.Address)
	}
	return targeted(addresses)
}

// carriedOut is the saved plan of the bundle that holds a step's changes.
func carriedOut(req providers.Request) plans.Digest {
	if req.Step.Part == plans.PartAdds {
		return req.Observed.Terraform.Part.Plan
	}
	return req.Observed.Terraform.Plan
}

// rebound reports whether a step is planned when its turn comes, in a state
// that the plan has not seen.
func rebound(step plans.Step) bool { return step.Late || step.Part == plans.PartTakes }

// restCovered refuses a plan of what is left after the first part that does
// anything else than was approved, and one whose objects somebody has changed.
func (m *module) restCovered(ctx context.Context, req providers.Request, now *stateFile, fresh *tfchange.Plan) error {
	if t := req.Observed.Terraform; t.Lineage != "" && now.Lineage != t.Lineage {
		return fmt.Errorf("%w: the state is another one than was planned (lineage %s, now %s); plan again", ErrStale, t.Lineage, orNone(now.Lineage))
	}
	approved, err := m.approved(ctx, req)
	if err != nil {
		return err
	}
	left, err := m.left(req, now, fresh)
	if err != nil {
		return err
	}
	if why := tfchange.Within(approved, left, &m.secrets.mask); why != "" {
		return fmt.Errorf("%w: %s; a new plan needs a new approval", providers.ErrOutsideEnvelope, why)
	}
	return m.unmovedRest(ctx, req, fresh)
}

// unmovedRest compares the drift of what is to be taken away with the drift
// that the plan knew. An object that went away by itself needs no destroying.
func (m *module) unmovedRest(ctx context.Context, req providers.Request, fresh *tfchange.Plan) error {
	r, err := m.receiptOf(req)
	if err != nil || r != nil || len(handles(req.Recorded)) > 0 {
		return err // it has begun: what differs may be its own doing
	}
	known, err := m.knownDrift(ctx, req)
	if err != nil {
		return err
	}
	takes := map[string]plans.ResourceChange{}
	for _, c := range req.Observed.Terraform.ChangesOf(plans.PartTakes) {
		takes[c.Object()] = c
	}
	var moved []string
	for _, c := range difference(known, fresh.Minded(&m.secrets.mask), m.secrets) {
		taken, touched := takes[c.Object()]
		if touched && (c.Kind() != plans.ChangeDelete || taken.Kind() != plans.ChangeDelete) {
			moved = append(moved, drifted(c))
		}
	}
	return movedSince(moved)
}

// outputsInPart are the outputs as the first part leaves them. Terraform
// stores no output that is made from no resource in a part; what the whole
// plan knew of it holds. One that waits for the rest is left out: some engines
// store it half done.
func (m *module) outputsInPart(ctx context.Context, req providers.Request, shown []plans.Output, hidden map[string]json.RawMessage) ([]plans.Output, map[string]json.RawMessage, error) {
	whole, err := m.ofBundle(ctx, req, req.Observed.Terraform.Plan)
	if err != nil {
		return nil, nil, err
	}
	byName := map[string]plans.Output{}
	for _, o := range shown {
		byName[o.Name] = o
	}
	planned, secrets := whole.Outputs(&m.secrets.mask)
	for _, o := range planned {
		if o.Known {
			byName[o.Name] = o
		}
	}
	maps.Copy(hidden, secrets)
	for _, name := range req.Observed.Terraform.Part.Later {
		delete(byName, name)
		delete(hidden, name)
	}
	var outputs []plans.Output
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		outputs = append(outputs, byName[name])
	}
	return outputs, hidden, nil
}
