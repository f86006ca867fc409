package rollout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// walk is one process's work on a run.
type walk struct {
	cfg  Config
	plan *plans.Plan

	mu       sync.Mutex
	steps    map[string]journal.StepState
	outputs  Outputs
	bakes    map[string]journal.BakeState
	waitLeft time.Duration
	asked    string // a request that was taken and not yet acted on
	// announced are steps whose intent is durable and which have not begun, by
	// target.
	announced map[string]map[string]bool
	noneAhead bool                     // nothing is sent any more whose turn has not come
	ahead     map[string]bool          // of those, what may have been carried out
	held      map[string]*hold         // by target
	closing   map[string]chan struct{} // closed once what was let go there is
	place     map[string]int           // of a step in the plan, by address

	observing sync.Mutex

	barrier sync.Mutex      // one barrier is planned at a time; it guards what follows
	passed  map[string]bool // late steps that were planned, and are as approved
	closed  bool            // a barrier has ended the run
}

func newWalk(cfg Config, past journal.Run) *walk {
	if cfg.Parallelism <= 0 {
		cfg.Parallelism = DefaultParallelism
	}
	if cfg.Actor != "" {
		cfg.Journal.As(cfg.Actor)
	}
	w := &walk{
		cfg: cfg, plan: cfg.Plan, waitLeft: cfg.Wait,
		steps: map[string]journal.StepState{}, outputs: Outputs{}, bakes: map[string]journal.BakeState{},
		announced: map[string]map[string]bool{}, ahead: map[string]bool{}, held: map[string]*hold{}, closing: map[string]chan struct{}{}, place: make(map[string]int, len(cfg.Plan.Steps)),
		passed: map[string]bool{},
	}
	for i, step := range cfg.Plan.Steps {
		w.place[step.Address] = i
	}
	for address, s := range past.Steps {
		w.steps[address] = s
	}
	for address, b := range past.Bakes {
		w.bakes[address] = carryOver(b, past)
	}
	return w
}

func (w *walk) state(address string) journal.StepState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.steps[address]
}

func (w *walk) change(address string, change func(*journal.StepState)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.steps[address]
	change(&s)
	w.steps[address] = s
}

func (w *walk) done(address string) bool { return w.state(address).Status == journal.StepDone }

// knownOutputs is a copy: steps that run side by side add to the original.
func (w *walk) knownOutputs() Outputs {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(Outputs, len(w.outputs))
	for address, o := range w.outputs {
		out[address] = o
	}
	return out
}

