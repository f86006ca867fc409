package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/artifact"
)

const (
	defaultKeep    = 5
	defaultTimeout = 10 * time.Minute
)

// settings are the arguments of a deployment "directory" block.
type settings struct {
	Artifact struct {
		Address string       `json:"address"`
		Digest  plans.Digest `json:"digest"`
		Path    string       `json:"path"`
		Pinned  string       `json:"pinned"`
	} `json:"artifact"`
	Path      string            `json:"path"`
	Keep      int               `json:"keep"`
	Restart   []string          `json:"restart_command"`
	Stop      []string          `json:"stop_command"`
	Timeout   string            `json:"timeout"`
	Variables map[string]string `json:"environment_variables"`
}

// read understands the block; digest is needed by all verbs but Observe.
func read(raw json.RawMessage) (settings, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		// The decoder's own words could quote a value.
		return s, errors.New("settings: expected artifact (object), path, timeout (text), keep (number), restart_command, stop_command (lists of text), environment_variables (map of text)")
	}
	if s.Path == "" {
		return s, errors.New("path is empty; name the folder that gets the releases")
	}
	if s.Keep <= 0 {
		s.Keep = defaultKeep
	}
	if _, err := s.timeout(); err != nil {
		return s, err
	}
	return s, nil
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

// name is the artifact's file name at its source: it says whether it is an
// archive, and it is the name under which a plain file is placed.
func (s settings) name() string {
	source, _, _ := strings.Cut(s.Artifact.Pinned, "@sha256:")
	for _, from := range []string{source, filepath.ToSlash(s.Artifact.Path)} {
		if base := path.Base(from); base != "." && base != "/" && base != ".." {
			return base
		}
	}
	return "artifact"
}

// secrets are the values that must not be shown.
func (s settings) secrets() []string {
	var values []string
	for _, v := range s.Variables {
		values = append(values, v)
	}
	return values
}

// bytesAt returns the places where the artifact's bytes may be, best first.
func (s settings) bytesAt(o Options) []string {
	store := artifact.NewStore(artifact.Within(o.Root, orDefault(o.Store, artifact.DefaultStore)))
	places := []string{store.Path(s.Artifact.Digest)}
	if s.Artifact.Path != "" {
		places = append(places, artifact.Within(o.Root, s.Artifact.Path))
	}
	return places
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
