package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// stillThere is the run without what later rollbacks took back; the rollback
// named except does not count.
func stillThere(run journal.Run, runs []journal.Run, except string) journal.Run {
	run.Steps = maps.Clone(run.Steps)
	for _, r := range runs {
		if r.Kind != journal.Revert || r.Of != run.ID || r.ID == except {
			continue
		}
		for address, s := range r.Steps {
			if s.Status == journal.StepUndone {
				mine := run.Steps[address]
				mine.Status = journal.StepUndone
				run.Steps[address] = mine
			}
		}
	}
	return run
}

// takenBackBy returns the latest run that undid this one, itself included, or "".
func takenBackBy(run journal.Run, runs []journal.Run) string {
	by := ""
	if run.Undoing() {
		by = run.ID
	}
	for _, r := range runs {
		if r.Kind == journal.Revert && r.Of == run.ID && r.Undoing() && r.State != journal.Refused {
			by = r.ID
		}
	}
	return by
}

// possible refuses an impossible rollback before anything changes.
func (u undoing) possible() error {
	run, p := u.run, u.bundle.Plan
	if run.Kind == journal.Revert && run.State.Over() {
		return blocked(fmt.Sprintf("Run %s is a rollback; a rollback is not rolled back. Nothing was changed.", run.ID),
			fmt.Sprintf("Apply the change set again: lockstep apply %s --env %s", run.ChangeSet, run.Environment))
	}
	for _, other := range u.runs {
		if other.Environment == run.Environment && !other.State.Over() {
			return u.open(other)
		}
	}
	if run.State == journal.Refused {
		return blocked(fmt.Sprintf("Run %s left nothing to undo (%s). Nothing was changed.", run.ID, run.State))
	}
	way := rollout.WayBack(p, run, u.howFar())
	goesBack := slices.ContainsFunc(way, func(s rollout.UndoStep) bool { return !s.Keep })
	if by := takenBackBy(run, u.runs); by != "" && !goesBack {
		return blocked(fmt.Sprintf("Run %s was already rolled back by %s. Nothing was changed.", run.ID, by), kept(way)...)
	}
	if err := u.standsAlone(way); err != nil {
		return err
	}
	if err := rollout.CheckRollback(p, run, u.howFar()); err != nil {
		return &endError{code: exitBlocked, err: err}
	}
	if !goesBack {
		return u.nothing(way)
	}
	return nil
}

// nothing refuses a rollback that would take nothing back: the journal would
// say that the environment does not have what it has.
func (u undoing) nothing(way []rollout.UndoStep) error {
	next := kept(way)
	if flags := flagsToTakeBack(way); flags != "" {
		next = append(next, "Take these back as well: lockstep rollback "+u.run.ID+" "+flags)
	}
	return blocked(fmt.Sprintf("There is nothing that a rollback of run %s would take back. Nothing was changed.", u.run.ID), next...)
}

// flagsToTakeBack are those with which a rollback takes back what these steps
// keep; empty where nothing of it can be taken back.
func flagsToTakeBack(way []rollout.UndoStep) string {
	var o rollout.RollbackOptions
	for _, s := range way {
		if !s.Keep || s.Step.Rollback.Grade == plans.GradeNone && !s.Terraform.Exists() {
			continue
		}
		o.Schema = o.Schema || s.Step.Action == plans.ActionMigrate
		o.Infrastructure = o.Infrastructure || s.Step.Action == plans.ActionTerraform
	}
	return o.Flags()
}

// open refuses because of a run that is not over, and names the commands that
// end it.
func (u undoing) open(run journal.Run) error {
	abort := "lockstep abort " + run.ID
	if b, err := bundleOf(u.store, run); err == nil {
		abort = rollout.AbortCommand(b.Plan, run)
	}
	return blocked(fmt.Sprintf("Run %s of %s in %s is not over (%s). Nothing was changed.", run.ID, run.ChangeSet, run.Environment, run.State),
		"Go on with it: lockstep resume "+run.ID,
		"Or end it:     "+abort)
}

func kept(way []rollout.UndoStep) []string {
	var lines []string
	for _, s := range way {
		if s.Step.Action != plans.ActionFetch {
			lines = append(lines, s.Step.Address+": "+s.Reason)
		}
	}
	return lines
}

// standsAlone refuses when a later run stands on what this one did.
func (u undoing) standsAlone(way []rollout.UndoStep) error {
	i := slices.IndexFunc(u.runs, func(r journal.Run) bool { return r.ID == u.run.ID })
	for _, later := range slices.Backward(u.runs[i+1:]) {
		if later.Environment != u.run.Environment || later.Kind != journal.Apply || later.State == journal.Refused {
			continue
		}
		why, err := u.reliesOn(later, way)
		if err != nil {
			return err
		}
		if why != "" {
			return u.inTheWay(later, why)
		}
	}
	return u.highestInJournal(way)
}

func (u undoing) inTheWay(other journal.Run, why string) error {
	next := "Roll that back first: lockstep rollback " + other.ID
	if takenBackBy(other, u.runs) != "" {
		next = strings.TrimSpace(next + " " + u.flagsOf(other))
	}
	return blocked(fmt.Sprintf("%s (run %s) in %s builds on run %s: %s. Nothing was changed.",
		other.ChangeSet, other.ID, u.run.Environment, u.run.ID, why), next)
}

// flagsOf are those with which what another run has left is taken back.
func (u undoing) flagsOf(other journal.Run) string {
	b, err := bundleOf(u.store, other)
	if err != nil {
		return ""
	}
	return flagsToTakeBack(rollout.WayBack(b.Plan, stillThere(other, u.runs, ""), rollout.RollbackOptions{}))
}

