package rollout

import (
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// hold is what a provider has left open at a target.
type hold struct {
	kind string // of the steps that share it
	held providers.Held
}

// hold returns the place for what the step's provider leaves open. What a
// step of another kind has left there is closed first.
func (w *walk) hold(step plans.Step) *providers.Held {
	if step.Target == "" {
		return nil
	}
	kind := step.Provider + " " + string(step.Action)
	w.mu.Lock()
	before, closing := w.held[step.Target], w.closing[step.Target]
	if before != nil && before.kind == kind {
		w.mu.Unlock()
		return &before.held
	}
	h := &hold{kind: kind}
	w.held[step.Target] = h
	w.mu.Unlock()
	if before != nil {
		_ = before.held.Close() // what is in it is committed, or never will be
	}
	if closing != nil {
		<-closing
	}
	return &h.held
}

// letGo closes what is open at targets that are not kept, and does not wait:
// what is under way there may need its time to end, and other targets' steps
// have theirs.
func (w *walk) letGo(keep func(target string) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for target, h := range w.held {
		if keep(target) {
			continue
		}
		delete(w.held, target)
		before, closed := w.closing[target], make(chan struct{})
		w.closing[target] = closed
		go func() {
			defer close(closed)
			if before != nil {
				<-before
			}
			_ = h.held.Close() // what is in it is committed, or never will be
		}()
	}
}

// letAllGo closes everything that is open, and waits for it.
func (w *walk) letAllGo() {
	w.letGo(func(string) bool { return false })
	w.mu.Lock()
	var open []chan struct{}
	for _, closing := range w.closing {
		open = append(open, closing)
	}
	w.mu.Unlock()
	for _, closing := range open {
		<-closing
	}
}

// inUse is for the time in which steps run: a target is kept where one runs,
// and, while the run goes on, where an announced one is to follow.
func (w *walk) inUse(busy map[string]bool, why halt) func(target string) bool {
	announced := map[string]bool{}
	if why.kind == goOn {
		w.mu.Lock()
		for target, steps := range w.announced {
			announced[target] = len(steps) > 0
		}
		w.mu.Unlock()
	}
	return func(target string) bool { return busy[target] || announced[target] }
}
