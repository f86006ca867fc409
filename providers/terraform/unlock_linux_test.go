package terraform_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// TestALockThatAKilledTerraformLeftIsTakenAwayByAPerson kills Terraform while
// it holds the lock of a server, and types what is said.
func TestALockThatAKilledTerraformLeftIsTakenAwayByAPerson(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		cloud := trialprovider.NewCloud(t)
		p, s := newStoredProject(t)
		p.write("infra/cache/main.tf", "terraform {\n  backend \"http\" {}\n}\n"+cloud.Provider()+twoObjects)
		delete(p.settings, "inputs")
		options := quick(binary)
		options.PluginMirror = trialprovider.Mirror(t)
		p.provider = openWith(t, p.root, options)
		req := p.request(p.observe())
		killInCall(t, p, req, cloud, trialprovider.Fault{Verb: "create", Name: "a"})
		req.Recorded = p.recorded
		if lost := addresses(p.probe(req, providers.Unknown).Lost); !slices.Equal(lost, []string{"trial_object.a"}) {
			t.Fatalf("lost are %v", lost)
		}
		if _, err := p.decider().Decide(t.Context(), req, providers.Decision{
			AllAbsent: true, Begin: func([]providers.Lost) error { return nil },
			Agree: func([]providers.Lost, []plans.ResourceChange) error { return nil },
		}); err != nil {
			t.Fatal(err)
		}
		_, err := p.provider.Apply(context.Background(), req)
		var locked *terraform.LockedError
		if !errors.As(err, &locked) || !errors.Is(err, providers.ErrBlocked) || !strings.Contains(err.Error(), "was killed and may have left it") {
			t.Fatalf("an apply beside the left lock returns %v", err)
		}
		s.mutex.Lock()
		held := s.locked
		s.mutex.Unlock()
		if !held {
			t.Fatal("the lock was taken away, and nobody had said that it may be")
		}
		p.typed(binary, req.Observed.Terraform.Engine, err)
		p.apply(req)
		p.probe(req, providers.Done)
		if made := cloud.EverMade("object", "a"); made != 1 {
			t.Errorf("a was made %d times", made)
		}
	})
}

// typed runs the command that an error ends with, and says yes.
func (p *project) typed(binary, engine string, from error) {
	p.t.Helper()
	_, line, found := strings.Cut(from.Error(), "type: ")
	if !found {
		p.t.Fatalf("nothing to type: %v", from)
	}
	tools := p.t.TempDir()
	if err := os.Symlink(binary, filepath.Join(tools, engine)); err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.CommandContext(p.t.Context(), "/bin/sh", "-c", line)
	cmd.Dir, cmd.Stdin = p.root, strings.NewReader("yes\n")
	cmd.Env = []string{"PATH=" + tools, "HOME=" + tools, "CHECKPOINT_DISABLE=1"}
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", line, err, out)
	}
}
