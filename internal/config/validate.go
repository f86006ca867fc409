package config

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// Validate returns everything that can be said without an environment: what
// Load found, and what evaluating every change set with unknown values finds.
func (p *Project) Validate() diag.Diagnostics {
	ds := slices.Clone(p.static)
	values, more := p.Values("", ValueInputs{})
	ds = append(ds, more...)
	ds = append(ds, p.ValidateFor("", values)...)
	ds.Sort()
	return ds
}

// ValidateFor evaluates every change set with the values of one environment.
// What Load found already is not said again.
func (p *Project) ValidateFor(env string, values *Values) diag.Diagnostics {
	ds := p.evaluateShared(env, values)
	for _, head := range p.ChangeSets() {
		if env != "" && len(head.Environments) > 0 && !slices.Contains(head.Environments, env) {
			continue
		}
		_, more := p.Evaluate(EvaluateRequest{ChangeSet: head.Name, Environment: env, Values: values})
		ds = append(ds, more...)
	}
	ds = slices.DeleteFunc(ds, p.echoes)
	ds.Sort()
	return ds
}

// evaluateShared evaluates what belongs to no change set, so that it is
// checked even where none uses it.
func (p *Project) evaluateShared(env string, values *Values) diag.Diagnostics {
	none := &block{doc: &BlockDoc{Type: "change_set"}}
	r := &resolution{project: p, request: EvaluateRequest{Environment: env, Values: values}, changeSet: none, allDatabases: true}
	r.prepare()
	return r.ds
}

// echoes reports whether d stands inside of an error that Load found: then it
// only says in other words what is known.
func (p *Project) echoes(d diag.Diagnostic) bool {
	return slices.ContainsFunc(p.static, func(s diag.Diagnostic) bool {
		return s.Severity == diag.Error && s != d && s.Range.File == d.Range.File && s.Range.Start.Line > 0 &&
			s.Range.Start.Byte <= d.Range.Start.Byte && d.Range.End.Byte <= s.Range.End.Byte
	})
}

// validateVariables evaluates the validation blocks of the variables.
func (p *Project) validateVariables(values *Values) diag.Diagnostics {
	names := map[string]cty.Value{
		"var":      values.object(),
		"path":     cty.ObjectVal(map[string]cty.Value{"root": cty.StringVal(".")}),
		"lockstep": cty.ObjectVal(map[string]cty.Value{"environment": textOrUnknown(values.environment), "change_set": cty.UnknownVal(cty.String)}),
	}
	eval := newEvaluation(p, names)
	var ds diag.Diagnostics
	for _, b := range p.sorted("variable") {
		for _, rule := range b.children("validation") {
			ds = append(ds, validateVariable(eval, b, rule)...)
		}
	}
	return ds
}

func validateVariable(eval *evaluation, b, rule *block) diag.Diagnostics {
	given := rule.args["condition"]
	if given == nil {
		return nil // reported by Load
	}
	value, ds := eval.expression(given.expr)
	if ds.HasErrors() {
		return ds
	}
	decided, err := convert.Convert(value, cty.Bool)
	if err != nil || decided.IsNull() {
		return append(ds, undecided(value).at(given.expr.Range()))
	}
	decided, _ = decided.Unmark()
	if !decided.IsKnown() || decided.True() {
		return ds
	}
	a := Assert{block: rule, project: eval.project, names: eval.context.Variables}
	return append(ds, mistake{
		"validation-failed", fmt.Sprintf("Invalid value of variable %q", b.name),
		a.message(cty.DynamicVal), "Change the value; the condition is at " + placeOf(given.expr.Range()) + ".",
	}.at(b.place))
}
