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
func (p *Project) ValidateFor(env string, values *Values) diag.Diagnostics {
	var ds diag.Diagnostics
	for _, head := range p.ChangeSets() {
		if env != "" && len(head.Environments) > 0 && !slices.Contains(head.Environments, env) {
			continue
		}
		_, more := p.Evaluate(EvaluateRequest{ChangeSet: head.Name, Environment: env, Values: values})
		ds = append(ds, more...)
	}
	ds.Sort()
	return ds
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
	return append(ds, mistake{"validation-failed", fmt.Sprintf("Invalid value of variable %q", b.name),
		a.message(cty.DynamicVal), "Change the value; the condition is at " + placeOf(given.expr.Range()) + "."}.at(b.place))
}
