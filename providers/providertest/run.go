package providertest

import (
	"testing"
)

// Run runs the whole suite against one provider, a fresh target a subtest.
func Run(t *testing.T, c Case) {
	t.Helper()
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			s := newSession(t, c)
			rule.check(t, s)
			s.noSecretSpoken(t)
		})
	}
}

// rule is one sentence of the contract.
type rule struct {
	name  string
	check func(*testing.T, *session)
}

func rules() []rule {
	return []rule{
		{"observe_writes_nothing", observeWritesNothing},
		{"observe_twice_is_equal", observeTwiceIsEqual},
		{"rerun_is_declared", rerunIsDeclared},
		{"probe_before_says_absent", probeBeforeSaysAbsent},
		{"apply_does_the_step", applyDoesTheStep},
		{"apply_again_is_a_no_op", applyAgainIsANoOp},
		{"probe_writes_nothing", probeWritesNothing},
		{"done_step_tells_its_outputs", doneStepTellsItsOutputs},
		{"roll_back_restores_the_start", rollBackRestoresTheStart},
		{"roll_back_again_is_a_no_op", rollBackAgainIsANoOp},
		{"roll_back_of_absent_is_a_no_op", rollBackOfAbsentIsANoOp},
		{"apply_after_roll_back", applyAfterRollBack},
		{"no_way_back_changes_nothing", noWayBackChangesNothing},
		{"cancelled_before_start", cancelledBeforeStart},
		{"cancelled_half_way", cancelledHalfWay},
		{"crash_then_apply", crashThenApply},
		{"crash_then_roll_back", crashThenRollBack},
		{"failing_record_prevents_the_effect", failingRecordPreventsTheEffect},
		{"two_targets_side_by_side", twoTargetsSideBySide},
		{"broken_target_is_an_error", brokenTargetIsAnError},
	}
}
