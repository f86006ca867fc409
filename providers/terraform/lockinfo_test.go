package terraform_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// mustBeLocked plans and applies beside a held lock.
func mustBeLocked(p *project, req providers.Request, want ...string) *terraform.LockedError {
	p.t.Helper()
	var locked *terraform.LockedError
	_, planning := p.provider.Observe(p.t.Context(), providers.ObserveRequest{
		Environment: req.Environment, Address: "terraform.cache", Settings: p.raw(),
	})
	_, applying := p.provider.Apply(p.t.Context(), req)
	for what, err := range map[string]error{"plan": planning, "apply": applying} {
		if !errors.As(err, &locked) || !errors.Is(err, providers.ErrBlocked) {
			p.t.Fatalf("%s beside a held lock returns %v", what, err)
		}
		for _, text := range want {
			if !strings.Contains(err.Error(), text) {
				p.t.Errorf("%s: %q does not say %q", what, err, text)
			}
		}
	}
	return locked
}

func quick(binary string) terraform.Options {
	return terraform.Options{Binary: binary, LockWait: time.Second}
}

func TestTheHolderOfALocalLockIsNamed(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		p := newProject(t, sized)
		p.provider = openWith(t, p.root, quick(binary))
		p.input("size", "small")
		req := p.request(p.observe())

		// An apply holds the lock while it waits for a yes.
		holder := exec.CommandContext(t.Context(), binary, "apply", "-no-color", "-var=size=other")
		holder.Dir = filepath.Join(p.root, ".lockstep/work/staging/infra%2Fcache/tree/infra/cache")
		holder.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
		answer, err := holder.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := holder.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Close(); _ = holder.Wait() }()
		info := filepath.Join(filepath.Dir(p.statePath()), ".terraform.tfstate.lock.info")
		for tick := time.Tick(10 * time.Millisecond); ; <-tick {
			if _, err := os.Stat(info); err == nil {
				break
			}
			if t.Context().Err() != nil {
				t.Fatal("the holder took no lock")
			}
		}
		locked := mustBeLocked(p, req, "@", " since 20", "(apply)", "waited 1s")
		if next := strings.Join(locked.Next(), "\n"); strings.Contains(next, "force-unlock") || !strings.Contains(next, "ends with that process") {
			t.Errorf("next: %s", next)
		}
	})
}

// TestTheRequesterOfAnHTTPLockIsNotItsHolder checks that Terraform's own
// request is not shown as the holder; OpenTofu prints the real one.
func TestTheRequesterOfAnHTTPLockIsNotItsHolder(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		p, s := newStoredProject(t)
		p.provider = openWith(t, p.root, quick(binary))
		req := p.request(p.observe())
		s.mutex.Lock()
		s.locked = true
		s.mutex.Unlock()
		locked := mustBeLocked(p, req, "(lock 1)")
		said := ""
		if req.Observed.Terraform.Engine == "tofu" {
			said = "somebody@else"
		}
		if !strings.HasPrefix(locked.Holder, said) || said == "" && locked.Holder != "" || locked.ID != "1" {
			t.Errorf("the holder is said to be %q, want %q", locked.Holder, said)
		}
		if said := locked.Error(); !strings.HasSuffix(said, "force-unlock 1") || strings.Contains(said, "was killed") {
			t.Errorf("said: %s", said)
		}
	})
}

func TestTheSessionThatHoldsALockInADatabaseIsNamed(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		p, database := newSharedProject(t, binary)
		p.provider = openWith(t, p.root, quick(binary))
		req := p.requestIn("staging", p.observe())
		db, err := sql.Open("postgres", database+"&application_name=night+job")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(t.Context(), "SELECT pg_advisory_lock(id) FROM terraform_remote_state.states WHERE name = 'staging'"); err != nil {
			t.Fatal(err)
		}
		locked := mustBeLocked(p, req, `"night job", role postgres from the server itself (session `, "connected since 20")
		if locked.ID != "" {
			t.Errorf("the id is our own request's: %+v", locked)
		}
	})
}
