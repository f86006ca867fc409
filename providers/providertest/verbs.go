package providertest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

func observeWritesNothing(t *testing.T, s *session) {
	before := s.fix.Signature(t)
	s.observe(t, s.fix.Observe)
	s.mustLook(t, before, "after Observe")
	binding := s.fix.Observe
	binding.BindingOnly = true
	s.observe(t, binding)
	s.mustLook(t, before, "after Observe with BindingOnly")
}

func observeTwiceIsEqual(t *testing.T, s *session) {
	text := func() string {
		o := s.observe(t, s.fix.Observe).Observation
		o.Informative = nil
		if s.fix.Normalise != nil {
			s.fix.Normalise(&o)
		}
		return asJSON(t, o)
	}
	first, second := text(), text()
	if first != second {
		t.Fatalf("two observations of an unchanged target differ:\n%s\n%s", first, second)
	}
}

func rerunIsDeclared(t *testing.T, s *session) {
	switch r := s.c.New(t).Rerun(s.fix.Step.Action); r {
	case providers.RerunSafe, providers.RerunVerify, providers.RerunNever:
	default:
		t.Fatalf("Rerun(%q) is %q, expected one of the three declarations", s.fix.Step.Action, r)
	}
}

func probeBeforeSaysAbsent(t *testing.T, s *session) {
	s.mustProbe(t, s.request(t), providers.Absent)
}

func applyDoesTheStep(t *testing.T, s *session) {
	before := s.fix.Signature(t)
	req := s.request(t)
	result := s.mustApply(t, req)
	if !result.Changed {
		t.Error("Apply of an absent step says that nothing changed")
	}
	if result.Summary == "" {
		t.Error("Apply has no summary for people")
	}
	if s.fix.Signature(t) == before {
		t.Fatalf("Apply succeeded, and the target is as before:\n%s", before)
	}
	s.mustProbe(t, req, providers.Done)
}

func applyAgainIsANoOp(t *testing.T, s *session) {
	req := s.request(t)
	s.mustApply(t, req)
	after := s.fix.Signature(t)
	for _, again := range []providers.Request{req, s.forgetful(req)} {
		if result := s.mustApply(t, again); result.Changed {
			t.Error("Apply of a done step says that it changed something")
		}
		s.mustLook(t, after, "after a second Apply")
	}
}

// forgetful is req as it is when the journal lost what was recorded.
func (s *session) forgetful(req providers.Request) providers.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts = nil
	return req
}

func probeWritesNothing(t *testing.T, s *session) {
	req := s.request(t)
	before := s.fix.Signature(t)
	s.probe(t, req)
	s.mustLook(t, before, "after Probe of an absent step")
	s.mustApply(t, req)
	after := s.fix.Signature(t)
	s.probe(t, req)
	s.mustLook(t, after, "after Probe of a done step")
}

func doneStepTellsItsOutputs(t *testing.T, s *session) {
	req := s.request(t)
	want := asJSON(t, byName(s.mustApply(t, req).Outputs))
	if got := asJSON(t, byName(s.mustProbe(t, req, providers.Done).Outputs)); got != want {
		t.Errorf("Probe of a done step has outputs %s, Apply had %s", got, want)
	}
	if got := asJSON(t, byName(s.mustApply(t, req).Outputs)); got != want {
		t.Errorf("the second Apply has outputs %s, the first had %s", got, want)
	}
}

func rollBackRestoresTheStart(t *testing.T, s *session) {
	s.needsAWayBack(t)
	before := s.fix.Signature(t)
	req := s.request(t)
	s.mustApply(t, req)
	if result := s.mustRollback(t, req); !result.Changed {
		t.Error("Rollback of a done step says that nothing changed")
	}
	s.mustProbe(t, req, providers.Absent)
	s.mustLook(t, before, "after Rollback")
}

func rollBackAgainIsANoOp(t *testing.T, s *session) {
	s.needsAWayBack(t)
	before := s.fix.Signature(t)
	req := s.request(t)
	s.mustApply(t, req)
	s.mustRollback(t, req)
	if result := s.mustRollback(t, req); result.Changed {
		t.Error("the second Rollback says that it changed something")
	}
	s.mustLook(t, before, "after a second Rollback")
}

func rollBackOfAbsentIsANoOp(t *testing.T, s *session) {
	s.needsAWayBack(t)
	before := s.fix.Signature(t)
	if result := s.mustRollback(t, s.request(t)); result.Changed {
		t.Error("Rollback of an absent step says that it changed something")
	}
	s.mustLook(t, before, "after Rollback of an absent step")
}

func applyAfterRollBack(t *testing.T, s *session) {
	s.needsAWayBack(t)
	req := s.request(t)
	s.mustApply(t, req)
	after := s.fix.Signature(t)
	s.mustRollback(t, req)
	again := s.request(t)
	s.mustApply(t, again)
	s.mustProbe(t, again, providers.Done)
	s.mustLook(t, after, "after Apply, Rollback, Apply")
}

func noWayBackChangesNothing(t *testing.T, s *session) {
	if !s.fix.Irreversible {
		t.Skip("the step has a way back")
	}
	req := s.request(t)
	s.mustApply(t, req)
	after := s.fix.Signature(t)
	if _, err := s.rollback(t, req); !errors.Is(err, providers.ErrIrreversible) {
		t.Fatalf("Rollback without a way back returns %v, expected ErrIrreversible", err)
	}
	s.mustLook(t, after, "after a refused Rollback")
	s.mustProbe(t, req, providers.Done)
}

func (s *session) needsAWayBack(t *testing.T) {
	t.Helper()
	if s.fix.Irreversible {
		t.Skip("the step has no way back")
	}
}

func byName(outputs []plans.Output) map[string]plans.Output {
	m := make(map[string]plans.Output, len(outputs))
	for _, o := range outputs {
		m[o.Name] = o
	}
	return m
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
