package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/plans"
)

// madeBy names the programs that carried a configuration out.
type madeBy struct {
	Engine    string            `json:"engine,omitempty"` // "terraform" or "tofu"
	Version   string            `json:"version,omitempty"`
	Providers map[string]string `json:"providers,omitempty"` // versions by address
}

// maker reads which programs work here, the providers from the lock file.
func (m *module) maker() (madeBy, error) {
	by := madeBy{Engine: m.engine.name, Version: m.engine.version}
	b, err := os.ReadFile(filepath.Join(m.root(), lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return by, nil // no provider but the engine's own
	}
	if err != nil {
		return by, fmt.Errorf("read %s: %w", lockFile, err)
	}
	file, diags := hclparse.NewParser().ParseHCL(b, lockFile)
	if diags.HasErrors() {
		return by, fmt.Errorf("read %s: %w", lockFile, diags)
	}
	content, _, _ := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"address"}}}})
	by.Providers = map[string]string{}
	for _, block := range content.Blocks {
		if v := literal(block.Body, "version"); v.Type() == cty.String {
			by.Providers[block.Labels[0]] = v.AsString()
		}
	}
	return by, nil
}

// otherThan says which engine carried a release out, where it is not this one;
// a way back that fails may fail for that. Releases of old say nothing.
func (by madeBy) otherThan(e engine) string {
	if by.Engine == "" || by.Engine == e.name && by.Version == e.version {
		return ""
	}
	return fmt.Sprintf(" (it was applied by %s %s, this is %s %s)", by.Engine, by.Version, e.name, e.version)
}

// shownOutputs are a state's outputs without secret values.
func (m *module) shownOutputs(s *stateFile) []plans.Output {
	var shown []plans.Output
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		o := plans.Output{Name: name, Known: true, Sensitive: s.Outputs[name].Sensitive}
		if value, err := json.Marshal(s.Outputs[name].Value); err == nil && !o.Sensitive && !m.secrets.in(string(value)) {
			o.Value = value
		}
		shown = append(shown, o)
	}
	return shown
}
