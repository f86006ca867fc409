package memory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

// A suite that cannot fail proves nothing. Each variant breaks one sentence
// of the contract; the suite runs on it in a process of its own and must fail
// in the subtest that holds that sentence.

const variantVariable = "LOCKSTEP_TEST_BROKEN_VARIANT"

// broken is the memory provider with verbs replaced.
type broken struct {
	providers.Provider
	world    *memory.World
	observe  func(b broken, ctx context.Context, req providers.ObserveRequest) (providers.Observed, error)
	apply    func(b broken, ctx context.Context, req providers.Request) (providers.Result, error)
	rollback func(b broken, ctx context.Context, req providers.Request) (providers.Result, error)
	probe    func(b broken, ctx context.Context, req providers.Request) (providers.Report, error)
	rerun    providers.Rerun
}

func (b broken) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	if b.observe != nil {
		return b.observe(b, ctx, req)
	}
	return b.Provider.Observe(ctx, req)
}

func (b broken) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	if b.apply != nil {
		return b.apply(b, ctx, req)
	}
	return b.Provider.Apply(ctx, req)
}

func (b broken) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	if b.rollback != nil {
		return b.rollback(b, ctx, req)
	}
	return b.Provider.Rollback(ctx, req)
}

func (b broken) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	if b.probe != nil {
		return b.probe(b, ctx, req)
	}
	return b.Provider.Probe(ctx, req)
}

func (b broken) Rerun(action plans.Action) providers.Rerun {
	if b.rerun != "" {
		return b.rerun
	}
	return b.Provider.Rerun(action)
}

type variant struct {
	name    string
	grade   plans.Grade
	caught  string // the subtest that must fail
	instead broken
}

func variants() []variant {
	return slices.Concat(lyingVariants(), writingVariants(), undoingVariants(), hastyVariants())
}

func lyingVariants() []variant {
	return []variant{
		{name: "apply does nothing", caught: "apply_does_the_step", instead: broken{
			apply: func(broken, context.Context, providers.Request) (providers.Result, error) {
				return providers.Result{Summary: "made", Changed: true}, nil
			},
		}},
		{name: "probe always says done", caught: "probe_before_says_absent", instead: broken{
			probe: func(broken, context.Context, providers.Request) (providers.Report, error) {
				return providers.Report{Verdict: providers.Done, Detail: "sure"}, nil
			},
		}},
		{name: "probe takes half for done", caught: "crash_then_apply", instead: broken{probe: roundedProbe(providers.Done)}},
		{name: "probe takes half for absent", caught: "crash_then_roll_back", instead: broken{probe: roundedProbe(providers.Absent)}},
		{name: "probe forgets the outputs", caught: "done_step_tells_its_outputs", instead: broken{
			probe: func(b broken, ctx context.Context, req providers.Request) (providers.Report, error) {
				report, err := b.Provider.Probe(ctx, req)
				report.Outputs = nil
				return report, err
			},
		}},
		{name: "a second apply claims a change", caught: "apply_again_is_a_no_op", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				result, err := b.Provider.Apply(ctx, req)
				result.Changed = true
				return result, err
			},
		}},
		{name: "cancelling is a success", caught: "cancelled_before_start", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				result, err := b.Provider.Apply(ctx, req)
				if errors.Is(err, context.Canceled) {
					err = nil
				}
				return result, err
			},
		}},
		{name: "observation has a clock in it", caught: "observe_twice_is_equal", instead: broken{
			observe: func(b broken, ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
				seen, err := b.Provider.Observe(ctx, req)
				seen.Identity = fmt.Sprint(len(b.world.Calls()))
				return seen, err
			},
		}},
		{name: "rerun is not declared", caught: "rerun_is_declared", instead: broken{rerun: "maybe"}},
		{name: "broken target is absent", caught: "broken_target_is_an_error", instead: broken{
			probe: func(b broken, ctx context.Context, req providers.Request) (providers.Report, error) {
				report, err := b.Provider.Probe(ctx, req)
				if err != nil {
					return providers.Report{Verdict: providers.Absent, Detail: "nothing found"}, nil
				}
				return report, err
			},
		}},
		{name: "error shows the settings", caught: "broken_target_is_an_error", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				result, err := b.Provider.Apply(ctx, req)
				if err != nil {
					err = fmt.Errorf("apply with %s: %w", req.Settings, err)
				}
				return result, err
			},
		}},
	}
}

