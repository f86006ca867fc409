package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/go-version"

	"github.com/lockstep-dev/lockstep/plans"
)

// outputs are those of a stored state, which its bytes are. They come with all
// values of the state, so that a secret is found also where it is not declared
// to be one.
func (m *module) outputs(ctx context.Context, state []byte) ([]plans.Output, map[string]json.RawMessage, error) {
	values, err := m.storedOutputs(ctx, state)
	if err != nil {
		return nil, nil, err
	}
	var shown []plans.Output
	hidden := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		v.Value = compact(v.Value)
		o := plans.Output{Name: name, Known: true, Sensitive: v.Sensitive || m.secrets.in(string(v.Value))}
		if o.Sensitive {
			hidden[name] = v.Value
		} else {
			o.Value = v.Value
		}
		shown = append(shown, o)
	}
	return shown, hidden, nil
}

// storedOutputs reads the outputs where the state is that names all secrets;
// else Terraform is asked, which knows them from the providers.
func (m *module) storedOutputs(ctx context.Context, state []byte) (map[string]storedOutput, error) {
	if !m.engine.marksSecrets() {
		values, err := m.stored(ctx)
		return values.Outputs, err
	}
	if len(state) == 0 {
		return nil, nil
	}
	var s struct {
		Outputs map[string]storedOutput `json:"outputs"`
	}
	if json.Unmarshal(state, &s) != nil {
		return nil, errors.New("terraform state: its outputs are not the expected JSON")
	}
	m.secrets.addState(state)
	return s.Outputs, nil
}

// marksSecrets reports whether the engine's states mark the attributes that a
// provider's schema declares to be sensitive, and not only those that a
// configuration makes so. Tried with Terraform 1.5.7, which does not, with
// 1.11.4 and with OpenTofu 1.12.6, which do; versions between count as not.
func (e engine) marksSecrets() bool {
	first := map[string]string{engineTerraform: "1.11.0", engineTofu: "1.12.0"}[e.name]
	v, err := version.NewVersion(e.version)
	return err == nil && first != "" && v.Core().GreaterThanOrEqual(version.Must(version.NewVersion(first)))
}
