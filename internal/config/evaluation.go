package config

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// secret marks values that must never be printed; whatever is built from one
// is marked too.
type secretMark struct{}

func secret(v cty.Value) cty.Value { return v.Mark(secretMark{}) }

func isSecret(v cty.Value) bool { return v.HasMark(secretMark{}) }

// evaluation evaluates expressions against one set of names.
type evaluation struct {
	project *Project
	budget  *budget
	context *hcl.EvalContext
}

// newEvaluation returns an evaluation in which expressions see the given root
// names; none for constants.
func newEvaluation(p *Project, names map[string]cty.Value) *evaluation {
	e := &evaluation{project: p, budget: newBudget()}
	e.context = &hcl.EvalContext{Variables: names, Functions: e.functions()}
	return e
}

// expression evaluates one expression within its budget.
func (e *evaluation) expression(expr hclsyntax.Expression) (cty.Value, diag.Diagnostics) {
	return e.within(e.context, expr)
}

func (e *evaluation) within(context *hcl.EvalContext, expr hclsyntax.Expression) (cty.Value, diag.Diagnostics) {
	e.budget.reset()
	value, hds := expr.Value(context)
	if !e.budget.exceeded {
		_ = e.budget.charge(value) // sets exceeded, which is looked at next
	}
	if e.budget.exceeded {
		return cty.DynamicVal, diag.Diagnostics{mistake{
			"expression-too-large", "Expression too large",
			"Its evaluation went over the limit of 100,000 elements, 16 MiB of text, or 2 seconds.",
			"Make the expression smaller, or prepare the value outside and give it as a variable.",
		}.at(expr.Range())}
	}
	return value, diag.FromHCL(plainWords(hds))
}

// plainWords drops from the library's messages what belongs to the library.
func plainWords(hds hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range hds {
		if extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && extra.CalledFunctionName() != "" {
			d.Summary = fmt.Sprintf("Error in function %s", extra.CalledFunctionName())
			if cause := extra.FunctionCallError(); cause != nil && errors.Is(cause, errBudget) {
				d.Summary = "Expression too large"
			}
		}
	}
	return hds
}

// argument evaluates the block's argument, or its default, and converts it to
// the type that the table says.
func (e *evaluation) argument(b *block, name string) (cty.Value, diag.Diagnostics) {
	given := b.args[name]
	if given == nil {
		return e.absent(b, name), nil
	}
	value, ds := e.expression(given.expr)
	if ds.HasErrors() {
		return cty.UnknownVal(valueType(given.doc.Type)), ds
	}
	converted, err := convertArgument(given.doc, value)
	if err != nil {
		return cty.UnknownVal(valueType(given.doc.Type)), append(ds, wrongValue(name, err, given.expr.Range()))
	}
	return converted, ds
}

func wrongValue(name string, err error, r hcl.Range) diag.Diagnostic {
	m := mistake{"invalid-value", fmt.Sprintf("Invalid value of %q", name), err.Error() + ".", ""}
	if hint := (*hintedError)(nil); errors.As(err, &hint) {
		m.fix = hint.fix
	}
	if errors.Is(err, errSecretInURL) || errors.Is(err, errNoURL) {
		m.fix = "Use the argument headers, with a sensitive variable."
		return m.hidden(r)
	}
	return m.at(r)
}

func (e *evaluation) absent(b *block, name string) cty.Value {
	for _, doc := range b.doc.Arguments {
		if doc.Name == name {
			return defaultOf(doc)
		}
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

// defaultOf returns the table's default in the form that evaluation gives.
func defaultOf(doc ArgumentDoc) cty.Value {
	if doc.Default == nil {
		return cty.NullVal(valueType(doc.Type))
	}
	value, err := decodeJSON(doc.Default, cty.DynamicPseudoType)
	if err != nil {
		return cty.NullVal(valueType(doc.Type))
	}
	converted, err := convertArgument(doc, value)
	if err != nil {
		return value
	}
	return converted
}

// decodeJSON reads a value of the wanted type; any type is taken from the
// document itself.
func decodeJSON(raw json.RawMessage, want cty.Type) (cty.Value, error) {
	if want.HasDynamicTypes() {
		implied, err := ctyjson.ImpliedType(raw)
		if err != nil {
			return cty.NilVal, err
		}
		want = implied
	}
	return ctyjson.Unmarshal(raw, want)
}

func textOf(v cty.Value) string {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

func textsOf(v cty.Value) []string {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return nil
	}
	var texts []string
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		texts = append(texts, textOf(element))
	}
	return texts
}
