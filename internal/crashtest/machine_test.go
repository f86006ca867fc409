package crashtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// moment is a place inside Terraform's apply at which the whole machine ends:
// Lockstep, its shim, Terraform and what Terraform runs.
type moment struct {
	name string
	// hold stops the provisioner there: before or after its effect.
	hold string
	// unseen is what may exist without being in the state afterwards: an
	// honest end names it. Empty: nothing may be.
	unseen string
}

func moments() []moment {
	return []moment{
		{name: "the first new resource is being made, before its effect", hold: "before+worker", unseen: "terraform_data.worker[0]"},
		{name: "the first new resource has had its effect, before the state knows", hold: "after+worker", unseen: "terraform_data.worker[0]"},
		{name: "the second one is being made, the first is in the state", hold: "before+mailer", unseen: "terraform_data.mailer[0]"},
		{name: "the second one has had its effect", hold: "after+mailer", unseen: "terraform_data.mailer[0]"},
	}
}

// tryMachine ends everything at once while Terraform runs, or between two
// moments of Lockstep's at which it may run.
func (m *matrix) tryMachine(t *testing.T, n *counts) {
	t.Helper()
	for _, rec := range recoveries() {
		for i, at := range moments() {
			if !full && i%2 == 0 {
				continue
			}
			t.Run(rec.name+"/"+at.name, func(t *testing.T) {
				t.Parallel()
				n.add(t, &n.machine, m.tryMoment(t, at, rec))
			})
		}
		for i, name := range m.points {
			if !full || !strings.HasPrefix(name, "terraform: ") {
				continue
			}
			t.Run(rec.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				n.add(t, &n.machine, m.tryEnd(t, i+1, rec))
			})
		}
	}
}

// tryMoment ends the machine while a resource is being made. Nobody can know
// what has become of it: the run must say so, and change nothing.
func (m *matrix) tryMoment(t *testing.T, at moment, rec recovery) string {
	t.Helper()
	w := m.origin.again(t)
	w.endMachineAt(t, at)
	before := w.signature(t)
	r := rec.do(t, w, crash{})
	if r.code != exitNeedsPerson || !strings.Contains(r.output, at.unseen) {
		return fmt.Sprintf("expected exit code %d and the name of %s, found exit code %d:\n%s", exitNeedsPerson, at.unseen, r.code, r.output)
	}
	if after := w.signature(t); after != before {
		return fmt.Sprintf("what is not known was changed\n--- before\n%s--- after\n%s--- output\n%s", before, after, r.output)
	}
	return ""
}

// Exit codes, as the command line's contract has them.
const (
	exitError       = 1
	exitBlocked     = 3
	exitRolledBack  = 5
	exitNeedsPerson = 6
	exitTryAgain    = 75
)

// tryEnd ends the machine at a point of Lockstep's. Where Terraform runs
// beside it, either end is honest: all is well, or a person is asked.
func (m *matrix) tryEnd(t *testing.T, point int, rec recovery) string {
	t.Helper()
	w := m.origin.again(t)
	if wrong := kill(t, w, point); wrong != "" {
		return wrong
	}
	w.killAll(t)
	before := w.signature(t)
	r := rec.do(t, w, crash{})
	if r.code != exitNeedsPerson || !strings.Contains(r.output, "terraform_data.") {
		return m.judge(t, w, rec, r)
	}
	if after := w.signature(t); after != before {
		return fmt.Sprintf("what is not known was changed\n--- before\n%s--- after\n%s--- output\n%s", before, after, r.output)
	}
	return ""
}

// endMachineAt runs the change set until the moment and kills everything.
func (w *world) endMachineAt(t *testing.T, at moment) {
	t.Helper()
	hold := w.marks() + ".hold-" + at.hold
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := w.command(t.Context(), crash{}, applyArgs()...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.await(at); err != nil {
		t.Error(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	w.killAll(t)
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) || !wasKilled(exit) {
		t.Fatalf("was not killed: %v\n%s", err, out.String())
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
}

// await returns when the provisioner is held.
func (w *world) await(at moment) error {
	place, mark, _ := strings.Cut(at.hold, "+")
	reached := func() bool {
		if place == "before" {
			_, err := os.Stat(w.marks() + ".before+" + mark)
			return err == nil
		}
		b, _ := os.ReadFile(w.marks())
		return bytes.Contains(b, []byte("+"+mark+"\n"))
	}
	for end := time.Now().Add(commandLimit); !reached(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("Terraform did not reach the moment: " + at.name)
		}
	}
	return nil
}
