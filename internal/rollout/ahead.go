package rollout

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// following yields the requests of the announced steps right behind one, which
// its provider may carry out together with it; none when the run is to stop.
func (w *walk) following(first plans.Step) iter.Seq[providers.Request] {
	return func(yield func(providers.Request) bool) {
		for _, next := range w.row(first) {
			if w.stopping() || !w.maySend(next) {
				return
			}
			req, err := w.request(next)
			if err != nil || !yield(req) { // its own turn will say what is wrong
				return
			}
		}
	}
}

func (w *walk) maySend(step plans.Step) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.announced[step.Target][step.Address] && !w.noneAhead
}

// sendNoMore keeps steps from being carried out before their turn: something
// ends the run.
func (w *walk) sendNoMore() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noneAhead = true
}

func (w *walk) noteAhead(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead[address] = true
}

// takeAhead returns the steps that may have been carried out and whose turn
// has not come, in the plan's order.
func (w *walk) takeAhead() []plans.Step {
	w.mu.Lock()
	defer w.mu.Unlock()
	var places []int
	for address := range w.ahead {
		places = append(places, w.place[address])
	}
	clear(w.ahead)
	slices.Sort(places)
	list := make([]plans.Step, len(places))
	for n, i := range places {
		list[n] = w.plan.Steps[i]
	}
	return list
}

var errAhead = errors.New("it was sent together with a step before it, and what became of it is not certain")

// lookLimit bounds how long the end of a run asks a target.
const lookLimit = time.Minute

// lookAhead asks the target for them, when the phase ends before their turn:
// what is there is the run's, whatever it ended for. One that does not answer
// is not asked again.
func (w *walk) lookAhead(ctx context.Context) (why halt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
	defer cancel()
	silent := map[string]providers.Report{}
	for _, step := range w.takeAhead() {
		report, unanswered := silent[step.Target]
		if !unanswered {
			report = w.probe(ctx, step)
		}
		switch report.Verdict {
		case providers.Absent:
			continue
		case providers.Unknown:
			silent[step.Target] = report
		}
		w.takeAnnounced(step)
		w.change(step.Address, func(s *journal.StepState) {
			s.Attempt++
			s.Started, s.Status, s.Intent = time.Now(), journal.StepRunning, intentOf(step, nil)
		})
		w.tell(Event{Kind: StepStarted, Step: &step, Message: step.Summary})
		why = worse(why, w.ending(step, w.conclude(ctx, step, errAhead, report)))
	}
	return why
}
