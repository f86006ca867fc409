//go:build failpoint

package directory_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

// TestKilledAtEveryPoint kills a deploying process at each place it passes,
// and runs the whole conformance suite on what it leaves.
func TestKilledAtEveryPoint(t *testing.T) {
	for name, prepare := range map[string]func(*site){
		"over_a_release": func(s *site) { s.restart = true },
		"first_deploy":   func(s *site) { s.restart, s.first = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			prepare(s)
			places := dryPass(t, s)
			if len(places) < 7 {
				t.Fatalf("the dry pass went through %d places only: %v", len(places), places)
			}
			t.Logf("%d places: %s", len(places), strings.Join(places, "; "))
			for n := range places {
				t.Run(strconv.Itoa(n+1), func(t *testing.T) {
					t.Parallel()
					s := newSite(t)
					prepare(s)
					s.crash = func(t *testing.T, s *site, req providers.Request) { killAt(t, s, req, n+1) }
					providertest.Run(t, providertest.Case{New: s.provider, Target: s.target})
				})
			}
		})
	}
}

// TestKilledAtEveryPointOfTheWayBack kills a rollback at each place it passes;
// another rollback must reach the start all the same.
func TestKilledAtEveryPointOfTheWayBack(t *testing.T) {
	for name, first := range map[string]bool{"to_a_release": false, "to_none": true} {
		t.Run(name, func(t *testing.T) {
			killed := 0
			for n := 1; ; n++ {
				s := newSite(t)
				s.restart, s.first = true, first
				fixture := s.target(t)
				before := fixture.Signature(t)
				req := deployed(t, s, fixture)
				cmd, facts := s.child(t, req, childGoesBack+"=1", "LOCKSTEP_FP_AT="+strconv.Itoa(n))
				if out, err := cmd.CombinedOutput(); err == nil {
					break // it passed fewer places
				} else if cmd.ProcessState.ExitCode() != -1 {
					t.Fatalf("the process failed by itself: %v\n%s", err, out)
				}
				killed++
				req = withFacts(t, req, facts)
				s.backAgain(t, fixture, req, before)
			}
			t.Logf("killed at %d places", killed)
			if killed < 4 {
				t.Errorf("the rollback was killed at %d places only", killed)
			}
		})
	}
}

func deployed(t *testing.T, s *site, fixture providertest.Fixture) providers.Request {
	t.Helper()
	seen, err := s.provider(t).Observe(t.Context(), fixture.Observe)
	if err != nil {
		t.Fatal(err)
	}
	req := providers.Request{Environment: "dev", Step: fixture.Step, Settings: fixture.Settings, Observed: seen.Observation}
	if _, err := s.provider(t).Apply(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	return req
}

func (s *site) backAgain(t *testing.T, fixture providertest.Fixture, req providers.Request, before string) {
	t.Helper()
	report, err := s.provider(t).Probe(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if now := fixture.Signature(t); report.Verdict == providers.Absent && now != before {
		t.Errorf("Probe says absent (%s), but the target is\n%s\nexpected\n%s", report.Detail, now, before)
	}
	if _, err := s.provider(t).Rollback(t.Context(), req); err != nil {
		t.Fatalf("Rollback after a killed one: %v", err)
	}
	if now := fixture.Signature(t); now != before {
		t.Errorf("after Rollback the target is\n%s\nexpected\n%s", now, before)
	}
}

func dryPass(t *testing.T, s *site) []string {
	t.Helper()
	fixture := s.target(t)
	seen, err := s.provider(t).Observe(t.Context(), fixture.Observe)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "places")
	cmd, _ := s.child(t, providers.Request{
		Environment: "dev", Step: fixture.Step, Settings: fixture.Settings, Observed: seen.Observation,
	}, "LOCKSTEP_FP_LOG="+log)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func killAt(t *testing.T, s *site, req providers.Request, n int) {
	t.Helper()
	cmd, facts := s.child(t, req, "LOCKSTEP_FP_AT="+strconv.Itoa(n))
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process was not killed: %v\n%s", err, out)
	}
	takeOver(t, req, facts)
}
