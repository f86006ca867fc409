package providertest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Case is one provider under test.
type Case struct {
	// New returns the provider as a new process would build it. It is called
	// more than once a subtest: what the provider remembers in memory must
	// not matter.
	New func(t *testing.T) providers.Provider
	// Target returns a fresh target on which the step is absent. It cleans up
	// through t.Cleanup.
	Target func(t *testing.T) Fixture
	// Patience is how long a cancelled Apply may take to return; the zero
	// value means 30 seconds.
	Patience time.Duration
}

// Fixture is one fresh target and the step to do there. The fields above the
// line are needed, the hooks below it are optional; a hook left out skips its
// subtest, and the skip says so.
type Fixture struct {
	Step     plans.Step
	Settings json.RawMessage
	Observe  providers.ObserveRequest
	// Signature returns a canonical text of the target's real state, read
	// without the provider. It leaves out what may differ between two equal
	// applies (clocks, generated identities).
	Signature func(t *testing.T) string

	// Blob returns inputs of the bundle; blobs of the observation are found
	// first and need not be repeated here.
	Blob func(plans.Digest) ([]byte, error)
	// Prepare fills in the step from the observation, as the planner would
	// (the digest of a saved plan). It runs before each new request.
	Prepare func(t *testing.T, observed providers.Observed, step *plans.Step)
	// Normalise blanks what may differ between two observations of an
	// unchanged target. Informative figures are ignored without it.
	Normalise func(*plans.Observation)
	// Secret is a canary that Settings hold; it must not reach an error, a
	// summary, a progress line, an output or the journal.
	Secret string
	// Irreversible says that the step has no way back.
	Irreversible bool
	// Unknowable says that a probe after an interrupted Apply may answer
	// Unknown, as nobody can look at the target.
	Unknowable bool
	// Interrupt makes the target slow before Apply starts. underWay blocks
	// until the effect has begun and not ended; release, called after the
	// cancelled Apply has returned, makes the target fast again.
	Interrupt func(t *testing.T) (underWay, release func())
	// Crash leaves the target as a process that was killed half-way through
	// this request would (kill a child, or build the leftovers by hand). It
	// appends what such a process had recorded through req.Record.
	Crash func(t *testing.T, p providers.Provider, req providers.Request)
	// Break makes the target unreachable, so that every verb fails.
	Break func(t *testing.T)
}
