package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
)

// mark is where a state stands. The zero value means that there is none yet.
type mark struct {
	Lineage string `json:"lineage,omitempty"`
	Serial  string `json:"serial,omitempty"` // decimal
}

// serial returns the mark's number; 0 for none.
func (m mark) serial() uint64 {
	n, _ := strconv.ParseUint(m.Serial, 10, 64)
	return n
}

// stateFile is the part of Terraform's state format 4 that is needed.
type stateFile struct {
	Version   int                    `json:"version"`
	Serial    uint64                 `json:"serial"`
	Lineage   string                 `json:"lineage"`
	Outputs   map[string]stateOutput `json:"outputs"`
	Resources []stateResource        `json:"resources"`
}

type stateOutput struct {
	Value     any  `json:"value"`
	Sensitive bool `json:"sensitive"`
}

type stateResource struct {
	Module    string          `json:"module"`
	Mode      string          `json:"mode"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Instances []stateInstance `json:"instances"`
}

type stateInstance struct {
	IndexKey   any    `json:"index_key"`
	Deposed    string `json:"deposed"`
	Status     string `json:"status"`
	Attributes any    `json:"attributes"`

	kind  string // the resource's type
	block string // TYPE.NAME in its module
}

// readState decodes a state; empty input is an empty state.
func readState(b []byte) (*stateFile, error) {
	s := new(stateFile)
	if len(b) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, errors.New("terraform state is not JSON; restore it from a copy in the backups folder beside it")
	}
	if s.Version != 4 {
		return nil, fmt.Errorf("terraform state has format version %d; expected 4", s.Version)
	}
	return s, nil
}

func (s *stateFile) mark() mark {
	if s.Lineage == "" {
		return mark{}
	}
	return mark{Lineage: s.Lineage, Serial: strconv.FormatUint(s.Serial, 10)}
}

// secretOutputs are the real values of the sensitive outputs.
func (s *stateFile) secretOutputs() (map[string]json.RawMessage, error) {
	secret := map[string]json.RawMessage{}
	for name, output := range s.Outputs {
		if !output.Sensitive {
			continue
		}
		value, err := json.Marshal(output.Value)
		if err != nil {
			return nil, errors.New("terraform state: the value of a sensitive output cannot be read")
		}
		secret[name] = value
	}
	return secret, nil
}

// managed returns the managed resource instances by address.
func (s *stateFile) managed() map[string]stateInstance {
	found := map[string]stateInstance{}
	for _, r := range s.Resources {
		if r.Mode != "managed" {
			continue
		}
		for _, i := range r.Instances {
			i.kind, i.block = r.Type, r.Type+"."+r.Name
			found[r.address(i)] = i
		}
	}
	return found
}

// address spells an instance the way Terraform's plans do; a deposed object
// has its key added.
func (r stateResource) address(i stateInstance) string {
	a := r.Type + "." + r.Name
	if r.Module != "" {
		a = r.Module + "." + a
	}
	switch key := i.IndexKey.(type) {
	case string:
		a += "[" + strconv.Quote(key) + "]"
	case float64:
		a += "[" + strconv.FormatFloat(key, 'f', -1, 64) + "]"
	}
	if i.Deposed != "" {
		a += " (deposed " + i.Deposed + ")"
	}
	return a
}

// sameContent reports whether two states hold the same resources with the
// same attributes and the same outputs, whatever their serials say.
func sameContent(a, b *stateFile) bool {
	return reflect.DeepEqual(a.managed(), b.managed()) &&
		maps.EqualFunc(a.Outputs, b.Outputs, func(x, y stateOutput) bool { return reflect.DeepEqual(x, y) })
}
