package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/artifact"
	"github.com/lockstep-dev/lockstep/providers/artifact/process"
)

// fact is what is journalled while the effect runs.
type fact struct {
	Stage string         `json:"stage"`
	Child *process.Child `json:"child,omitempty"`
}

// quiesce ends a command that a killed process of this run left running. It
// may be ended: whatever it was doing is done again.
func (j *job) quiesce() {
	for _, raw := range j.req.Recorded {
		var f fact
		if json.Unmarshal(raw, &f) == nil && f.Child != nil {
			f.Child.End()
		}
	}
}

// run runs restart_command or stop_command for a release, if there is one. Its
// output stays beside the release, without what it was told in secret.
func (j *job) run(ctx context.Context, args []string, d plans.Digest) error {
	if len(args) == 0 {
		return nil
	}
	err := j.execute(ctx, args, d)
	if hidden := process.Cover(j.folder.log(d), j.s.secrets()); hidden != nil {
		return errors.Join(err, fmt.Errorf("the output of %s cannot be kept: %w", args[0], hidden))
	}
	return err
}

func (j *job) execute(ctx context.Context, args []string, d plans.Digest) error {
	timeout, err := j.s.timeout()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", timeout))
	defer cancel()
	log, err := os.OpenFile(j.folder.log(d), os.O_CREATE|os.O_TRUNC|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	child := process.Expected()
	if err := j.record(child); err != nil {
		return fmt.Errorf("%s was not started: %w", args[0], err)
	}
	j.say("running " + args[0])
	failpoint.Here("directory: before the command")
	exit, err := process.Run(limited, process.Command{
		Args: args, Dir: j.options.Root, Env: j.environment(d), Stdout: log, Stderr: log, Child: child,
	}, j.record)
	failpoint.Here("directory: after the command")
	if err == nil && exit != 0 {
		err = fmt.Errorf("%s ended with exit code %d", args[0], exit)
	}
	if err == nil {
		return nil
	}
	if tail := process.Tail(log, j.s.secrets()); tail != "" {
		return fmt.Errorf("%w; its output ends with:\n%s", err, tail)
	}
	return fmt.Errorf("%w; it printed nothing", err)
}

// record journals which command is about to run, and which process it is.
func (j *job) record(child process.Child) error {
	if child.PID != 0 {
		failpoint.Here("directory: the command runs")
	}
	if j.req.Record == nil {
		return nil
	}
	return j.req.Record(fact{Stage: "command", Child: &child})
}

func (j *job) environment(d plans.Digest) []string {
	variables := maps.Clone(j.s.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	variables["LOCKSTEP_RELEASE_DIR"] = artifact.Within("", j.folder.release(d))
	variables["LOCKSTEP_ARTIFACT_DIGEST"] = string(d)
	variables["LOCKSTEP_ENVIRONMENT"] = j.req.Environment
	return process.Environment(variables)
}
