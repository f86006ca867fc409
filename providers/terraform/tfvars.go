package terraform

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// learnValueFiles learns the values of sensitive variables that stand in the
// module's own files of values: a plan that fails has no document that has them.
func (m *module) learnValueFiles() error {
	for _, in := range m.sources {
		name := path.Base(in.Path)
		isJSON := strings.HasSuffix(name, ".tfvars.json")
		if !isJSON && !strings.HasSuffix(name, ".tfvars") || path.Dir(in.Path) != m.folder {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.place.tree(), filepath.FromSlash(in.Path)))
		if err != nil {
			return fmt.Errorf("terraform sources: %w", err)
		}
		for variable, value := range valuesIn(text, isJSON) {
			if slices.Contains(m.config.sensitive, variable) {
				m.secrets.add(value)
			}
		}
	}
	return nil
}

// valuesIn are the values of a file that can be read; Terraform says what is
// wrong with one that cannot.
func valuesIn(text []byte, isJSON bool) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	if isJSON {
		_ = json.Unmarshal(text, &values)
		return values
	}
	file, ds := hclsyntax.ParseConfig(text, "", hcl.InitialPos)
	if ds.HasErrors() {
		return nil
	}
	attributes, _ := file.Body.JustAttributes()
	for name, attribute := range attributes {
		v, ds := attribute.Expr.Value(nil)
		if ds.HasErrors() || !isKnown(v) {
			continue
		}
		if b, err := (ctyjson.SimpleJSONValue{Value: v}).MarshalJSON(); err == nil {
			values[name] = b
		}
	}
	return values
}
