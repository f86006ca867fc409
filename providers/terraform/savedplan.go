package terraform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
)

// savedPlan is a saved plan, told without this module's secrets.
type savedPlan struct{ *tfchange.Plan }

// planned is one change together with what is needed to compare it.
type planned = tfchange.Change

func decodePlan(document []byte) (*savedPlan, error) {
	p, err := tfchange.Decode(document)
	if err != nil {
		return nil, err
	}
	return &savedPlan{p}, nil
}

func (p *savedPlan) usable() error { return p.Usable() }

// usableInPart allows what usable refuses: a plan that Lockstep limited.
func (p *savedPlan) usableInPart() error { return p.UsableInPart() }

func (p *savedPlan) changes(s *secrets) []planned { return p.Changes(&s.mask) }

func (p *savedPlan) drift(s *secrets) []planned { return p.Minded(&s.mask) }

func (p *savedPlan) checks(s *secrets) []plans.TerraformCheck { return p.Checks(&s.mask) }

// empty reports whether there is nothing to apply.
func (p *savedPlan) empty(*secrets) bool { return p.Empty() }

func (p *savedPlan) outputs(s *secrets) ([]plans.Output, map[string]json.RawMessage) {
	return p.Outputs(&s.mask)
}

func public(changes []planned) []plans.ResourceChange { return tfchange.Public(changes) }

// outside names the first change whose actions are not allowed; empty if all
// are. An empty list allows everything.
func outside(allowed []string, changes []plans.ResourceChange) string {
	if len(allowed) == 0 {
		return ""
	}
	for _, c := range changes {
		for _, a := range c.Actions {
			if a != "no-op" && !slices.Contains(allowed, a) {
				return fmt.Sprintf("%s would %s, and allowed are only: %s", c.Object(), strings.Join(c.Actions, " and "), strings.Join(allowed, ", "))
			}
		}
	}
	return ""
}
