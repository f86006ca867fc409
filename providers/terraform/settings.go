package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
)

// settings are the arguments of a terraform block that this provider uses.
type settings struct {
	Source        string                     `json:"source"`
	Inputs        map[string]json.RawMessage `json:"inputs"`
	Workspace     *string                    `json:"workspace"`
	BackendConfig map[string]json.RawMessage `json:"backend_config"`
}

func decodeSettings(raw json.RawMessage) (settings, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		// The cause would quote values, which may be secret.
		return s, errors.New("terraform settings are not what was expected: source is a text, inputs and backend_config are maps")
	}
	if s.Workspace != nil && *s.Workspace != "" {
		if err := checkSegment("workspace", *s.Workspace); err != nil {
			return s, err
		}
	}
	if s.Source == "" || path.IsAbs(s.Source) {
		return s, fmt.Errorf("terraform source is %q; expected a folder inside of the project, for example \"./infra\"", s.Source)
	}
	return s, nil
}

// module is the source as one element of a path: state, copies and working
// folder belong to the module, whatever the blocks that use it are called.
func (s settings) module() string { return url.PathEscape(path.Clean(s.Source)) }

// folder is the root module's, relative to the project.
func (s settings) folder() string { return filepath.ToSlash(filepath.Clean(s.Source)) }

// checkSegment makes sure that a name is one harmless element of a path.
func checkSegment(what, name string) error {
	if segment().MatchString(name) {
		return nil
	}
	return fmt.Errorf("terraform %s is %q; expected letters, digits, \"_\", \"-\" and \".\", beginning with a letter, a digit or \"_\"", what, name)
}

func segment() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`) }
