package crashtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// process is a running program that belongs to a world.
type process struct {
	id   int
	name string
}

// processes finds what runs in the world's folder or names it on its command
// line, by proc(5). Where there is no /proc it finds nothing.
func (w *world) processes(t *testing.T) []process {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	dir, err := filepath.EvalSymlinks(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []process
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil || id == os.Getpid() {
			continue
		}
		at, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline")) // empty for one that has ended
		text := strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
		if text != "" && (strings.HasPrefix(at, dir) || strings.Contains(text, dir)) {
			found = append(found, process{id, text})
		}
	}
	return found
}

// killAll ends everything in the world at one moment, as the end of the
// machine would: nobody lives to see the others die.
func (w *world) killAll(t *testing.T) {
	t.Helper()
	stopped := map[int]bool{}
	for fresh := true; fresh; {
		fresh = false
		for _, p := range w.processes(t) {
			if !stopped[p.id] {
				stopped[p.id], fresh = true, true
				_ = syscall.Kill(p.id, syscall.SIGSTOP)
			}
		}
	}
	for id := range stopped {
		_ = syscall.Kill(id, syscall.SIGKILL)
	}
	if left := w.settle(t, w.leftRunning); len(left) > 0 {
		t.Errorf("could not be killed: %v", left)
	}
}
