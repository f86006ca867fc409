package config

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/redact"
)

// Assert is a condition on what one attempt of a check found.
type Assert struct {
	// Source is the condition as written, for evidence.
	Source string
	Range  diag.Range

	block   *block
	project *Project
	names   map[string]cty.Value
}

func newAssert(b *block, names map[string]cty.Value, p *Project) Assert {
	a := Assert{block: b, project: p, names: names, Range: diag.FromHCLRange(b.place)}
	if given := b.args["condition"]; given != nil {
		a.Range = diag.FromHCLRange(given.expr.Range())
		a.Source = p.textAt(given.expr.Range())
	}
	return a
}

// textAt returns the bytes of a range as they stand in their file.
func (p *Project) textAt(r hcl.Range) string {
	p.files.mu.Lock()
	src := p.files.read[r.Filename]
	p.files.mu.Unlock()
	if r.Start.Byte < 0 || r.End.Byte > len(src) || r.Start.Byte > r.End.Byte {
		return ""
	}
	return string(src[r.Start.Byte:r.End.Byte])
}

// Eval may be called by several goroutines at once. It evaluates the condition with self, a value as json.Unmarshal gives it.
// When it is false, message says why. An error means that the condition could
// not be decided: it names what self does not have, or what is not known.
func (a Assert) Eval(self any) (ok bool, message string, ds diag.Diagnostics) {
	raw, err := json.Marshal(self)
	if err != nil {
		return false, "", diag.Diagnostics{mistake{"invalid-self", "What the check found cannot be read", "It is not a JSON value.", ""}.at(a.block.place)}
	}
	value, err := decodeJSON(raw, cty.DynamicPseudoType)
	if err != nil {
		return false, "", diag.Diagnostics{mistake{"invalid-self", "What the check found cannot be read", "It is not a JSON value.", ""}.at(a.block.place)}
	}
	condition, ds := a.value("condition", value)
	if ds.HasErrors() {
		return false, "", ds
	}
	decided, err := convert.Convert(condition, cty.Bool)
	bare, _ := decided.Unmark()
	if err != nil || bare.IsNull() || !bare.IsKnown() {
		return false, "", append(ds, undecided(condition).at(a.block.args["condition"].expr.Range()))
	}
	if bare.True() {
		return true, "", ds
	}
	return false, a.message(value), ds
}

func undecided(v cty.Value) mistake {
	what := found(v)
	if !v.IsKnown() {
		what = "a value that is not known yet"
	}
	return mistake{
		"undecided-condition", "Condition is neither true nor false",
		fmt.Sprintf("Expected true or false, found %s.", what), "Compare with ==, <, > or use a function such as startswith.",
	}
}

func (a Assert) value(name string, self cty.Value) (cty.Value, diag.Diagnostics) {
	given := a.block.args[name]
	if given == nil {
		return cty.DynamicVal, diag.Diagnostics{mistake{"missing-argument", fmt.Sprintf("Missing argument %q", name), "", ""}.at(a.block.place)}
	}
	eval := newEvaluation(a.project, a.names)
	context := eval.context.NewChild()
	context.Variables = map[string]cty.Value{"self": self}
	return eval.within(context, given.expr)
}

// message returns the author's message; where it cannot be built, a plain one.
func (a Assert) message(self cty.Value) string {
	value, ds := a.value("error_message", self)
	text, err := convert.Convert(value, cty.String)
	if ds.HasErrors() || err != nil {
		return fmt.Sprintf("The condition is false: %s", a.Source)
	}
	if text.ContainsMarked() {
		return maskSecret
	}
	if text.IsNull() || !text.IsKnown() {
		return fmt.Sprintf("The condition is false: %s", a.Source)
	}
	return redact.Setting(text.AsString())
}