// putOutputs keeps what a step put out; most put out nothing.
func (w *walk) putOutputs(step plans.Step, outputs []plans.Output, secrets map[string]rawJSON) {
	if len(outputs) == 0 && step.Action != plans.ActionTerraform {
		return
	}
	full := make([]plans.Output, 0, len(outputs))
	for _, o := range outputs {
		if secret, ok := secrets[o.Name]; ok {
			o.Value, o.Known = secret, true
		}
		full = append(full, o)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outputs[step.Address] = full
}

// note makes a record durable.
func (w *walk) note(kind journal.Kind, step string, data any) error {
	return w.record(journal.Entry{Kind: kind, Step: step, Attempt: w.state(step).Attempt, Data: data})
}

// noteSoon writes a record that the next durable one takes along.
func (w *walk) noteSoon(kind journal.Kind, step string, data any) error {
	return w.record(journal.Entry{Kind: kind, Step: step, Attempt: w.state(step).Attempt, Data: data, Soon: true})
}

// record appends to the journal. A crash is tried out on both of its sides.
func (w *walk) record(e journal.Entry) error {
	name := string(e.Kind)
	if e.Step != "" {
		name += " " + e.Step
	}
	failpoint.Here("before journal " + name)
	_, err := w.cfg.Journal.Append(e)
	failpoint.Here("after journal " + name)
	return err
}

// noteFact journals what a provider wants to find again. Facts outside of an
// effect (a probe's) have nowhere to belong.
func (w *walk) noteFact(address string, fact any) error {
	if s := w.state(address).Status; s != journal.StepRunning && s != journal.StepUndoing {
		return nil
	}
	return w.note(journal.StepHandle, address, fact)
}

func (w *walk) tell(e Event) {
	if w.cfg.Observer == nil {
		return
	}
	w.observing.Lock()
	defer w.observing.Unlock()
	e.At, e.Run = time.Now(), w.cfg.Journal.ID()
	if e.Step != nil {
		e.Phase = e.Step.Phase
	}
	w.cfg.Observer.Event(e)
}

func (w *walk) provider(step plans.Step) (providers.Provider, error) {
	p, ok := w.cfg.Providers(step.Provider)
	if !ok {
		return nil, fmt.Errorf("%w: step %s needs provider %q, which this version of lockstep does not have", ErrPlan, step.Address, step.Provider)
	}
	return p, nil
}

// request puts together what a provider needs for one step.
func (w *walk) request(step plans.Step) (providers.Request, error) {
	req, err := w.requestWithout(step)
	if err == nil {
		req.Held = w.hold(step)
	}
	return req, err
}

// requestWithout leaves what is open at the target alone.
func (w *walk) requestWithout(step plans.Step) (providers.Request, error) {
	settings, err := w.cfg.Resolver.Settings(step, w.knownOutputs())
	if err != nil {
		return providers.Request{}, fmt.Errorf("settings of %s: %w", step.Address, err)
	}
	return providers.Request{
		Run:         w.cfg.Journal.ID(),
		Mark:        w.cfg.Journal.Mark(),
		Plan:        w.cfg.Digest,
		Actor:       w.cfg.Actor,
		Environment: w.plan.Environment,
		ChangeSet:   w.plan.ChangeSet,
		Step:        step,
		Settings:    settings,
		Observed:    w.cfg.Resolver.Observed(step),
		Blob:        w.cfg.Blob,
		Recorded:    w.state(step.Address).Recorded,

		LockPatience: w.cfg.LockPatience,
		Record:       func(fact any) error { return w.noteFact(step.Address, fact) },
		Progress:     func(m string) { w.tell(Event{Kind: StepProgress, Step: &step, Message: m}) },
		Measure: func(m string, figures map[string]any) {
			w.tell(Event{Kind: StepProgress, Step: &step, Message: m, Figures: figures})
		},
		Stopping: w.stopping,

		Following: w.following(step),
		Ahead:     w.noteAhead,
	}, nil
}

// reach returns the step's provider and what it is to be given.
func (w *walk) reach(step plans.Step) (providers.Provider, providers.Request, error) {
	provider, err := w.provider(step)
	if err != nil {
		return nil, providers.Request{}, err
	}
	req, err := w.request(step)
	return provider, req, err
}

// stopped reports whether the process was asked to end.
func (w *walk) stopped() bool {
	select {
	case <-w.cfg.Stop:
		return w.cfg.Stop != nil
	default:
		return false
	}
}

// stopping tells a step that can stop by itself whether it should: the process
// is to end, or somebody asked for a pause or an abort.
func (w *walk) stopping() bool {
	w.mu.Lock()
	asked := w.asked
	w.mu.Unlock()
	return asked != "" || w.stopped()
}

// takeRequest remembers a request: it is taken once and acted on at the next
// boundary.
func (w *walk) takeRequest() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cfg.Requests != nil && w.asked != journal.RequestAbort {
		if asked := w.cfg.Requests(); asked != "" {
			w.asked = asked
		}
	}
	return w.asked
}

// changedAnything reports whether any effect of the run is there, or may be.
func (w *walk) changedAnything() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.steps {
		if s.Intent.Action == "" || s.Intent.Action == plans.ActionFetch {
			continue // a check, or a copy that no target sees
		}
		failedClean := s.Status == journal.StepFailed && s.Outcome.Verdict == string(providers.Absent)
		if s.Status != journal.StepPending && s.Status != journal.StepUndone && !failedClean {
			return true
		}
	}
	return false
}

// stuck returns the steps that could never run, however the run goes.
func stuck(plan *plans.Plan) error {
	done := map[string]bool{}
	for _, phase := range plans.Phases() {
		for progress := true; progress; {
			progress = false
			for _, s := range plan.Steps {
				if s.Phase == phase && !done[s.Address] && allDone(s.Needs, done) {
					done[s.Address], progress = true, true
				}
			}
		}
	}
	for _, s := range plan.Steps {
		if !done[s.Address] {
			return fmt.Errorf("%w: step %s needs %v, which never comes before it", ErrPlan, s.Address, s.Needs)
		}
	}
	return nil
}

func allDone(needs []string, done map[string]bool) bool {
	for _, n := range needs {
		if !done[n] {
			return false
		}
	}
	return true
}

// interrupted reports whether the process is being ended, by context.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
