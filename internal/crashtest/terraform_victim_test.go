package crashtest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
)

// victim is what a kill ends, and what becomes of the call that is under way.
type victim struct {
	name string
	ends []part
	// finishes: a provider whose Terraform is dead still ends its call, before
	// anybody looks. Without it, it hangs on for ever.
	finishes bool
}

// part is a process of an apply.
type part string

const (
	lockstepPart  part = "lockstep"
	shimPart      part = "shim"
	terraformPart part = "terraform"
	providerPart  part = "provider"
)

func victims() []victim {
	return []victim{
		{name: "lockstep", ends: []part{lockstepPart}},
		{name: "terraform", ends: []part{terraformPart}},
		{name: "both", ends: []part{lockstepPart, terraformPart}},
		{name: "both, the call goes on", ends: []part{lockstepPart, terraformPart}, finishes: true},
		{name: "provider", ends: []part{providerPart}},
		{name: "shim", ends: []part{shimPart}},
		{name: "lockstep and shim", ends: []part{lockstepPart, shimPart}},
		{name: "machine", ends: []part{lockstepPart, shimPart, terraformPart, providerPart}},
	}
}

// stop is a moment at which a call of the provider is held.
type stop struct {
	name    string
	change  string // the change set that is applied
	call    trialprovider.Fault
	stopped trialprovider.Call
}

func stops() []stop {
	at := func(name, change, verb, object, when string) stop {
		return stop{
			name: name, change: change,
			call:    trialprovider.Fault{Verb: verb, Name: object, At: when, HangUntil: "go", Stubborn: true},
			stopped: trialprovider.Call{Verb: verb, Name: object, Event: "hanging"},
		}
	}
	return []stop{
		at("before the first create", "ship", "update", "c", "before"),
		at("in the first create, before its effect", "ship", "create", "a", "before"),
		at("in the first create, after its effect", "ship", "create", "a", "after"),
		at("between two creates", "ship", "find", "a", "before"),
		at("in the last create, after its effect", "ship", "create", "b", "after"),
		at("after the last create, before the end", "ship", "find", "b", "before"),
		at("in the destroy of a replacement, before its effect", "swap", "delete", "d", "before"),
		at("in the destroy of a replacement, after its effect", "swap", "delete", "d", "after"),
		at("in the create of a replacement, after its effect", "swap", "create", "e", "after"),
	}
}

// kill applies the change set, ends the victim at the moment, and returns what
// Lockstep said, if it lived to say something.
func (w *cloudWorld) kill(t *testing.T, v victim, at stop) result {
	t.Helper()
	if at.call.Verb != "find" {
		w.cloud.Put("hang", at.call)
	} else { // what a plan reads is let pass
		w.cloud.Put("made", trialprovider.Fault{Verb: "create", Name: at.call.Name, At: "after", HangUntil: "made", Stubborn: true})
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandLimit)
	defer cancel()
	args := []string{"apply", at.change, "--env", "dev", "--auto-approve"}
	cmd := w.command(ctx, crash{}, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	waiting, stopWaiting := context.WithCancel(ctx)
	defer stopWaiting()
	go func() { err := cmd.Wait(); stopWaiting(); ended <- err }()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the apply said:\n%s", said.String())
		}
	})
	if at.call.Verb == "find" {
		w.cloud.Await(waiting, trialprovider.Call{Verb: "create", Name: at.call.Name, Event: "hanging"})
		w.cloud.Put("hang", at.call)
		w.cloud.Lift("made")
		w.cloud.Release("made")
	}
	held := w.cloud.Await(waiting, at.stopped).PID
	processes := map[part]int{lockstepPart: cmd.Process.Pid, providerPart: held}
	processes[terraformPart] = parent(t, held)
	processes[shimPart] = parent(t, processes[terraformPart])
	end(t, v, processes)
	w.goOnAlone(ctx, v, at, held)
	err := <-ended
	r := result{output: "$ lockstep " + strings.Join(args, " ") + "\n" + said.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code, r.killed = exit.ExitCode(), wasKilled(exit)
	}
	return r
}

// end kills all parts at one moment: nobody lives to see another one die.
func end(t *testing.T, v victim, processes map[part]int) {
	t.Helper()
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
		for _, p := range v.ends {
			if err := syscall.Kill(processes[p], signal); err != nil {
				t.Fatalf("kill %s: %v", p, err)
			}
		}
	}
}

// goOnAlone lets the call go on where somebody is left to hear its answer, or
// where it ends by itself.
func (w *cloudWorld) goOnAlone(ctx context.Context, v victim, at stop, provider int) {
	w.cloud.Lift("hang")
	dead := func(p part) bool {
		for _, e := range v.ends {
			if e == p {
				return true
			}
		}
		return false
	}
	switch {
	case dead(providerPart):
	case v.finishes:
		w.cloud.Release("go")
		done := at.stopped
		done.Event, done.PID = "done", provider
		w.cloud.Await(ctx, done)
	case !dead(terraformPart):
		w.cloud.Release("go")
	}
}

// parent is the process that started another one, by proc(5).
func parent(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	id, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return id
}
