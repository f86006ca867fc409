package directory_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact/directory"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*site){
		"with_restart":              func(s *site) { s.restart, s.crash = true, killInRestart },
		"with_restart_first_deploy": func(s *site) { s.restart, s.first, s.crash = true, true, killInRestart },
		"without_restart":           func(s *site) { s.crash = leavePartial },
		"first_deploy":              func(s *site) { s.first, s.crash = true, leavePartial },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			prepare(s)
			providertest.Run(t, providertest.Case{New: s.provider, Target: s.target})
		})
	}
}

// leavePartial is what a process leaves that was killed while unpacking.
func leavePartial(t *testing.T, s *site, req providers.Request) {
	t.Helper()
	var block struct {
		Path     string `json:"path"`
		Artifact struct {
			Digest plans.Digest `json:"digest"`
		} `json:"artifact"`
	}
	mustDecode(t, req.Settings, &block)
	write(t, filepath.Join(s.root, block.Path, "releases", block.Artifact.Digest.Hex()+".partial", "two"), "#!")
}

// TestArtifactMayBeGone deploys a release again after its bytes have left the
// machine: the release itself is enough.
func TestArtifactMayBeGone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.settings(t, "srv", "one", "release one")
	two := s.settings(t, "srv", "two", "release two")
	s.deploy(t, one)
	s.deploy(t, two)
	if err := os.RemoveAll(filepath.Join(s.root, "build")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.provider(t).Apply(t.Context(), s.request(t, one)); err != nil {
		t.Errorf("Apply of a release that is there: %v", err)
	}
	var p providers.Provider = directory.New(directory.Options{Root: s.root})
	seen, err := p.Observe(t.Context(), providers.ObserveRequest{Settings: one})
	if err != nil {
		t.Fatal(err)
	}
	if seen.Deployment.Current != plans.DigestOf([]byte("release one")) || seen.Deployment.Previous != plans.DigestOf([]byte("release two")) {
		t.Errorf("the folder runs %+v", *seen.Deployment)
	}
}
