// Package providers is the contract that everything which changes a target
// fulfils: four verbs and a declaration. Observe reads, Apply does one step,
// Rollback undoes one step, Probe tells after a crash what really happened.
//
// It depends on the plan model alone, so that a provider can live outside of
// this module. providertest holds the conformance suite; only the command
// package names concrete providers.
package providers

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Provider does the work of one kind of step. Implementations are safe for
// concurrent use on different targets. Every method honours its context:
// cancelling it ends the effect cleanly (a statement is rolled back, Terraform
// gets SIGINT), never half-way without saying so.
type Provider interface {
	// Observe reads the target and never writes to it.
	Observe(ctx context.Context, req ObserveRequest) (Observed, error)

	// Apply does the step. Applying a done step again is a no-op that
	// succeeds. An error means that the step is not done; Probe tells the rest.
	Apply(ctx context.Context, req Request) (Result, error)

	// Rollback undoes the step: afterwards Probe says Absent. Rolling back an
	// absent step is a no-op that succeeds, as long as what is there is what was
	// there before (ErrForeign). Without a way back it changes nothing and
	// returns an error that wraps ErrIrreversible.
	Rollback(ctx context.Context, req Request) (Result, error)

	// Probe reads the target and tells how much of the step is there. It
	// never trusts what the journal says, and never guesses: Unknown is an
	// answer. It first waits for, or ends, what an earlier process of this
	// run left running.
	Probe(ctx context.Context, req Request) (Report, error)

	// Rerun declares what may be done with a step whose outcome is missing.
	Rerun(action plans.Action) Rerun
}

// ErrIrreversible is wrapped by the error of a Rollback without a way back.
var ErrIrreversible = errors.New("no way back")

// ErrOutsideEnvelope is wrapped by the error of an Apply whose late-bound
// target or plan is not what the approved envelope allows. Nothing was changed.
var ErrOutsideEnvelope = errors.New("outside of the approved envelope")

// ErrBlocked is wrapped by the error of an Apply that could not start for a
// passing cause (a lock that others hold). Nothing was changed; it is safe
// to try again.
var ErrBlocked = errors.New("blocked by others")

// ErrStopped is wrapped by the error of an Apply that stopped because
// Request.Stopping asked for it. What it did so far holds; applying again goes
// on from there.
var ErrStopped = errors.New("stopped on request")

// ErrForeign is wrapped by the error of a Rollback that found neither the
// step's effect nor what was there before it, and of an Apply whose target is
// not what the plan saw: another hand has moved it since. Nothing was changed.
var ErrForeign = errors.New("moved by another hand since")

// Rerun is what may be done with a step whose outcome is missing.
type Rerun string

// Rerun declarations.
const (
	RerunSafe   Rerun = "safe to re-run"
	RerunVerify Rerun = "verify then re-run"
	RerunNever  Rerun = "never re-run"
)

// ObserveRequest asks for the state of one target.
type ObserveRequest struct {
	Environment string
	ChangeSet   string
	Address     string
	// Settings are the block's real arguments as JSON, secrets included.
	Settings json.RawMessage
	// BindingOnly asks for what binds alone: apply compares it with the plan
	// and wants neither a new Terraform plan nor figures.
	BindingOnly bool
	// Planned is, with BindingOnly, what the plan saw at the target, and Blob
	// returns an input of its bundle: apply does not look at the working tree.
	// Both are nil where there is no plan.
	Planned *plans.Observation
	Blob    func(plans.Digest) ([]byte, error)
	// Late says that Settings lack values which are not known yet. A provider
	// whose step needs files of the project names them (Terraform's sources)
	// and marks the observation as Late; it plans nothing.
	Late bool
}

// Observed is an observation and the files that belong to it.
type Observed struct {
	plans.Observation
	// Blobs are contents that the observation names by digest and that the
	// bundle must hold (Terraform's saved plan, its sources).
	Blobs map[plans.Digest][]byte
	// Secrets holds the real values of sensitive outputs that the target has
	// now; it is kept in memory only.
	Secrets map[string]json.RawMessage
}

