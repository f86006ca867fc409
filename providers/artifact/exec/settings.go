package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

const defaultTimeout = 10 * time.Minute

// settings are the arguments of a deployment "exec" block.
type settings struct {
	Artifact struct {
		Digest plans.Digest `json:"digest"`
		Path   string       `json:"path"`
	} `json:"artifact"`
	Command    []string          `json:"command"`
	Check      []string          `json:"check_command"`
	Back       []string          `json:"rollback_command"`
	WorkingDir string            `json:"working_dir"`
	Timeout    string            `json:"timeout"`
	Variables  map[string]string `json:"environment_variables"`
}

func read(raw json.RawMessage) (settings, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		// The decoder's own words could quote a value.
		return s, errors.New("settings: expected artifact (object), command, check_command, rollback_command (lists of text), working_dir, timeout (text), environment_variables (map of text)")
	}
	if len(s.Command) == 0 || s.Command[0] == "" {
		return s, errors.New(`command is empty, expected a program and its arguments: ["./bin/deploy", "api"]`)
	}
	_, err := s.timeout()
	return s, err
}

func (s settings) timeout() (time.Duration, error) {
	if s.Timeout == "" {
		return defaultTimeout, nil
	}
	d, err := time.ParseDuration(s.Timeout)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("timeout is %q, expected a duration such as 10m", s.Timeout)
	}
	return d, nil
}

func (s settings) secrets() []string {
	var values []string
	for _, v := range s.Variables {
		values = append(values, v)
	}
	return values
}
