package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// RestoreValues gives apply the values that the plan was made with: recorded
// ones as they are, sensitive ones resolved again from the recorded source.
// What the machine or the command line says otherwise changes nothing.
func (p *Project) RestoreValues(env string, rec []plans.Variable, in ValueInputs) (*Values, diag.Diagnostics) {
	variables, _ := p.variables() // reported by Load
	c := newCollector(p, in, variables)
	values := &Values{environment: env, byName: map[string]variableValue{}}
	for _, recorded := range rec {
		v := variables[recorded.Name]
		if v == nil {
			c.fail(mistake{
				"unknown-variable", fmt.Sprintf("The plan has a value for %q, which is not declared", cut(recorded.Name)),
				"The plan was made from other files.", "Make a new plan.",
			}, hcl.Range{})
			continue
		}
		values.byName[recorded.Name] = c.restore(v, recorded)
	}
	for _, name := range sortedKeys(variables) {
		if _, ok := values.byName[name]; !ok {
			c.fail(mistake{
				"missing-value", fmt.Sprintf("The plan has no value for variable %q", name),
				"The plan was made from other files.", "Make a new plan.",
			}, variables[name].place())
			values.byName[name] = variableValue{value: variables[name].unknown(), sensitive: variables[name].sensitive}
		}
	}
	c.ds.Sort()
	return values, c.ds
}

func (c *collector) restore(v *variable, recorded plans.Variable) variableValue {
	result := variableValue{value: v.unknown(), source: recorded.Source, sensitive: v.sensitive || recorded.Sensitive}
	if !recorded.Sensitive {
		value, err := decodeJSON(recorded.Value, v.kind.WithoutOptionalAttributesDeep())
		if err != nil {
			c.fail(mistake{
				"invalid-value", fmt.Sprintf("The plan's value of variable %q cannot be read", recorded.Name),
				"It does not fit the variable's type.", "Make a new plan.",
			}, v.place())
			return result
		}
		result.value = value
		return result
	}
	given, ok := c.resolve(v, recorded)
	if !ok {
		c.fail(mistake{
			"missing-value", fmt.Sprintf("No value for sensitive variable %q", recorded.Name),
			fmt.Sprintf("The plan was made with a value from %s, which is not there now. Secrets are not stored in plans.", describeSource(recorded.Source)),
			fixForSource(recorded),
		}, v.place())
		return result
	}
	value, err := c.read(v, given)
	if err != nil {
		c.fail(mistake{
			"invalid-value", fmt.Sprintf("Invalid value of variable %q", recorded.Name),
			fmt.Sprintf("The value from %s does not fit: %v.", describeSource(recorded.Source), err), "",
		}, v.place())
		return result
	}
	result.value = value
	return result
}

// resolve looks at the recorded source alone.
func (c *collector) resolve(v *variable, recorded plans.Variable) (candidate, bool) {
	c.given = map[string]candidate{}
	kind, rest, _ := strings.Cut(recorded.Source, ":")
	switch kind {
	case "env":
		c.environ()
	case "file":
		c.file(rest, hcl.Range{Filename: rest}, c.readOutside)
	case "flag":
		flags := *c
		flags.ds = nil
		flags.flags()
	case "default":
		return candidate{value: v.initial, source: recorded.Source}, v.initial != cty.NilVal
	}
	given, ok := c.given[recorded.Name]
	return given, ok && given.source == recorded.Source
}

func describeSource(source string) string {
	kind, rest, _ := strings.Cut(source, ":")
	switch kind {
	case "env":
		return "the environment variable " + rest
	case "file":
		return "the file " + rest
	case "flag":
		return "the command line"
	}
	return source
}

func fixForSource(recorded plans.Variable) string {
	kind, rest, _ := strings.Cut(recorded.Source, ":")
	switch kind {
	case "env":
		return fmt.Sprintf("Set %s and run the command again.", rest)
	case "file":
		return fmt.Sprintf("Provide %s and run the command again.", rest)
	}
	return fmt.Sprintf("Give it again: --var %s=...", recorded.Name)
}
