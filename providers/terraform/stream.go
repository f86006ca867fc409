package terraform

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// event is one line of "terraform apply -json", or of "plan -json".
type event struct {
	Type string `json:"type"`
	Hook struct {
		Resource struct {
			Address string `json:"addr"`
			Type    string `json:"resource_type"`
		} `json:"resource"`
		Action  string  `json:"action"`
		IDKey   string  `json:"id_key"`
		ID      string  `json:"id_value"`
		Elapsed float64 `json:"elapsed_seconds"`
	} `json:"hook"`
	Changes struct {
		Add    int `json:"add"`
		Change int `json:"change"`
		Import int `json:"import"`
		Remove int `json:"remove"`
	} `json:"changes"`
	// State is the whole state, in the line that Terraform writes when it can
	// store it nowhere (views.JSONView.StateDump).
	State      json.RawMessage `json:"state"`
	Diagnostic struct {
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Detail   string `json:"detail"`
		Address  string `json:"address"`
	} `json:"diagnostic"`
}

// account is what a stream of events says about an apply.
type account struct {
	summary string
	figures map[string]any
	errors  []string
	// created are the resources whose creation began, by address.
	created map[string]creation
	// changing are the resources whose change or destruction began.
	changing map[string]bool
	silent   bool   // a provider did not answer
	dumped   []byte // the state, if Terraform could store it nowhere
	progress func(string)
}

func newAccount(progress func(string)) *account {
	if progress == nil {
		progress = func(string) {}
	}
	return &account{created: map[string]creation{}, changing: map[string]bool{}, progress: progress}
}

// take accounts for one line; a line that is no event is ignored.
func (a *account) take(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		return
	}
	if len(e.State) > 0 {
		a.dumped = e.State
	}
	address := e.Hook.Resource.Address
	switch e.Type {
	case "apply_start":
		a.creation(e, func(c *creation) { *c = creation{kind: e.Hook.Resource.Type} })
		if e.Hook.Action == "update" || e.Hook.Action == "delete" {
			a.changing[address] = true
		}
	case "apply_progress":
		a.progress(fmt.Sprintf("%s: %s, still running after %.0fs", address, e.Hook.Action, e.Hook.Elapsed))
	case "apply_complete":
		a.creation(e, func(c *creation) { c.idKey, c.id = e.Hook.IDKey, e.Hook.ID })
		a.progress(fmt.Sprintf("%s: %s done in %.0fs", address, e.Hook.Action, e.Hook.Elapsed))
	case "apply_errored":
		a.creation(e, func(c *creation) { c.failed = true })
		a.progress(fmt.Sprintf("%s: %s failed", address, e.Hook.Action))
	case "change_summary":
		a.summary = fmt.Sprintf("%d added, %d changed, %d destroyed", e.Changes.Add, e.Changes.Change, e.Changes.Remove)
		a.figures = map[string]any{
			"added": e.Changes.Add, "changed": e.Changes.Change, "destroyed": e.Changes.Remove, "imported": e.Changes.Import,
		}
		if e.Changes.Import > 0 {
			a.summary = fmt.Sprintf("%d imported, %s", e.Changes.Import, a.summary)
		}
	case "diagnostic":
		if e.Diagnostic.Severity == "error" {
			a.blame(e)
			a.silent = a.silent || unanswered(e.Diagnostic.Summary)
			a.errors = append(a.errors, oneParagraph(e.Diagnostic.Address+" "+e.Diagnostic.Summary+": "+e.Diagnostic.Detail))
		}
	}
}

// failure is the text of an apply that ended with an error.
func (a *account) failure() string {
	if len(a.errors) == 0 {
		return "no reason was given"
	}
	return strings.Join(a.errors, "; ")
}

// replay accounts for a stream that is complete or was cut off.
func replay(keys *seal.Keys, attempt string) (*account, error) {
	b, err := keys.ReadFile(filepath.Join(attempt, shim.StdoutFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read terraform's output: %w", err)
	}
	return accountOf(b), nil
}

func accountOf(stream []byte) *account {
	a := newAccount(nil)
	for line := range bytes.Lines(stream) {
		a.take(line)
	}
	return a
}

const tailPoll = 50 * time.Millisecond

// follow accounts for a growing stream until ended is closed and the rest has
// been read.
func (a *account) follow(path string, ended <-chan struct{}) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return fmt.Errorf("read terraform's output: %w", err)
	}
	defer f.Close()
	reader := bufio.NewReader(f)
	var line []byte
	drain := func() error {
		for {
			part, err := reader.ReadBytes('\n')
			line = append(line, part...)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read terraform's output: %w", err)
			}
			a.take(line)
			line = line[:0]
		}
	}
	tick := time.NewTicker(tailPoll)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return drain()
		case <-tick.C:
			if err := drain(); err != nil {
				return err
			}
		}
	}
}
