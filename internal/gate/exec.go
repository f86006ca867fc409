package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// maxOutput is how many bytes of each stream are kept: the last ones.
const maxOutput = 64 << 10

type execSampler struct {
	command     []string
	root        string
	environment string
}

func newExec(settings json.RawMessage, deps Deps) (Sampler, error) {
	var block struct {
		rhythm

		Command []string `json:"command"`
	}
	if err := decode(settings, &block); err != nil {
		return nil, err
	}
	if len(block.Command) == 0 || block.Command[0] == "" {
		return nil, errors.New(`command is empty, expected a program and its arguments: ["./check", "--quick"]`)
	}
	return &execSampler{command: block.Command, root: deps.Root, environment: deps.Environment}, nil
}

// Sample implements Sampler: a command that ends is a finding, whatever its
// exit code. When ctx ends, the command and what it started are killed.
func (s *execSampler) Sample(ctx context.Context) (map[string]any, error) {
	var stdout, stderr tail
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	cmd.Dir, cmd.Env = s.root, s.env()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a child in the background may keep the pipes open
	err := cmd.Run()
	exit := new(exec.ExitError)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrWaitDelay), err == nil:
	case errors.As(err, &exit) && exit.Exited():
	case errors.As(err, &exit):
		return nil, fmt.Errorf("%s was ended: %s", s.command[0], exit.ProcessState)
	default:
		return nil, fmt.Errorf("%s could not be started: %w", s.command[0], bare(err))
	}
	return map[string]any{"exit_code": cmd.ProcessState.ExitCode(), "stdout": stdout.text(), "stderr": stderr.text()}, nil
}

// env leaves out Lockstep's own variables: they may hold secrets of others.
func (s *execSampler) env() []string {
	env := []string{"LOCKSTEP_ENVIRONMENT=" + s.environment}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "LOCKSTEP_") {
			env = append(env, pair)
		}
	}
	return env
}

func bare(err error) error {
	if e := new(exec.Error); errors.As(err, &e) {
		return e.Err
	}
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// tail keeps the last bytes that were written.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2*maxOutput {
		t.b = bytes.Clone(t.b[len(t.b)-maxOutput:])
	}
	return len(p), nil
}

func (t *tail) text() string {
	return strings.ToValidUTF8(string(t.b[max(0, len(t.b)-maxOutput):]), "\uFFFD")
}
