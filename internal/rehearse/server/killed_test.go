package server

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// startChild starts a process that has a server of its own.
func startChild(t *testing.T, program, place string, as *account) (c *exec.Cmd, in io.Closer) {
	t.Helper()
	c = exec.Command(program)
	c.Env = append(os.Environ(), childVariable+"="+place, "HOME="+place)
	c.Dir = place
	if as != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: as.uid, Gid: as.gid}}
	}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // usually gone already
	line, err := bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(line, "started") {
		t.Fatalf("the child says %q (%v)", line, err)
	}
	return c, in
}

// serverProcess reads the number of the server's first process.
func serverProcess(t *testing.T, room string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(room, inner, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	id, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// awaitEnd waits until no process has the folder in its arguments or holds the
// server's lock, which every process of the server inherits.
func awaitEnd(t *testing.T, room string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		lock, err := freeLock(filepath.Join(room, serverLock))
		if err == nil {
			_ = lock.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the server of a killed process still runs: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func killedLeavesNothing(t *testing.T, program string, as *account) {
	t.Helper()
	place := newPlace(t)
	if as != nil {
		if err := as.own(place); err != nil {
			t.Fatal(err)
		}
	}
	c, _ := startChild(t, program, place, as)
	room := rooms(t, place)[0]
	id := serverProcess(t, room)
	if lock, err := freeLock(filepath.Join(room, serverLock)); err == nil {
		_ = lock.Close()
		t.Fatal("the server does not hold its lock")
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_ = c.Wait()
	awaitEnd(t, room)
	t.Logf("ended %v after its owner", time.Since(began))
	if stat, err := os.ReadFile("/proc/" + strconv.Itoa(id) + "/cmdline"); err == nil && strings.Contains(string(stat), room) {
		t.Errorf("process %d is still there: %q", id, stat)
	}
	if _, err := os.Stat(room); err != nil {
		t.Fatal(err) // nothing but the next start deletes it
	}
	again, in := startChild(t, program, place, as)
	if _, err := os.Stat(room); !os.IsNotExist(err) {
		t.Errorf("the next start has left %s (%v)", room, err)
	}
	_ = in.Close()
	if err := again.Wait(); err != nil {
		t.Error(err)
	}
	if left := rooms(t, place); len(left) != 0 {
		t.Errorf("left after Close: %v", left)
	}
}

func TestKilledOwnerLeavesNothing(t *testing.T) {
	t.Parallel()
	found(t)
	killedLeavesNothing(t, os.Args[0], nil)
}

// TestUnprivilegedUser does the same as nobody, where we may become nobody.
func TestUnprivilegedUser(t *testing.T) {
	t.Parallel()
	found(t)
	nobody, err := user.Lookup("nobody")
	if os.Geteuid() != 0 || err != nil {
		t.Skip("only root can become another user; every other test runs unprivileged then")
	}
	id, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(newPlace(t), "child")
	content, err := os.ReadFile(os.Args[0]) // go test keeps it where only we may come
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	killedLeavesNothing(t, program, &account{name: "nobody", uid: uint32(id), gid: uint32(id)})
}

// TestForgottenServerEnds is the second line: the next start takes away the file
// without which a server ends.
func TestForgottenServerEnds(t *testing.T) {
	t.Parallel()
	place := newPlace(t)
	s := start(t, Options{Place: place})
	room := rooms(t, place)[0]
	pid := filepath.Join(room, inner, "data", "postmaster.pid")
	if serverGone(room) {
		t.Error("a running server is taken for gone")
	}
	if _, err := os.Stat(pid); !os.IsNotExist(err) {
		t.Errorf("the server was not told to end (%v)", err)
	}
	if got := ask(t, s.address.String(), `SELECT 1`); got != "1" {
		t.Error(got)
	}
}

func TestOtherUsersRoomsAreLeftAlone(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 || os.Getenv(pgtest.SkipVariable) != "" {
		t.Skip("only root can make another user's folder")
	}
	place := newPlace(t)
	theirs := filepath.Join(place, roomPrefix+"theirs")
	young := filepath.Join(place, roomPrefix+"young")
	old := filepath.Join(place, roomPrefix+"old")
	for _, room := range []string{theirs, young, old} {
		if err := os.Mkdir(room, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc", filepath.Join(place, roomPrefix+"link")); err != nil {
		t.Fatal(err)
	}
	ago := time.Now().Add(-time.Hour)
	for _, room := range []string{theirs, old} {
		if err := os.Chtimes(room, ago, ago); err != nil {
			t.Fatal(err)
		}
	}
	const someone = 12345
	if err := os.Chown(theirs, someone, someone); err != nil {
		t.Fatal(err)
	}
	sweep(place)
	left := rooms(t, place)
	if want := []string{roomPrefix + "link", roomPrefix + "theirs", roomPrefix + "young"}; len(left) != len(want) {
		t.Errorf("left: %v, expected %v", left, want)
	}
}
