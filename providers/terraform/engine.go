package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// program runs Terraform commands that read, or that write nothing but the
// working folder. Effects go through carryOut alone.
type program struct {
	binary      string
	directory   string
	environment []string
	lock        *os.File
	secrets     *secrets
}

// exitError is a Terraform command that ended with an error; its text is
// scrubbed.
type exitError struct {
	command string
	code    int
	text    string
}

func (e *exitError) Error() string {
	return fmt.Sprintf("terraform %s failed (exit %d): %s", e.command, e.code, e.text)
}

// run returns the standard output. The child inherits the place's lock: if
// this process is killed, nobody works here before the child has ended.
func (t *program) run(ctx context.Context, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.binary, arguments...)
	cmd.Dir, cmd.Env = t.directory, t.environment
	cmd.ExtraFiles = []*os.File{t.lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// An interrupt lets Terraform release its locks; it is never killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("terraform %s was interrupted: %w", arguments[0], ctx.Err())
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		text := stderr.String()
		if text == "" {
			text = stdout.String()
		}
		return stdout.Bytes(), &exitError{command: arguments[0], code: failed.ExitCode(), text: t.secrets.scrub(oneParagraph(text))}
	}
	if err != nil {
		return nil, fmt.Errorf("run terraform %s: %w", arguments[0], err)
	}
	return stdout.Bytes(), nil
}

// exitedWith reports whether err is a Terraform command's exit with code.
func exitedWith(err error, code int) bool {
	var e *exitError
	return errors.As(err, &e) && e.code == code
}

// oneParagraph takes Terraform's box drawing and line breaks out of a text.
func oneParagraph(text string) string {
	var words []string
	for _, f := range bytes.Fields([]byte(text)) {
		switch w := string(f); w {
		case "╷", "│", "╵":
		default:
			words = append(words, w)
		}
	}
	var out bytes.Buffer
	for i, w := range words {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(w)
	}
	return out.String()
}
