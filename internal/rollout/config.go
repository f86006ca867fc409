package rollout

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// DefaultParallelism is how many steps run side by side when Config says
// nothing.
const DefaultParallelism = 4

// Config is what a run needs.
type Config struct {
	Plan   *plans.Plan
	Digest plans.Digest // of Plan
	// Providers returns the provider that a step names.
	Providers func(name string) (providers.Provider, bool)
	Resolver  Resolver
	// Journal is the run's own, opened or created by the caller, who closes it.
	Journal Journal
	// Replayed is the run so far: for Resume, and for Rollback into the
	// journal of the run itself.
	Replayed journal.Run
	// Undoes is the earlier run that a rollback run (journal.Revert) undoes.
	Undoes journal.Run
	// Previous returns the settings with which the release that a deployment
	// replaced was deployed, or nothing when that is not known. It may be nil.
	Previous func(plans.Step) json.RawMessage
	// Blob returns an input of the bundle.
	Blob  func(plans.Digest) ([]byte, error)
	Actor string
	// Parallelism bounds the steps that run side by side; DefaultParallelism
	// when zero.
	Parallelism int
	// Wait bounds how long bakes are waited for; negative means to the end.
	Wait time.Duration
	// LockPatience is how long a step waits for other tools at its target;
	// zero leaves it to the provider.
	LockPatience time.Duration
	// Until is the last phase to run; empty means all.
	Until plans.Phase
	// OnFailure replaces the plan's policy: "auto", "pause" or "".
	OnFailure string
	// Requests returns what others ask of the run since the last call:
	// journal.RequestPause, journal.RequestAbort or "". It may be nil.
	Requests func() string
	// Late plans late steps when their targets are known; nil leaves that to
	// the providers alone.
	Late LatePlanner
	// Stop is closed to finish the running steps and stop. It may be nil.
	Stop <-chan struct{}
	// Observer is told what happens. It may be nil.
	Observer Observer
}

// Journal takes the run's records; *journal.Writer is one. An Append that
// fails ends the run's work at once.
type Journal interface {
	Append(journal.Entry) (journal.Record, error)
	ID() string
	Mark() string
	As(actor string)
}

// Resolver answers from the configuration what a plan leaves out because it
// is secret, or not known before other steps have run. It is safe for
// concurrent use.
type Resolver interface {
	// Settings returns the step's real arguments.
	Settings(step plans.Step, outputs Outputs) (json.RawMessage, error)
	// Check returns the check block with that address, ready to be sampled.
	Check(address string, outputs Outputs) (Check, error)
	// Observed returns what the plan saw at the step's target.
	Observed(step plans.Step) plans.Observation
}

// Outputs are what finished steps put out, by step address, secrets included.
// They live in memory alone.
type Outputs map[string][]plans.Output

// Check looks at the health of something.
type Check interface {
	// Watch samples until the check's thresholds decide, or ctx ends.
	Watch(ctx context.Context, seen func(Sample)) journal.Verdict
	// Sample looks once.
	Sample(ctx context.Context) Sample
	// Interval is the time between two samples.
	Interval() time.Duration
	// FailureThreshold is how many bad samples in a row make a failure.
	FailureThreshold() int
}

// Sample is one look of a check.
type Sample struct {
	At      time.Time
	Green   bool
	Message string
	// Evidence is what was seen, for the journal.
	Evidence json.RawMessage
}

// RollbackOptions say how far a rollback goes beyond the application.
type RollbackOptions struct {
	Schema         bool // migrations go down, newest first
	Infrastructure bool // Terraform goes back
	// Named: somebody asked for the infrastructure, and has seen what it
	// destroys. Without it a step whose undoing destroys what holds data stops
	// the way back.
	Named bool
	// Leave ends the run and takes nothing back: for what has no way back.
	Leave bool
}
