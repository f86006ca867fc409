package plans

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ErrFormat is returned by Decode for a document of another major version.
var ErrFormat = errors.New("plan format is not supported by this version")

// Encode returns the plan's canonical bytes: two-space indented JSON in field
// order, with a final newline. Equal plans give equal bytes.
func Encode(p *Plan) ([]byte, error) {
	var compact bytes.Buffer
	enc := json.NewEncoder(&compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("encode plan: %w", err)
	}
	return indent(compact.Bytes()), nil
}

// Decode reads what Encode wrote. It refuses unknown fields, a second
// document, and another major format version (ErrFormat).
func Decode(b []byte) (*Plan, error) {
	var head struct {
		FormatVersion string `json:"format_version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("decode plan: %w", err)
	}
	if major, _, _ := strings.Cut(head.FormatVersion, "."); major != "1" {
		return nil, fmt.Errorf("%w: found %q, expected %q", ErrFormat, head.FormatVersion, FormatVersion)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	p := new(Plan)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("decode plan: %w", err)
	}
	return p, nil
}

// DigestOfPlan returns the digest of the plan's canonical bytes.
func DigestOfPlan(p *Plan) (Digest, error) {
	b, err := Encode(p)
	if err != nil {
		return "", err
	}
	return DigestOf(b), nil
}

// Step returns the step at address, or nil.
func (p *Plan) Step(address string) *Step {
	for i := range p.Steps {
		if p.Steps[i].Address == address {
			return &p.Steps[i]
		}
	}
	return nil
}
