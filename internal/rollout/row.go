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
// them have happened, whatever the journal says.
func (w *walk) announce(step plans.Step, intent journal.Intent) error {
	if w.takeAnnounced(step.Address) {
		return nil
	}
	row := w.row(step)
	if err := w.record(journal.Entry{
		Kind: journal.StepIntent, Step: step.Address, Attempt: w.state(step.Address).Attempt, Data: intent, Soon: len(row) > 0,
	}); err != nil {
		return err
	}
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
		w.announced[next.Address] = true
	}
	return nil
}

func (w *walk) takeAnnounced(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	announced := w.announced[address]
	delete(w.announced, address)
	delete(w.ahead, address)
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
	left := make([]int, 0, len(w.announced))
	for address := range w.announced {
		left = append(left, w.place[address])
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
