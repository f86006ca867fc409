package exec

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/artifact"
	"github.com/lockstep-dev/lockstep/providers/artifact/process"
)

// answer is what a command said.
type answer struct {
	exit   int
	stdout string // its beginning
	tail   string // the end of both streams, safe to show
}

// command is one of the block's commands, about to run.
type command struct {
	args  []string
	child process.Child
}

// run runs a command to its end.
func (j *job) run(ctx context.Context, c command, started func(process.Child) error) (answer, error) {
	timeout, err := j.s.timeout()
	if err != nil {
		return answer{}, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", timeout))
	defer cancel()
	stdout, err := process.Scratch()
	if err != nil {
		return answer{}, err
	}
	defer stdout.Close()
	stderr, err := process.Scratch()
	if err != nil {
		return answer{}, err
	}
	defer stderr.Close()
	exit, err := process.Run(limited, process.Command{
		Args: c.args, Dir: artifact.Within(j.root, j.s.WorkingDir), Env: j.environment(), Stdout: stdout, Stderr: stderr, Child: c.child,
	}, started)
	said := answer{exit: exit, tail: process.Tail(stderr, j.s.secrets())}
	if said.tail == "" {
		said.tail = process.Tail(stdout, j.s.secrets())
	}
	head, _ := io.ReadAll(io.NewSectionReader(stdout, 0, 1<<10))
	said.stdout = strings.TrimSpace(string(head))
	if err != nil {
		return said, said.explain(err)
	}
	return said, nil
}

func (a answer) explain(err error) error {
	if a.tail == "" {
		return fmt.Errorf("%w; it printed nothing", err)
	}
	return fmt.Errorf("%w; its output ends with:\n%s", err, a.tail)
}

func (j *job) environment() []string {
	variables := maps.Clone(j.s.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	variables["LOCKSTEP_ARTIFACT_DIGEST"] = string(j.s.Artifact.Digest)
	variables["LOCKSTEP_ARTIFACT_PATH"] = j.s.Artifact.Path
	variables["LOCKSTEP_PREVIOUS_DIGEST"] = string(j.previous)
	variables["LOCKSTEP_ENVIRONMENT"] = j.environmentName
	return process.Environment(variables)
}

// effect runs a command that changes the target, journalled before and after:
// without check_command these facts are all there is.
func (j *job) effect(ctx context.Context, verb string, args []string) error {
	expected := process.Expected()
	if err := j.record(fact{Verb: verb, Stage: begun, Child: &expected}); err != nil {
		return fmt.Errorf("not started: %w", err)
	}
	failpoint.Here("exec: before the command")
	said, err := j.run(ctx, command{args, expected}, func(child process.Child) error {
		failpoint.Here("exec: the command runs")
		return j.record(fact{Verb: verb, Stage: begun, Child: &child})
	})
	failpoint.Here("exec: after the command")
	if err == nil && said.exit != 0 {
		err = said.explain(fmt.Errorf("%s ended with exit code %d", args[0], said.exit))
	}
	if err != nil {
		return err
	}
	return j.record(fact{Verb: verb, Stage: ended})
}

// looks is what check_command says.
type looks struct {
	runs    bool
	unknown string // why it does not know
	current plans.Digest
}

func (j *job) look(ctx context.Context) (looks, error) {
	said, err := j.run(ctx, command{args: j.s.Check}, nil)
	if err != nil {
		return looks{}, fmt.Errorf("check_command: %w", err)
	}
	found := looks{runs: said.exit == 0}
	if said.exit != 0 && said.exit != 1 {
		found.unknown = said.explain(fmt.Errorf("check_command ended with exit code %d, expected 0 (it runs) or 1 (it does not)", said.exit)).Error()
	}
	if d := plans.Digest(said.stdout); d.Valid() {
		found.current = d
	}
	return found, nil
}
