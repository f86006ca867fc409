package gate

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// outputLimit is how much of a command's output is kept, in bytes.
const outputLimit = 64 << 10

// graceTime is how long a command may take to end after it was asked to.
const graceTime = 2 * time.Second

// Exec runs a command, without a shell. Assertions see exit_code, stdout and
// stderr.
type Exec struct {
	Command []string
}

// Sample implements Sampler. A command that ends by itself is a sample,
// whatever its exit code; one that cannot start, or is killed, is not.
func (e *Exec) Sample(ctx context.Context) (map[string]any, error) {
	cmd := exec.CommandContext(ctx, e.Command[0], e.Command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = graceTime
	var stdout, stderr tail
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
	case exited && exit.Exited():
	case exited:
		return nil, fmt.Errorf("%s: %s", e.Command[0], exit)
	default:
		return nil, err
	}
	return map[string]any{
		"exit_code": cmd.ProcessState.ExitCode(),
		"stdout":    string(stdout),
		"stderr":    string(stderr),
	}, nil
}

// tail keeps the last outputLimit bytes that were written to it.
type tail []byte

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if extra := len(*t) - outputLimit; extra > 0 {
		*t = append((*t)[:0], (*t)[extra:]...)
	}
	return len(p), nil
}