// Request asks for one step. It carries everything the step may use: apply
// reads from the bundle, never from the working tree.
type Request struct {
	Run string
	// Mark names the run among those of all journals, each of which counts
	// from r-0001: what is left running at a target is known by it. Empty:
	// the run's id will do.
	Mark        string
	Plan        plans.Digest
	Actor       string
	Environment string
	ChangeSet   string
	Step        plans.Step
	// Settings are the block's real arguments as JSON, secrets included. They
	// must not reach a log, an error, an argument list or the journal.
	Settings json.RawMessage
	// Observed is what the plan saw at the step's target before it ran.
	Observed plans.Observation
	// Previous are the settings with which the observed release was deployed,
	// secrets included, for the rollback of a deployment: it has to run again
	// as it ran before. Empty when nobody knows them any more.
	Previous json.RawMessage
	// Blob returns an input of the bundle by digest.
	Blob func(plans.Digest) ([]byte, error)
	// Record journals durable facts while the effect runs, so that a later
	// Probe finds it: a child's pid, a transaction id, the state's serial
	// before. When it returns an error the effect must not start.
	Record func(any) error
	// Recorded are the facts of earlier attempts of this step, oldest first.
	Recorded []json.RawMessage
	// Following yields the requests of the steps that come right after this
	// one at its target and whose intent is journalled, too: a provider may
	// carry them out in one go with it. It names each of them to Ahead before
	// it begins, and answers their own Apply when it comes. Both may be nil.
	Following iter.Seq[Request]
	Ahead     func(address string)
	// LockPatience is how long to wait for other tools that hold a lock on the
	// target; zero leaves it to the provider.
	LockPatience time.Duration
	// Progress reports one line for people; it may be nil.
	Progress func(message string)
	// Measure reports how far a long step has come: a line for people, and
	// its figures for scripts (rows, rows_per_second, ...). It may be nil.
	Measure func(message string, figures map[string]any)
	// Stopping reports whether the run was asked to stop. A step that has
	// safe places of its own to stop at does so, with an error that wraps
	// ErrStopped; others run to their end. It may be nil.
	Stopping func() bool
	// Held is what the step before left open at the same target; it may be nil.
	Held *Held
}

// Result is what a step did.
type Result struct {
	// Summary is one line for people ("1 added, 0 changed").
	Summary string
	// Changed is false when the target already was as wanted.
	Changed bool
	// Outputs feed later steps.
	Outputs []plans.Output
	// Secrets holds the real values of sensitive outputs by name; it is kept
	// in memory only.
	Secrets map[string]json.RawMessage
	// Figures are measured facts for the journal (lock_wait_ms, rows, ...).
	Figures map[string]any
	// WayBack is what undoing the step would do now, where the plan could not
	// foresee it; else nil.
	WayBack *plans.TerraformWayBack
	// Took is how long it took, where the caller's own measure is not that: of
	// a step that was carried out together with others.
	Took time.Duration
}

// Verdict is how much of a step is there.
type Verdict string

// Verdicts of a probe.
const (
	Absent   Verdict = "absent"
	InFlight Verdict = "in flight"
	Partial  Verdict = "partial"
	Done     Verdict = "done"
	Unknown  Verdict = "unknown"
)

// Report is a probe's answer.
type Report struct {
	Verdict Verdict
	// Detail says what was looked at and what was found, for people.
	Detail string
	// Traces says of an absent step that the target has a note of a try all the
	// same, which would hold the next one to its content; see Forgetter.
	Traces bool
	// Lost are objects that may exist unseen: why the verdict is Unknown.
	Lost []Lost
	// Outputs, Secrets and WayBack are as in Result, when the step is done.
	Outputs []plans.Output
	Secrets map[string]json.RawMessage
	WayBack *plans.TerraformWayBack
}
