package shim_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

const actAsShim = "act-as-shim"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == actAsShim {
		os.Exit(shim.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func prepare(t *testing.T, script string) (*shim.Child, shim.Options) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	o := shim.Options{
		Shim: []string{self, actAsShim}, Run: dir, Directory: dir,
		Arguments: []string{"/bin/sh", "-c", script}, Environment: []string{"PATH=" + os.Getenv("PATH"), "GREETING=hello"}, Lock: lock,
	}
	child, err := shim.Prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	return child, o
}

func await(t *testing.T, path string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Fatalf("%s did not appear", path)
}

// free reports whether the lock can be taken by somebody else.
func free(t *testing.T, path string) bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func TestACommandRunsToItsEnd(t *testing.T) {
	t.Parallel()
	child, o := prepare(t, `echo "$GREETING"; echo bad >&2; cut -d' ' -f6 /proc/$$/stat > session; exit 3`)
	if err := child.Go(); err != nil {
		t.Fatal(err)
	}
	exit, err := child.Wait(t.Context())
	if err != nil || exit.Code != 3 || exit.Signal != "" {
		t.Fatalf("exit %+v, %v", exit, err)
	}
	for name, want := range map[string]string{shim.StdoutFile: "hello\n", shim.StderrFile: "bad\n"} {
		if b, err := os.ReadFile(filepath.Join(o.Run, name)); err != nil || string(b) != want {
			t.Errorf("%s holds %q, %v; want %q", name, b, err, want)
		}
	}
	session, err := os.ReadFile(filepath.Join(o.Run, "session"))
	if want := fmt.Sprintln(child.Process.ID); err != nil || string(session) != want {
		t.Errorf("the command ran in session %q, %v; want the shim's own, %q", session, err, want)
	}
	if alive, err := shim.Running(o.Run); alive || err != nil {
		t.Errorf("running after the end: %v, %v", alive, err)
	}
}

func TestNothingRunsWithoutGo(t *testing.T) {
	t.Parallel()
	child, o := prepare(t, "touch happened")
	child.Abandon()
	if _, err := os.Stat(filepath.Join(o.Run, "happened")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the command ran: %v", err)
	}
	if _, err := shim.ReadExit(o.Run); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is an exit: %v", err)
	}
}

func TestTheLockIsHeldUntilTheCommandEnds(t *testing.T) {
	t.Parallel()
	child, o := prepare(t, "touch begun; while [ ! -e end ]; do sleep 0.01; done")
	if err := child.Go(); err != nil {
		t.Fatal(err)
	}
	await(t, filepath.Join(o.Run, "begun"))
	await(t, filepath.Join(o.Run, "process.json"))
	if err := o.Lock.Close(); err != nil {
		t.Fatal(err)
	}
	if free(t, o.Lock.Name()) {
		t.Error("the lock is free while the command runs")
	}
	if alive, err := shim.Running(o.Run); !alive || err != nil {
		t.Errorf("not running: %v", err)
	}
	if !child.Process.Alive() {
		t.Error("the shim is not seen alive")
	}
	if err := os.WriteFile(filepath.Join(o.Run, "end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := child.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !free(t, o.Lock.Name()) {
		t.Error("the lock is held after the end")
	}
	if child.Process.Alive() {
		t.Error("the shim is seen alive after its end")
	}
}

func TestOnlyTheFirstInterruptIsForwarded(t *testing.T) {
	t.Parallel()
	// After the end has been asked for, the command listens on for a while, so
	// that an interrupt forwarded by mistake is heard.
	child, o := prepare(t, `trap 'echo interrupted; touch heard' INT; touch begun
		while [ ! -e end ]; do sleep 0.01; done
		i=0; while [ $i -lt 20 ]; do sleep 0.01; i=$((i+1)); done; exit 5`)
	if err := child.Go(); err != nil {
		t.Fatal(err)
	}
	await(t, filepath.Join(o.Run, "begun"))
	send := func(signals ...syscall.Signal) {
		for _, s := range signals {
			if err := syscall.Kill(child.Process.ID, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(syscall.SIGINT)
	await(t, filepath.Join(o.Run, "heard"))
	send(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := os.WriteFile(filepath.Join(o.Run, "end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	exit, err := child.Wait(ctx)
	if err != nil || exit.Code != 5 {
		t.Fatalf("exit %+v, %v", exit, err)
	}
	b, err := os.ReadFile(filepath.Join(o.Run, shim.StdoutFile))
	if err != nil || strings.Count(string(b), "interrupted") != 1 {
		t.Errorf("the command heard %q, %v", b, err)
	}
}

func TestAKilledCommandIsToldApart(t *testing.T) {
	t.Parallel()
	child, _ := prepare(t, "kill -9 $$")
	if err := child.Go(); err != nil {
		t.Fatal(err)
	}
	exit, err := child.Wait(t.Context())
	if err != nil || exit.Signal != "killed" || exit.Code != 137 {
		t.Errorf("exit %+v, %v", exit, err)
	}
}

func TestACommandThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	child, o := prepare(t, "")
	_ = o
	child.Abandon()
	o.Arguments = []string{"/nowhere/terraform"}
	child, err := shim.Prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Go(); err != nil {
		t.Fatal(err)
	}
	exit, err := child.Wait(t.Context())
	if err != nil || !strings.Contains(exit.Failure, "/nowhere/terraform") {
		t.Errorf("exit %+v, %v", exit, err)
	}
}

func TestTheShimAloneDoesNothing(t *testing.T) {
	t.Parallel()
	if code := shim.Main(nil); code != 2 {
		t.Errorf("code %d, want 2", code)
	}
}
