package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// variable is a variable block with its constant parts evaluated.
type variable struct {
	block     *block
	kind      cty.Type
	defaults  *typeexpr.Defaults
	sensitive bool
	nullable  bool
	initial   cty.Value // NilVal when there is no default
}

// variables reads the variable blocks. What it returns is usable in spite of
// errors.
func (p *Project) variables() (map[string]*variable, diag.Diagnostics) {
	all := map[string]*variable{}
	var ds diag.Diagnostics
	for _, b := range p.sorted("variable") {
		v, more := p.variable(b)
		ds = append(ds, more...)
		all[b.name] = v
	}
	return all, ds
}

func (p *Project) variable(b *block) (*variable, diag.Diagnostics) {
	v := &variable{block: b, kind: cty.DynamicPseudoType, sensitive: p.constantBool(b, "sensitive"), nullable: p.constantBool(b, "nullable")}
	var ds diag.Diagnostics
	if given := b.args["type"]; given != nil {
		kind, defaults, hds := typeexpr.TypeConstraintWithDefaults(given.raw)
		ds = append(ds, diag.FromHCL(hds)...)
		v.kind, v.defaults = kind, defaults
	}
	given := b.args["default"]
	if given == nil || ds.HasErrors() {
		return v, ds
	}
	value, more := newEvaluation(p, nil).expression(given.expr)
	if more.HasErrors() {
		return v, ds // a constant that fails was reported with the static checks
	}
	initial, err := v.convert(value)
	switch {
	case err != nil:
		ds = append(ds, mistake{"invalid-default", fmt.Sprintf("Default of variable %q does not fit its type", b.name), err.Error() + ".", "Change the default or the type."}.at(given.expr.Range()))
	case v.sensitive && !emptyValue(value):
		ds = append(ds, sensitiveInFile(b.name, "a default").hidden(given.expr.Range()))
	default:
		v.initial = initial
	}
	return v, ds
}

func emptyValue(v cty.Value) bool {
	return v.IsNull() || v.Type() == cty.String && v.IsKnown() && v.AsString() == ""
}

func sensitiveInFile(name, what string) mistake {
	return mistake{
		"secret-in-file", fmt.Sprintf("Sensitive variable %q has %s", name, what),
		"Files of the project are stored in plan bundles, and secrets must not be.",
		fmt.Sprintf("Remove it and give the value by LOCKSTEP_VAR_%s or by a file of values.", name),
	}
}

// convert converts a given value to the variable's type. Errors never hold
// the value.
func (v *variable) convert(value cty.Value) (cty.Value, error) {
	if value.IsNull() && !v.nullable {
		if v.initial != cty.NilVal {
			return v.initial, nil
		}
		return cty.NilVal, fmt.Errorf("variable %q may not be null", v.block.name)
	}
	if v.defaults != nil && !value.IsNull() {
		value = v.defaults.Apply(value)
	}
	converted, err := convert.Convert(value, v.kind)
	if err != nil {
		return cty.NilVal, fmt.Errorf("expected %s: %w", typeexpr.TypeString(v.kind), err)
	}
	return converted, nil
}

// unknown is the variable's value when none is at hand.
func (v *variable) unknown() cty.Value {
	kind := v.kind.WithoutOptionalAttributesDeep()
	if v.nullable {
		return cty.UnknownVal(kind)
	}
	return cty.UnknownVal(kind).RefineNotNull()
}

func (v *variable) place() hcl.Range { return v.block.place }