// reliesOn says how a later run builds on this one, or "". Of a run that was
// taken back only what it left behind counts, and only for what goes back now.
func (u undoing) reliesOn(later journal.Run, way []rollout.UndoStep) (string, error) {
	stands := takenBackBy(later, u.runs) == ""
	targets := targetsOf(way, stands)
	b, err := bundleOf(u.store, later)
	if err != nil {
		return "", err
	}
	if stands && later.ChangeSet == u.run.ChangeSet {
		return "it is a later run of the same change set", nil
	}
	if stands && u.requires(b.Plan) {
		return later.ChangeSet + " requires " + u.run.ChangeSet, nil
	}
	for _, s := range rollout.WayBack(b.Plan, stillThere(later, u.runs, ""), rollout.RollbackOptions{}) {
		if s.Step.Action != plans.ActionFetch && targets[s.Step.Target] {
			return "it changed " + s.Step.Target + " as well", nil
		}
	}
	going := targetsOf(way, false)
	for _, seen := range b.Plan.Observations {
		if stands && seen.Database != nil && going[seen.Address] {
			return "it needs the schema of " + seen.Address, nil
		}
	}
	return "", nil
}

// targetsOf lists what the run changed; without all only what goes back now.
func targetsOf(way []rollout.UndoStep, all bool) map[string]bool {
	targets := map[string]bool{}
	for _, s := range way {
		if s.Step.Action != plans.ActionFetch && s.Step.Target != "" && (all || !s.Keep) {
			targets[s.Step.Target] = true
		}
	}
	return targets
}

// requires reports whether a plan, or its change set as it is written now,
// builds on this run's change set.
func (u undoing) requires(p *plans.Plan) bool {
	if slices.Contains(p.Requires, u.run.ChangeSet) {
		return true
	}
	for _, head := range u.workspace.project.ChangeSets() {
		if head.Name == p.ChangeSet && slices.Contains(head.DependsOn, u.run.ChangeSet) {
			return true
		}
	}
	return false
}

// highestInJournal refuses when another run, earlier ones included, has moved
// a database to a higher version than this run did.
func (u undoing) highestInJournal(way []rollout.UndoStep) error {
	for _, other := range u.runs {
		if other.ID == u.run.ID || other.Environment != u.run.Environment || other.Kind != journal.Apply {
			continue
		}
		stands := takenBackBy(other, u.runs) == ""
		lowest := lowestVersions(way, stands)
		there := stillThere(other, u.runs, "")
		for _, address := range there.Order {
			s := there.Steps[address]
			if s.Intent.Action != plans.ActionMigrate || (s.Status != journal.StepDone && s.Status != journal.StepKept) {
				continue
			}
			mine, ok := lowest[s.Intent.Target]
			if version, err := strconv.ParseUint(s.Intent.Version, 10, 64); ok && err == nil && version > mine {
				return u.inTheWay(other, fmt.Sprintf("it moved %s on to version %d", s.Intent.Target, version))
			}
		}
	}
	return nil
}

// highestInDatabases asks the databases whose schema goes back: another tool,
// or another journal, may have moved them on.
func (u undoing) highestInDatabases(ctx context.Context, open *opened) error {
	way := rollout.WayBack(u.bundle.Plan, u.run, u.howFar())
	lowest := lowestVersions(way, false)
	for _, address := range slices.Sorted(maps.Keys(lowest)) {
		block, ok := findBlock(open.blocks, address)
		if !ok || isLate(u.bundle.Plan, address) {
			continue
		}
		seen, err := open.observeBinding(ctx, block)
		if err != nil {
			return failed(fmt.Errorf("observe %s: %w", address, err))
		}
		if seen.Database == nil {
			continue
		}
		if foreign := u.movedOn(*seen.Database, lowest[address]); foreign != "" {
			return blocked(fmt.Sprintf("%s has version %s, which run %s did not apply. Nothing was changed.", address, foreign, u.run.ID),
				"Take that back first, where it came from, or leave the schema: lockstep rollback "+u.run.ID)
		}
	}
	return nil
}

// isLate reports whether a target's address was not known when the plan was
// made: it is reached by the step alone, and the journal has to do.
func isLate(p *plans.Plan, address string) bool {
	return slices.ContainsFunc(p.Observations, func(o plans.Observation) bool { return o.Address == address && o.Late })
}

// movedOn returns a version above the lowest one that another run, or another
// tool, which writes down nothing but the number, brought the database to.
func (u undoing) movedOn(db plans.DatabaseState, lowest uint64) string {
	rows := append(slices.Clone(db.Applied), plans.AppliedMigration{Version: db.Version})
	mine := map[string]bool{}
	for _, row := range rows {
		mine[row.Version] = mine[row.Version] || row.Run == u.run.ID
	}
	for _, row := range rows {
		version, err := strconv.ParseUint(row.Version, 10, 64)
		if err == nil && version > lowest && !mine[row.Version] {
			return row.Version
		}
	}
	return ""
}

// lowestVersions are the lowest versions that the run applied, by the
// database's address; without all only of what goes back now.
func lowestVersions(way []rollout.UndoStep, all bool) map[string]uint64 {
	lowest := map[string]uint64{}
	for _, s := range way {
		if s.Step.Migration == nil || (s.Keep && !all) {
			continue
		}
		version, err := strconv.ParseUint(s.Step.Migration.Version, 10, 64)
		if before, ok := lowest[s.Step.Target]; err == nil && (!ok || version < before) {
			lowest[s.Step.Target] = version
		}
	}
	return lowest
}
