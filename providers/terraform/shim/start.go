package shim

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Options describe a command that must outlive its parent.
type Options struct {
	// Shim is the argument list that reaches Main; the run directory is
	// appended.
	Shim []string
	// Run is an existing private directory for the command's files.
	Run string
	// Directory is where the command runs.
	Directory   string
	Arguments   []string
	Environment []string
	// Lock is an open, locked file. The shim inherits the lock, so that it
	// ends with the command and not with the parent.
	Lock *os.File
}

// Child is a started shim that waits for Go.
type Child struct {
	// Process is the shim's own identity.
	Process Process

	cmd   *exec.Cmd
	gate  io.WriteCloser
	run   string
	ended chan struct{}
}

// Prepare starts the shim. The command does not run before Go.
func Prepare(o Options) (*Child, error) {
	c := command{Arguments: o.Arguments, Directory: o.Directory}
	if err := writeJSON(filepath.Join(o.Run, commandFile), c); err != nil {
		return nil, fmt.Errorf("prepare the shim: %w", err)
	}
	cmd := exec.Command(o.Shim[0], append(o.Shim[1:len(o.Shim):len(o.Shim)], o.Run)...) //nolint:noctx // it must outlive every context
	cmd.Env = o.Environment
	cmd.ExtraFiles = []*os.File{o.Lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	gate, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the shim: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the shim: %w", err)
	}
	child := &Child{
		Process: Identify(cmd.Process.Pid),
		cmd:     cmd, gate: gate, run: o.Run, ended: make(chan struct{}),
	}
	go func() {
		_ = cmd.Wait()
		close(child.ended)
	}()
	return child, nil
}

// Go lets the command run.
func (c *Child) Go() error {
	_, err := c.gate.Write([]byte{'g'})
	if err != nil {
		return fmt.Errorf("the shim has gone: %w", err)
	}
	return c.gate.Close()
}

// Abandon ends a shim that was not allowed to go and waits for its end.
func (c *Child) Abandon() {
	_ = c.gate.Close()
	<-c.ended
}

// Ended is closed when the shim has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Wait waits for the end of the command. When ctx ends first, the command
// gets one SIGINT and may take as long as it needs; it is never killed.
func (c *Child) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-c.ended:
	case <-ctx.Done():
		_ = c.cmd.Process.Signal(syscall.SIGINT)
		<-c.ended
	}
	exit, err := ReadExit(c.run)
	if err != nil {
		return Exit{}, fmt.Errorf("the shim was killed before the command ended: %w", err)
	}
	return exit, nil
}
