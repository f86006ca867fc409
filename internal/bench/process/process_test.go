package process

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newRunner(t *testing.T, limit time.Duration) *Runner {
	t.Helper()
	r, err := NewRunner(t.Context(), t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRun(t *testing.T) {
	t.Parallel()
	r := newRunner(t, time.Minute)
	u, err := r.Run(t.Context(), Command{
		Args: []string{"sh", "-c", `read line; echo "$line $GREETING $(pwd)"; echo gone >&2; exit 7`},
		Env:  []string{"GREETING=there"}, Dir: "/", Stdin: "hello\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	if u.Exit != 7 || u.Output != "hello there /\ngone\n" || u.LastLine() != "gone" || u.LastLines(9) != "hello there / | gone" {
		t.Errorf("got %+v", u)
	}
	if u.Wall <= 0 || u.Peak <= 0 {
		t.Errorf("nothing was measured: %+v", u)
	}
}

func TestRunCountsWhatItsChildrenUse(t *testing.T) {
	t.Parallel()
	r := newRunner(t, time.Minute)
	u, err := r.Run(t.Context(), Command{Args: []string{"sh", "-c", `(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & wait`}})
	if err != nil {
		t.Fatal(err)
	}
	if u.CPU < 10*time.Millisecond {
		t.Errorf("%s of processor time for 200,000 rounds of a loop in a grandchild", u.CPU)
	}
}

func TestRunIsNotChargedForOurMemory(t *testing.T) {
	t.Parallel()
	ours := make([]byte, 128<<20)
	for i := range ours {
		ours[i] = 1
	}
	r := newRunner(t, time.Minute)
	u, err := r.Run(t.Context(), Command{Args: []string{"true"}})
	if err != nil {
		t.Fatal(err)
	}
	if u.Peak > 64<<20 {
		t.Errorf("%d MB for a program that does nothing, while we hold %d", u.Peak>>20, len(ours)>>20)
	}
}

func TestRunWithoutProgram(t *testing.T) {
	t.Parallel()
	r := newRunner(t, time.Minute)
	if u, err := r.Run(t.Context(), Command{Args: []string{"/does/not/exist"}}); err == nil || !strings.Contains(u.Output, "/does/not/exist") {
		t.Errorf("got %v and %q, want an error that names the program", err, u.Output)
	}
}

func TestRunEndsWithItsContextAndTakesItsChildrenAlong(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held := make(chan error, 1)
	go func() {
		file, err := os.Open(fifo) // returns when the grandchild has the other end
		cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, file) // until nobody has it
			_ = file.Close()
		}
		held <- err
	}()
	r := newRunner(t, time.Hour)
	_, err := r.Run(ctx, Command{Args: []string{"sh", "-c", `echo started; sleep 600 >"$0" & wait`, fifo}})
	if err == nil || !strings.Contains(err.Error(), "started") {
		t.Errorf("got %v, want an error with the last line", err)
	}
	if err := <-held; err != nil {
		t.Error(err)
	}
}
