package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
)

// settings are the arguments of a terraform block that this provider uses.
type settings struct {
	Name          string                     `json:"name"`
	Source        string                     `json:"source"`
	Inputs        map[string]json.RawMessage `json:"inputs"`
	Workspace     *string                    `json:"workspace"`
	BackendConfig map[string]json.RawMessage `json:"backend_config"`
}

func decodeSettings(raw json.RawMessage) (settings, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		// The cause would quote values, which may be secret.
		return s, errors.New("terraform settings are not what was expected: name and source are text, inputs and backend_config are maps")
	}
	if err := checkSegment("name", s.Name); err != nil {
		return s, err
	}
	if s.Workspace != nil && *s.Workspace != "" {
		if err := checkSegment("workspace", *s.Workspace); err != nil {
			return s, err
		}
	}
	if s.Source == "" || path.IsAbs(s.Source) {
		return s, fmt.Errorf("terraform.%s: source is %q; expected a folder inside of the project, for example \"./infra/%s\"", s.Name, s.Source, s.Name)
	}
	return s, nil
}

// checkSegment makes sure that a name is one harmless element of a path.
func checkSegment(what, name string) error {
	if segment().MatchString(name) {
		return nil
	}
	return fmt.Errorf("terraform %s is %q; expected letters, digits, \"_\", \"-\" and \".\", beginning with a letter, a digit or \"_\"", what, name)
}

func segment() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`) }
