package shim

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// Identify returns the identity of the process with this number.
func Identify(id int) Process {
	return Process{ID: id, Start: startTime(id)}
}

// Alive reports whether exactly this process still runs.
func (p Process) Alive() bool {
	if p.ID <= 0 || syscall.Kill(p.ID, 0) == syscall.ESRCH {
		return false
	}
	return p.Start == "" || startTime(p.ID) == p.Start
}

// startTime reads field 22 of /proc/ID/stat (proc(5)); a zombie has ended and
// has none.
func startTime(id int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return ""
	}
	const state, start = 0, 19
	_, rest, found := bytes.Cut(stat, []byte(") "))
	for found && bytes.Contains(rest, []byte(") ")) {
		_, rest, found = bytes.Cut(rest, []byte(") "))
	}
	fields := bytes.Fields(rest)
	if len(fields) <= start || string(fields[state]) == "Z" {
		return ""
	}
	return string(fields[start])
}