func writingVariants() []variant {
	return []variant{
		{name: "observe writes", caught: "observe_writes_nothing", instead: broken{
			observe: func(b broken, ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
				b.world.Put(req.Address, "seen")
				return b.Provider.Observe(ctx, req)
			},
		}},
		{name: "probe finishes the step", caught: "probe_writes_nothing", instead: broken{
			probe: func(b broken, ctx context.Context, req providers.Request) (providers.Report, error) {
				report, err := b.Provider.Probe(ctx, req)
				b.world.Put(req.Step.Address, "v2")
				return report, err
			},
		}},
		{name: "every apply adds", caught: "apply_again_is_a_no_op", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				result, err := b.Provider.Apply(ctx, req)
				b.world.Put(req.Step.Address, fmt.Sprint(len(b.world.Calls())))
				return result, err
			},
		}},
	}
}

func undoingVariants() []variant {
	return []variant{
		{name: "roll back does nothing", caught: "roll_back_restores_the_start", instead: broken{
			rollback: func(broken, context.Context, providers.Request) (providers.Result, error) {
				return providers.Result{Summary: "removed", Changed: true}, nil
			},
		}},
		{name: "roll back leaves a half", caught: "crash_then_roll_back", instead: broken{
			rollback: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				if strings.Contains(b.world.Signature(req.Step.Address), "whole=false") {
					return providers.Result{Summary: "nothing to do"}, nil
				}
				return b.Provider.Rollback(ctx, req)
			},
		}},
		{name: "roll back of absent fails", caught: "roll_back_of_absent_is_a_no_op", instead: broken{
			rollback: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				if b.world.Signature(req.Step.Address) == "" {
					return providers.Result{}, errors.New("not found")
				}
				return b.Provider.Rollback(ctx, req)
			},
		}},
		{name: "no way back removes all the same", grade: plans.GradeNone, caught: "no_way_back_changes_nothing", instead: broken{
			rollback: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				b.world.Remove(req.Step.Address)
				return providers.Result{}, providers.ErrIrreversible
			},
		}},
	}
}

func hastyVariants() []variant {
	return []variant{
		{name: "effect before record", caught: "failing_record_prevents_the_effect", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				record := req.Record
				req.Record = func(fact any) error {
					b.world.Put(req.Step.Address, "v2")
					return record(fact)
				}
				return b.Provider.Apply(ctx, req)
			},
		}},
		{name: "cancelling leaves a lie", caught: "cancelled_half_way", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				result, err := b.Provider.Apply(ctx, req)
				if err != nil {
					b.world.Put(req.Step.Address, "v1")
				}
				return result, err
			},
		}},
		{name: "targets are mixed up", caught: "two_targets_side_by_side", instead: broken{
			apply: func(b broken, ctx context.Context, req providers.Request) (providers.Result, error) {
				for _, c := range b.world.Calls() {
					if c.Verb == memory.Observe && c.Address != req.Step.Address {
						b.world.Remove(c.Address)
						return providers.Result{}, errors.New("another target is in use")
					}
				}
				return b.Provider.Apply(ctx, req)
			},
		}},
	}
}

func roundedProbe(to providers.Verdict) func(broken, context.Context, providers.Request) (providers.Report, error) {
	return func(b broken, ctx context.Context, req providers.Request) (providers.Report, error) {
		report, err := b.Provider.Probe(ctx, req)
		if report.Verdict == providers.Partial {
			report.Verdict = to
		}
		return report, err
	}
}

// TestBrokenVariant is the process that a variant fails in.
func TestBrokenVariant(t *testing.T) {
	name := os.Getenv(variantVariable)
	if name == "" {
		t.Skip("runs below TestSuiteFailsBrokenVariants")
	}
	for _, v := range variants() {
		if v.name == name {
			b := &bench{grade: v.grade}
			b.wrap = func(p providers.Provider, w *memory.World) providers.Provider {
				one := v.instead
				one.Provider, one.world = p, w
				return one
			}
			b.run(t)
		}
	}
}

func TestSuiteFailsBrokenVariants(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenVariant$", "-test.v", "-test.timeout=20s")
			cmd.Env = append(os.Environ(), variantVariable+"="+v.name)
			out, err := cmd.CombinedOutput()
			if exit := new(exec.ExitError); !errors.As(err, &exit) {
				t.Fatalf("the suite passed a provider where %s: %v\n%s", v.name, err, out)
			}
			if !strings.Contains(string(out), "--- FAIL: TestBrokenVariant/"+v.caught) {
				t.Errorf("%s was not caught by %s:\n%s", v.name, v.caught, out)
			}
		})
	}
}
