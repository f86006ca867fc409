package process

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Child names a command durably. Its token is journalled before it is started
// and its process id after: whoever was killed in between leaves a command
// that can be found by its token. The start time is there because a process id
// alone may have been given to another process by the time somebody asks.
type Child struct {
	Token string `json:"token"`
	PID   int    `json:"pid,omitempty"`
	Began string `json:"began,omitempty"` // the system's own word
}

// Expected returns a command that is about to be started.
func Expected() Child { return Child{Token: rand.Text()} }

const tokenVariable = "LOCKSTEP_COMMAND"

func (c Child) mark() []string {
	if c.Token == "" {
		return nil
	}
	return []string{tokenVariable + "=" + c.Token}
}

func (c Child) running(pid int) Child {
	c.PID, c.Began = pid, began(pid)
	return c
}

// find looks for the command by its token where the system shows environments
// (Linux). It is the leader of its group in the session of its parent; daemons
// that it started are no leaders, or have a session of their own.
func (c Child) find() Child {
	if c.PID != 0 || c.Token == "" {
		return c
	}
	places, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return c
	}
	for _, place := range places {
		environ, err := os.ReadFile(place)
		if err != nil || !bytes.Contains(environ, []byte(c.mark()[0]+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(place)))
		if err != nil {
			continue
		}
		fields := statFields(pid)
		if own := strconv.Itoa(pid); len(fields) > 3 && fields[2] == own && fields[3] != own {
			return c.running(pid)
		}
	}
	return c
}

// statFields returns the fields of /proc/PID/stat from the third one on
// (proc(5): state, ppid, pgrp, session, ...); the name before them may hold
// anything.
func statFields(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

// began returns when the process was started, or "" if there is none.
func began(pid int) string {
	if fields := statFields(pid); len(fields) > 19 && fields[0] != "Z" {
		return fields[19] // starttime, the twenty-second of all
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
	c = c.find()
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
