package planner

import (
	"encoding/json"

	"github.com/lockstep-dev/lockstep/internal/config"
)

// block is a block of the configuration and what the passes ask of its
// settings again and again.
type block struct {
	*config.Block
	masked   json.RawMessage // the settings as they may be shown
	unknowns []string        // paths of settings that an earlier step makes known
	args     arguments
}

func read(b *config.Block) *block {
	masked := b.Settings.Masked()
	return &block{Block: b, masked: masked, unknowns: b.Settings.Unknowns(), args: argumentsOf(masked)}
}

// arguments are the settings that decide something while planning.
type arguments struct {
	Artifact *struct {
		Address string `json:"address"`
	} `json:"artifact"`
	Database *struct {
		Name string `json:"name"`
	} `json:"database"`
	Version         json.Number `json:"version"`
	ExpectedVersion json.Number `json:"expected_version"`
	Hosts           []string    `json:"hosts"`
	AllowedActions  []string    `json:"allowed_actions"`
	AcceptDrift     []string    `json:"accept_drift"`
	CheckCommand    any         `json:"check_command"`
	RollbackCommand any         `json:"rollback_command"`
	RestartCommand  any         `json:"restart_command"`
	StopCommand     any         `json:"stop_command"`
	SuccessesInARow int         `json:"success_threshold"`
	Batch           int         `json:"batch"`
	Repeatable      bool        `json:"repeatable"`
}

// argumentsOf reads masked settings; what is unknown, or is shown as a text in
// the place of a value, stays empty.
func argumentsOf(masked json.RawMessage) arguments {
	var fields map[string]json.RawMessage
	var out arguments
	if json.Unmarshal(masked, &fields) != nil {
		return out
	}
	read := func(name string, into any) { _ = json.Unmarshal(fields[name], into) } // absent or masked: stays empty
	read("artifact", &out.Artifact)
	read("database", &out.Database)
	read("version", &out.Version)
	read("expected_version", &out.ExpectedVersion)
	read("hosts", &out.Hosts)
	read("allowed_actions", &out.AllowedActions)
	read("accept_drift", &out.AcceptDrift)
	read("check_command", &out.CheckCommand)
	read("rollback_command", &out.RollbackCommand)
	read("restart_command", &out.RestartCommand)
	read("stop_command", &out.StopCommand)
	read("success_threshold", &out.SuccessesInARow)
	read("batch", &out.Batch)
	read("repeatable", &out.Repeatable)
	return out
}
