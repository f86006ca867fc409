package providertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
)

func cancelledBeforeStart(t *testing.T, s *session) {
	before := s.fix.Signature(t)
	req := s.request(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.apply(ctx, t, req); err == nil {
		t.Error("Apply with a cancelled context succeeds")
	}
	s.mustLook(t, before, "after a cancelled Apply")
	s.mustProbe(t, req, providers.Absent)
}

func cancelledHalfWay(t *testing.T, s *session) {
	if s.fix.Interrupt == nil {
		t.Skip("the fixture has no Interrupt hook")
	}
	before := s.fix.Signature(t)
	req := s.request(t)
	underWay, release := s.fix.Interrupt(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := s.apply(ctx, t, req)
		ended <- err
	}()
	begun := make(chan struct{})
	go func() {
		underWay()
		close(begun)
	}()
	select {
	case <-begun:
	case err := <-ended:
		release()
		t.Fatalf("Apply ended before it was interrupted: %v", err)
	}
	cancel()
	if err := s.soon(t, ended, release); err == nil {
		s.mustProbe(t, req, providers.Done)
	}
	s.converges(t, before, req)
}

// soon returns what a cancelled Apply says, which must not take long.
func (s *session) soon(t *testing.T, ended <-chan error, release func()) error {
	t.Helper()
	select {
	case err := <-ended:
		release()
		return err
	case <-time.After(s.c.Patience):
		release()
		t.Fatalf("a cancelled Apply did not return within %s, but after its release: %v", s.c.Patience, <-ended)
		return nil
	}
}

func crashThenApply(t *testing.T, s *session) {
	before, req := s.crash(t)
	s.converges(t, before, req)
}

func crashThenRollBack(t *testing.T, s *session) {
	s.needsAWayBack(t)
	before, req := s.crash(t)
	s.truthful(t, before, req)
	s.mustRollback(t, req)
	s.mustLook(t, before, "after a crash and Rollback")
	s.mustProbe(t, req, providers.Absent)
}

func (s *session) crash(t *testing.T) (before string, req providers.Request) {
	t.Helper()
	if s.fix.Crash == nil {
		t.Skip("the fixture has no Crash hook")
	}
	before = s.fix.Signature(t)
	req = s.request(t)
	s.fix.Crash(t, s.c.New(t), req)
	return before, req
}

// truthful compares what Probe says with what the target is. Done cannot be
// judged before the step is done for certain: converges does that.
func (s *session) truthful(t *testing.T, before string, req providers.Request) providers.Verdict {
	t.Helper()
	report := s.probe(t, req)
	switch report.Verdict {
	case providers.Absent:
		s.mustLook(t, before, "Probe says absent, but")
	case providers.Partial, providers.Done:
	case providers.Unknown:
		if !s.fix.Unknowable {
			t.Fatalf("Probe says unknown (%s), expected to be able to tell", report.Detail)
		}
	default:
		t.Fatalf("Probe says %q (%s), expected absent, partial or done", report.Verdict, report.Detail)
	}
	return report.Verdict
}

// converges requires that an interrupted step can be told, finished, undone
// and done again, and that all of it meets the same two states.
func (s *session) converges(t *testing.T, before string, req providers.Request) {
	t.Helper()
	verdict := s.truthful(t, before, req)
	if verdict == providers.Unknown {
		return
	}
	found := s.fix.Signature(t)
	s.mustApply(t, req)
	s.mustProbe(t, req, providers.Done)
	after := s.fix.Signature(t)
	if verdict == providers.Done && found != after {
		t.Fatalf("Probe says done, but the target was\n%s\nand Apply made it\n%s", found, after)
	}
	if s.fix.Irreversible {
		return
	}
	s.mustRollback(t, req)
	s.mustLook(t, before, "after Rollback of the finished step")
	s.mustApply(t, s.request(t))
	s.mustLook(t, after, "after another Apply")
}

func failingRecordPreventsTheEffect(t *testing.T, s *session) {
	before := s.fix.Signature(t)
	req := s.request(t)
	asked := false
	req.Record = func(fact any) error {
		asked = true
		s.hear("Record", fact)
		return errJournal
	}
	_, err := s.apply(t.Context(), t, req)
	if !asked {
		t.Skip("the provider records nothing: its probe needs nothing but the target")
	}
	if !errors.Is(err, errJournal) {
		t.Errorf("Apply returns %v, expected the error of Record", err)
	}
	s.mustLook(t, before, "after Record failed")
	s.mustProbe(t, req, providers.Absent)
}

func twoTargetsSideBySide(t *testing.T, s *session) {
	other := newSession(t, s.c)
	defer other.noSecretSpoken(t)
	p := s.c.New(t)
	var group sync.WaitGroup
	for _, one := range []*session{s, other} {
		req := one.request(t)
		group.Go(func() {
			if _, err := p.Apply(t.Context(), req); err != nil {
				t.Errorf("Apply beside another one: %v", err)
			}
			report, err := p.Probe(t.Context(), one.recorded(req))
			if err != nil || report.Verdict != providers.Done {
				t.Errorf("Probe beside another one: %q (%s), %v", report.Verdict, report.Detail, err)
			}
		})
	}
	group.Wait()
}

// brokenTargetIsAnError asks all verbs about a target that cannot be reached:
// neither success nor a guess is right, and the error keeps the secret.
func brokenTargetIsAnError(t *testing.T, s *session) {
	if s.fix.Break == nil {
		t.Skip("the fixture has no Break hook")
	}
	req := s.request(t)
	s.fix.Break(t)
	p := s.c.New(t)
	_, err := p.Observe(t.Context(), s.fix.Observe)
	s.mustFail(t, "Observe", err)
	_, err = s.apply(t.Context(), t, req)
	s.mustFail(t, "Apply", err)
	report, err := p.Probe(t.Context(), s.recorded(req))
	s.hearError("the error of Probe", err)
	s.hear("the report of Probe", report.Detail)
	if err == nil && report.Verdict != providers.Unknown {
		t.Errorf("Probe of a broken target says %q, expected an error or unknown", report.Verdict)
	}
}

func (s *session) mustFail(t *testing.T, verb string, err error) {
	t.Helper()
	s.hearError("the error of "+verb, err)
	if err == nil {
		t.Errorf("%s of a broken target succeeds", verb)
	}
}
