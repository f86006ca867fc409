package providertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// session is one target of one subtest. It listens to all that the provider
// says, so that a secret is noticed wherever it is spoken.
type session struct {
	c   Case
	fix Fixture

	mu     sync.Mutex
	spoken []string
	facts  []json.RawMessage
}

func newSession(t *testing.T, c Case) *session {
	t.Helper()
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	return &session{c: c, fix: c.Target(t)}
}

func (s *session) hear(what string, values ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		text := fmt.Sprintf("%+v", v)
		if b, err := json.Marshal(v); err == nil {
			text += " " + string(b)
		}
		s.spoken = append(s.spoken, what+": "+text)
	}
}

func (s *session) hearError(what string, err error) {
	if err != nil {
		s.hear(what, err.Error(), fmt.Sprintf("%#v", err))
	}
}

func (s *session) noSecretSpoken(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fix.Secret == "" {
		return
	}
	for _, line := range s.spoken {
		if strings.Contains(line, s.fix.Secret) {
			where, _, _ := strings.Cut(line, ":")
			t.Errorf("%s gives the secret of Settings away: %s", where, line)
		}
	}
}

// request observes the target and returns the request of a new plan, without
// facts of earlier attempts.
func (s *session) request(t *testing.T) providers.Request {
	t.Helper()
	s.mu.Lock()
	s.facts = nil
	s.mu.Unlock()
	seen := s.observe(t, s.fix.Observe)
	step := s.fix.Step
	if s.fix.Prepare != nil {
		s.fix.Prepare(t, seen, &step)
	}
	return providers.Request{
		Run:         "run-providertest",
		Plan:        plans.DigestOf([]byte("providertest")),
		Actor:       "providertest",
		Environment: s.fix.Observe.Environment,
		ChangeSet:   s.fix.Observe.ChangeSet,
		Step:        step,
		Settings:    s.fix.Settings,
		Observed:    seen.Observation,
		Blob:        s.blobs(seen),
		Record:      s.record,
		Progress:    func(message string) { s.hear("Progress", message) },
	}
}

func (s *session) blobs(seen providers.Observed) func(plans.Digest) ([]byte, error) {
	return func(d plans.Digest) ([]byte, error) {
		if b, ok := seen.Blobs[d]; ok {
			return b, nil
		}
		if s.fix.Blob != nil {
			return s.fix.Blob(d)
		}
		return nil, fmt.Errorf("the bundle has no input %s", d)
	}
}

// record journals a fact as rollout does: as JSON, before the effect goes on.
func (s *session) record(fact any) error {
	b, err := json.Marshal(fact)
	if err != nil {
		return err
	}
	s.hear("Record", string(b))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts = append(s.facts, b)
	return nil
}

// recorded returns req with the facts that were journalled since request.
func (s *session) recorded(req providers.Request) providers.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	req.Recorded = append([]json.RawMessage(nil), s.facts...)
	return req
}

func (s *session) observe(t *testing.T, ask providers.ObserveRequest) providers.Observed {
	t.Helper()
	seen, err := s.c.New(t).Observe(t.Context(), ask)
	s.hearError("the error of Observe", err)
	if err != nil {
		t.Fatalf("Observe: %v", err)
	}
	s.hear("the observation", seen.Observation)
	return seen
}

func (s *session) apply(ctx context.Context, t *testing.T, req providers.Request) (providers.Result, error) {
	t.Helper()
	result, err := s.c.New(t).Apply(ctx, s.recorded(req))
	s.hearResult("Apply", result, err)
	return result, err
}

func (s *session) rollback(t *testing.T, req providers.Request) (providers.Result, error) {
	t.Helper()
	result, err := s.c.New(t).Rollback(t.Context(), s.recorded(req))
	s.hearResult("Rollback", result, err)
	return result, err
}

func (s *session) hearResult(verb string, r providers.Result, err error) {
	s.hearError("the error of "+verb, err)
	s.hear("the summary of "+verb, r.Summary)
	s.hear("the outputs of "+verb, r.Outputs)
	s.hear("the figures of "+verb, r.Figures)
}

func (s *session) mustApply(t *testing.T, req providers.Request) providers.Result {
	t.Helper()
	result, err := s.apply(t.Context(), t, req)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return result
}

func (s *session) mustRollback(t *testing.T, req providers.Request) providers.Result {
	t.Helper()
	result, err := s.rollback(t, req)
	if err != nil {
		t.Fatalf("Rollback: %v", err)
	}
	return result
}

func (s *session) probe(t *testing.T, req providers.Request) providers.Report {
	t.Helper()
	report, err := s.c.New(t).Probe(t.Context(), s.recorded(req))
	s.hearError("the error of Probe", err)
	if err != nil {
		t.Fatalf("Probe: %v", err)
	}
	s.hear("the report of Probe", report.Detail, report.Outputs)
	if report.Detail == "" {
		t.Errorf("Probe says %q without a detail for people", report.Verdict)
	}
	return report
}

func (s *session) mustProbe(t *testing.T, req providers.Request, want providers.Verdict) providers.Report {
	t.Helper()
	report := s.probe(t, req)
	if report.Verdict != want {
		t.Fatalf("Probe says %q (%s), expected %q", report.Verdict, report.Detail, want)
	}
	return report
}

// mustLook fails unless the target's real state is want.
func (s *session) mustLook(t *testing.T, want, when string) {
	t.Helper()
	if got := s.fix.Signature(t); got != want {
		t.Fatalf("%s the target is\n%s\nexpected\n%s", when, got, want)
	}
}

var errJournal = errors.New("providertest: the journal cannot be written")
