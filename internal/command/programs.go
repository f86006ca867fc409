package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
)

// rolePrograms marks the project's own scripts and programs that a plan runs.
// They run from the project's folder, so the plan binds their bytes.
const rolePrograms = "program"

// programs are the files of the project that the change set's commands name.
func (r *reading) programs() ([]plans.Input, error) {
	var inputs []plans.Input
	for _, b := range r.evaluated.Blocks {
		names, err := programsOf(b)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, failed(fmt.Errorf("%s: the program %s is not there", b.Address, name),
					"Create it, or correct the command in "+b.Range.File)
			}
			if err != nil {
				return nil, failed(err)
			}
			in := plans.Input{Role: rolePrograms, Path: name, Digest: plans.DigestOf(content), Size: int64(len(content))}
			if !slices.Contains(inputs, in) {
				inputs = append(inputs, in)
			}
			r.blobs[in.Digest] = content
		}
	}
	return inputs, nil
}

// programsOf are the block's programs that lie in the project; others are
// found on PATH or by an absolute path, and belong to the machine.
func programsOf(b config.Block) ([]string, error) {
	if (b.Kind != "deployment" && b.Kind != "check") || !hasCommand(b) {
		return nil, nil
	}
	settings, err := b.Settings.RevealKnown()
	if err != nil {
		return nil, err
	}
	var commands struct {
		Restart  []string `json:"restart_command"`
		Stop     []string `json:"stop_command"`
		Run      []string `json:"command"`
		Check    []string `json:"check_command"`
		Rollback []string `json:"rollback_command"`
	}
	if err := json.Unmarshal(settings, &commands); err != nil {
		return nil, errors.New("the commands of " + b.Address + " are not lists of texts")
	}
	var names []string
	for _, argv := range [][]string{commands.Restart, commands.Stop, commands.Run, commands.Check, commands.Rollback} {
		if len(argv) > 0 && strings.Contains(argv[0], "/") && !path.IsAbs(argv[0]) {
			names = append(names, path.Clean(argv[0]))
		}
	}
	return names, nil
}

// hasCommand saves the many blocks without one from being read.
func hasCommand(b config.Block) bool {
	for _, name := range []string{"restart_command", "stop_command", "command", "check_command", "rollback_command"} {
		if _, has := b.Settings.Get(name); has {
			return true
		}
	}
	return false
}

// changedPrograms says which programs are not the ones that the plan saw.
func changedPrograms(b *bundle.Bundle) []string {
	var changed []string
	for _, in := range b.Plan.Inputs {
		if in.Role != rolePrograms {
			continue
		}
		content, err := os.ReadFile(in.Path)
		switch {
		case err != nil:
			changed = append(changed, fmt.Sprintf("program %s cannot be read: %v", in.Path, err))
		case plans.DigestOf(content) != in.Digest:
			changed = append(changed, fmt.Sprintf("program %s: the plan saw %s, now it is %s",
				in.Path, in.Digest.Short(), plans.DigestOf(content).Short()))
		}
	}
	return changed
}
