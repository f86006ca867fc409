package lock

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const childVariable = "LOCK_TEST_CHILD_DIR"

// TestMain lets this test binary be the other process.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if _, err := Acquire(dir, "production", Owner{Run: "r-0007", Actor: "ana", Host: "h", PID: os.Getpid()}); err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("held\n")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestSecondRunIsToldWhoHoldsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Acquire(dir, "a/b ü", Owner{Run: "r-0001", Actor: "ana", Host: "ci-1", PID: 42})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(dir, "a/b ü", Owner{Run: "r-0002", Actor: "ben"})
	var held *HeldError
	if !errors.As(err, &held) || !errors.Is(err, ErrHeld) {
		t.Fatalf("found %v", err)
	}
	for _, want := range []string{"a/b ü", "r-0001", "ana", "ci-1", "42", "lockstep show r-0001"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if owner, ok := Holder(dir, "a/b ü"); !ok || owner.Run != "r-0001" || owner.Since.IsZero() {
		t.Errorf("holder %+v, %v", owner, ok)
	}
	other, err := Acquire(dir, "staging", Owner{Run: "r-0003"})
	if err != nil {
		t.Fatalf("another environment: %v", err)
	}
	for _, l := range []*Lease{first, first, other} {
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
	if _, ok := Holder(dir, "a/b ü"); ok {
		t.Error("a released lease has a holder")
	}
	again, err := Acquire(dir, "a/b ü", Owner{Run: "r-0004"})
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Release()
}

func TestKilledProcessGivesItBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+dir)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if _, err := Acquire(dir, "production", Owner{}); !errors.Is(err, ErrHeld) {
		t.Errorf("while the child lives: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	lease, err := Acquire(dir, "production", Owner{Run: "r-0008"})
	if err != nil {
		t.Fatalf("after its death: %v", err)
	}
	_ = lease.Release()
}

func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var inside, wins atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				lease, err := Acquire(dir, "dev", Owner{Run: "r"})
				if errors.Is(err, ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d hold it", n)
				}
				wins.Add(1)
				inside.Add(-1)
				if err := lease.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if wins.Load() == 0 {
		t.Error("nobody won")
	}
}
