//go:build failpoint

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
)

var passed atomic.Int64

// Here counts the place and, when it is the one asked for, kills the process
// the way a power cut would: no deferred function runs. Or it stops it, as an
// overloaded machine would.
func Here(name string) {
	n := passed.Add(1)
	if file := os.Getenv("LOCKSTEP_FP_LOG"); file != "" {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintln(f, n, name)
			f.Close()
		}
	}
	if at, err := strconv.ParseInt(os.Getenv("LOCKSTEP_FP_AT"), 10, 64); err == nil && at == n {
		if os.Getenv("LOCKSTEP_FP_STOP") != "" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			return
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
