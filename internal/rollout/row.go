package rollout

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

// rowLength bounds how many steps are announced together: what a crash leaves
// to be asked for, against one fsync for each step.
const rowLength = 64

// announce makes the step's intent durable, and with it those of the
// migrations that follow at the same database: their receipts tell which of
// them have happened, whatever the journal says. The next ones are announced
// before the last ones begin, so that no database waits for that.
func (w *walk) announce(step plans.Step, intent journal.Intent) error {
	if w.takeAnnounced(step) {
		return w.announceAhead(step)
	}
	row := w.row(step)
	if err := w.record(journal.Entry{
		Kind: journal.StepIntent, Step: step.Address, Attempt: w.state(step.Address).Attempt, Data: intent, Soon: len(row) > 0,
	}); err != nil {
		return err
	}
	return w.announceRow(row)
}

func (w *walk) announceAhead(step plans.Step) error {
	if w.announcedAt(step.Target) > rowLength/2 || w.stopping() {
		return nil
	}
	return w.announceRow(slices.DeleteFunc(w.row(step), w.isAnnounced))
}

// announceRow makes the intents of steps durable whose turn has not come.
func (w *walk) announceRow(row []plans.Step) error {
	for i, next := range row {
		if err := w.record(journal.Entry{
			Kind: journal.StepIntent, Step: next.Address, Attempt: w.state(next.Address).Attempt + 1,
			Data: intentOf(next, nil), Soon: i < len(row)-1,
		}); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, next := range row {
		if w.announced[next.Target] == nil {
			w.announced[next.Target] = map[string]bool{}
		}
		w.announced[next.Target][next.Address] = true
	}
	return nil
}

func (w *walk) isAnnounced(step plans.Step) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.announced[step.Target][step.Address]
}

func (w *walk) announcedAt(target string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.announced[target])
}

func (w *walk) takeAnnounced(step plans.Step) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	announced := w.announced[step.Target][step.Address]
	delete(w.announced[step.Target], step.Address)
	delete(w.ahead, step.Address)
	return announced
}

// row returns the migrations that come right after the step at its database.
func (w *walk) row(first plans.Step) []plans.Step {
	if !w.inRow(first) {
		return nil
	}
	var row []plans.Step
	before := map[string]bool{first.Address: true}
	for _, next := range w.plan.Steps[w.place[first.Address]+1:] {
		if next.Phase != first.Phase || len(row) == rowLength-1 {
			break
		}
		if next.Target != first.Target {
			continue
		}
		waits := func(address string) bool { return !before[address] && !w.done(address) }
		if !w.inRow(next) || w.state(next.Address).Status != journal.StepPending || slices.ContainsFunc(next.Needs, waits) {
			break
		}
		row = append(row, next)
		before[next.Address] = true
	}
	return row
}

// inRow reports whether the step's own receipt, in one piece with its effect,
// says whether it has happened.
func (w *walk) inRow(step plans.Step) bool {
	return step.Action == plans.ActionMigrate && step.Migration != nil && step.Migration.Mode == "transaction" && w.mayRunAgain(step)
}

// withdraw takes back the announcements of steps that will not begin now.
func (w *walk) withdraw() error {
	w.mu.Lock()
	var left []int
	for _, at := range w.announced {
		for address := range at {
			left = append(left, w.place[address])
		}
	}
	clear(w.announced)
	w.mu.Unlock()
	slices.Sort(left)
	for _, i := range left {
		address := w.plan.Steps[i].Address
		if err := w.record(journal.Entry{
			Kind: journal.StepOutcome, Step: address, Attempt: w.state(address).Attempt + 1,
			Data: journal.Outcome{Result: journal.ResultWithdrawn}, Soon: true,
		}); err != nil {
			return err
		}
	}
	return nil
}
