package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Child names a running command durably: a process id alone may have been
// given to another process by the time somebody asks.
type Child struct {
	PID   int    `json:"pid"`
	Began string `json:"began"` // the system's own word for the start time
}

func childOf(pid int) Child { return Child{PID: pid, Began: began(pid)} }

// began returns when the process was started, or "" if there is none.
func began(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		// The name in parentheses may hold anything; fields count from behind it
		// (proc(5): state is the third field, starttime the twenty-second).
		if i := bytes.LastIndexByte(stat, ')'); i >= 0 {
			if fields := strings.Fields(string(stat[i+1:])); len(fields) > 19 && fields[0] != "Z" {
				return fields[19]
			}
		}
		return ""
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return ""
	}
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx // answers at once
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// Running reports whether the command itself still runs. Daemons that it left
// behind do not count.
func (c Child) Running() bool {
	return c.PID > 1 && c.Began != "" && began(c.PID) == c.Began
}

// End ends the group of a command that an earlier process left running, and
// reports whether there was one.
func (c Child) End() bool {
	if !c.Running() {
		return false
	}
	_ = syscall.Kill(-c.PID, syscall.SIGTERM)
	for deadline := time.Now().Add(grace); c.Running() && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	_ = syscall.Kill(-c.PID, syscall.SIGKILL)
	for deadline := time.Now().Add(grace); c.Running() && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	return true
}
