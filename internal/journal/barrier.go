package journal

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// Barrier is what a run has planned once late targets could be looked at, and
// how that compares with what was approved. The run goes on when nothing is
// outside of it.
type Barrier struct {
	// Plan is the digest of the steps as they were planned then.
	Plan plans.Digest `json:"plan"`
	// Found says of each target what is there: it repeats no value.
	Found []string `json:"targets,omitempty"`
	// Steps are the late steps by address, with what they do.
	Steps []BarrierStep `json:"steps,omitempty"`
	// Warnings are findings that the plan could not have.
	Warnings []string `json:"warnings,omitempty"`
	// Outside are sentences about what was not approved.
	Outside []string `json:"outside,omitempty"`
}

// BarrierStep is a late step as it was planned at the barrier.
type BarrierStep struct {
	Address string `json:"address"`
	Summary string `json:"summary"`
	Risk    string `json:"risk,omitempty"`
}

// Words is a line for people.
func (b Barrier) Words() string {
	if len(b.Outside) > 0 {
		return fmt.Sprintf("planned again at the barrier: %d %s outside of what was approved", len(b.Outside), map[bool]string{true: "is", false: "are"}[len(b.Outside) == 1])
	}
	return fmt.Sprintf("planned again at the barrier: inside of what was approved (%s)", b.Plan.Short())
}
