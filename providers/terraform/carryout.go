package terraform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// effect is one saved plan about to be carried out.
type effect struct {
	kind   string
	before mark // where the state stands now
	origin mark // where it stood before the step first ran
	state  []byte
	// unsettled are attempts whose lost objects the effect imports.
	unsettled []string
	// found are objects that the effect imports and that were there before.
	found []string
}

// carryOut applies the saved plan at savedPlanPath under the shim. Everything
// that a later process needs is on disk and recorded before Terraform starts.
func (m *module) carryOut(ctx context.Context, req providers.Request, e effect) (*account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	saved, err := os.ReadFile(m.savedPlanPath())
	if err != nil {
		return nil, fmt.Errorf("read the saved plan: %w", err)
	}
	if err := m.checkRoom(len(e.state)); err != nil {
		return nil, err
	}
	if err := m.backUp(e.before, e.state); err != nil {
		return nil, err
	}
	failpoint.Here("terraform: after the copy of the state")
	attempt, err := m.newAttempt()
	if err != nil {
		return nil, err
	}
	failpoint.Here("terraform: before receipt")
	err = m.writeReceipt(receipt{
		Bundle: req.Plan, Step: req.Step.Address, Before: e.origin, Attempt: filepath.Base(attempt), Unsettled: e.unsettled,
	})
	if err != nil {
		return nil, err
	}
	failpoint.Here("terraform: after receipt")
	child, err := shim.Prepare(shim.Options{
		Shim: m.provider.options.ShimCommand, Run: attempt, Directory: m.root(),
		Arguments:   m.applyArguments(),
		Environment: m.program.environment, Lock: m.place.lock,
	})
	if err != nil {
		return nil, err
	}
	failpoint.Here("terraform: before record")
	h := handle{
		Kind: e.kind, PID: child.Process.ID, Start: child.Process.Start, Before: e.before,
		Plan: plans.DigestOf(saved), Attempt: filepath.Base(attempt), Found: e.found,
	}
	if req.Record != nil {
		if err := req.Record(h); err != nil {
			child.Abandon()
			return nil, fmt.Errorf("nothing was started: %w", err)
		}
	}
	failpoint.Here("terraform: after record")
	if err := child.Go(); err != nil {
		return nil, err
	}
	failpoint.Here("terraform: after start")
	return m.attend(ctx, child, attempt, req.Progress)
}

// applyArguments give values again only for ephemeral variables: the saved plan
// holds all others, and Terraform before 1.10 refuses to be told twice.
func (m *module) applyArguments() []string {
	arguments := []string{m.provider.options.Binary, "apply", "-json", "-input=false", "-no-color", m.lockWait()}
	if m.config.ephemeral {
		arguments = append(arguments, "-var-file="+m.inputsPath())
	}
	return append(arguments, m.savedPlanPath())
}

// keptAttempts is how many applies' outputs are kept.
const keptAttempts = 20

// newAttempt creates the next numbered folder for an apply's output, and
// removes the oldest ones.
func (m *module) newAttempt() (string, error) {
	all := filepath.Join(m.place.state, "attempts")
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", fmt.Errorf("folder for terraform's output: %w", err)
	}
	entries, err := os.ReadDir(all)
	if err != nil {
		return "", fmt.Errorf("folder for terraform's output: %w", err)
	}
	last := 0
	if len(entries) > 0 {
		if last, err = strconv.Atoi(entries[len(entries)-1].Name()); err != nil {
			return "", fmt.Errorf("%s holds %q, which is not Lockstep's; move it away", all, entries[len(entries)-1].Name())
		}
	}
	for len(entries) >= keptAttempts {
		if err := os.RemoveAll(filepath.Join(all, entries[0].Name())); err != nil {
			return "", fmt.Errorf("remove an old output of terraform's: %w", err)
		}
		entries = entries[1:]
	}
	dir := filepath.Join(all, fmt.Sprintf("%06d", last+1))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("folder for terraform's output: %w", err)
	}
	return dir, nil
}

// attend follows a running apply to its end.
func (m *module) attend(ctx context.Context, child *shim.Child, attempt string, progress func(string)) (*account, error) {
	a := newAccount(func(line string) {
		if progress != nil {
			progress(m.secrets.scrub(line))
		}
	})
	followed := make(chan error, 1)
	go func() { followed <- a.follow(filepath.Join(attempt, shim.StdoutFile), child.Ended()) }()
	exit, err := child.Wait(ctx)
	if tail := <-followed; err == nil {
		err = tail
	}
	failpoint.Here("terraform: after end")
	if err != nil {
		return nil, fmt.Errorf("terraform apply: %w", err)
	}
	return a, m.judge(ctx, exit, a, attempt)
}

// judge turns the end of an apply into an error, or nil for success.
func (m *module) judge(ctx context.Context, exit shim.Exit, a *account, attempt string) error {
	switch {
	case exit.Failure != "":
		return fmt.Errorf("terraform could not be started: %s", exit.Failure)
	case exit.Code == 0:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("terraform apply was interrupted and saved its state: %w", ctx.Err())
	case exit.Signal != "":
		return fmt.Errorf("terraform apply was ended by a signal (%s) from outside of Lockstep", exit.Signal)
	}
	text := a.failure()
	if len(a.errors) == 0 {
		if b, err := os.ReadFile(filepath.Join(attempt, shim.StderrFile)); err == nil && len(b) > 0 {
			text = oneParagraph(string(b))
		}
	}
	return m.lockHeld(ctx, &exitError{command: "apply", code: exit.Code, text: m.secrets.scrub(text)})
}
