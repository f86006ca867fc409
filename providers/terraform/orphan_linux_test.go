package terraform_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// TestAProviderThatOutlivesItsTerraformIsEnded kills Terraform alone: its
// provider hangs on and would make the object after everybody has looked.
func TestAProviderThatOutlivesItsTerraformIsEnded(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, cloud.Provider()+twoObjects)
	req := p.request(p.observe())
	killInCall(t, p, req, cloud, trialprovider.Fault{Verb: "create", Name: "b"})
	left := cloud.Calls(trialprovider.Call{Verb: "create", Name: "b"})[0].PID
	req.Recorded = p.recorded
	p.probe(req, providers.Unknown)
	if shim.Identify(left).Start != "" {
		t.Error("the provider runs on")
	}
	cloud.Release("go")
	if made := cloud.EverMade("object", "b"); made != 0 {
		t.Errorf("b was made %d times after everybody had looked", made)
	}
}

// TestAProviderOfAKilledPlanHoldsNoLock kills a Terraform that only plans.
func TestAProviderOfAKilledPlanHoldsNoLock(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, cloud.Provider()+twoObjects)
	cloud.Put("a", trialprovider.Fault{Verb: "plan", Name: "a", HangUntil: "go", Stubborn: true})
	ended := make(chan error, 1)
	go func() {
		_, err := p.tryObserve()
		ended <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	killParent(t, cloud.Await(ctx, trialprovider.Call{Name: "a", Event: "hanging"}).PID)
	if err := <-ended; err == nil {
		t.Fatal("a plan without Terraform succeeded")
	}
	cloud.Lift("a")
	p.observe()
}

// killParent ends the process that started another one.
func killParent(t *testing.T, id int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id), "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\nPPid:")
	text, _, _ := strings.Cut(rest, "\n")
	parent, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(parent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
