package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// environPrefix starts the names of environment variables that give values.
const environPrefix = "LOCKSTEP_VAR_"

// Assignment is one --var or --var-file of the command line: Name and Value,
// or File.
type Assignment struct{ Name, Value, File string }

// ValueInputs is what the caller gives from outside of the project.
type ValueInputs struct {
	Environ []string     // "NAME=VALUE", as from os.Environ
	Flags   []Assignment // in the order of the command line
	// ReadFile reads files of values that the command line names, and those
	// from which apply takes secrets again: bundles do not have them. Nil
	// reads from the project.
	ReadFile func(name string) ([]byte, error)
	// Open leaves values that are missing, and those of sensitive variables,
	// unknown: for who must not learn them, and plans nothing that is applied.
	Open bool
}

// Values are the variables' values for one environment.
type Values struct {
	environment string
	byName      map[string]variableValue
}

type variableValue struct {
	value     cty.Value // without mark
	source    string    // as in plans.Variable
	sensitive bool
}

// Values collects the variables' values for the environment. Precedence from
// low to high: default, LOCKSTEP_VAR_NAME, *.auto.lockstepvars.hcl by name,
// the environment's var_files and variables, the command line in its order.
// With no environment ("") missing values are unknown; with one, they are
// errors.
func (p *Project) Values(env string, in ValueInputs) (*Values, diag.Diagnostics) {
	variables, _ := p.variables() // reported by Load
	c := newCollector(p, in, variables)
	var block *block
	if env != "" {
		if block = p.find("environment", env); block == nil {
			return nil, diag.Diagnostics{p.unknownEnvironment(env).at(hcl.Range{})}
		}
	}
	c.environ()
	c.autoFiles()
	c.environment(block)
	c.flags()
	values := &Values{environment: env, byName: map[string]variableValue{}}
	for _, name := range sortedKeys(variables) {
		values.byName[name] = c.decide(variables[name], env)
	}
	if !c.ds.HasErrors() {
		c.ds = append(c.ds, p.validateVariables(values)...)
	}
	c.ds.Sort()
	return values, c.ds
}

func (p *Project) unknownEnvironment(env string) mistake {
	var names []string
	for _, b := range p.root.children("environment") {
		names = append(names, b.name)
	}
	return mistake{
		"unknown-environment", fmt.Sprintf("No environment %q", cut(env)),
		"The project does not declare it.", didYouMean(env, names),
	}
}

// Record returns the values for the plan, in order of name: sensitive ones
// without value, unknown ones not at all.
func (v *Values) Record() []plans.Variable {
	var record []plans.Variable
	for _, name := range sortedKeys(v.byName) {
		entry := v.byName[name]
		if !entry.value.IsWhollyKnown() {
			continue
		}
		recorded := plans.Variable{Name: name, Sensitive: entry.sensitive, Source: entry.source}
		if !entry.sensitive {
			raw, err := ctyjson.Marshal(entry.value, entry.value.Type())
			if err != nil {
				continue // only capsule types fail, and no variable has one
			}
			recorded.Value = raw
		}
		record = append(record, recorded)
	}
	return record
}

// Secrets returns the texts of sensitive variables, so that output can be
// masked.
func (v *Values) Secrets() []string {
	var secrets []string
	for _, name := range sortedKeys(v.byName) {
		if entry := v.byName[name]; entry.sensitive {
			secrets = append(secrets, secretsIn(entry.value, true)...)
		}
	}
	return secrets
}

// object returns the values as expressions see them, secrets marked.
func (v *Values) object() cty.Value {
	attributes := map[string]cty.Value{}
	for name, entry := range v.byName {
		attributes[name] = entry.value
		if entry.sensitive {
			attributes[name] = secret(entry.value)
		}
	}
	return cty.ObjectVal(attributes)
}

// candidate is a value that was given somewhere; the last one counts.
type candidate struct {
	value  cty.Value
	text   *string // not read yet: how to read it depends on the type
	source string
	place  hcl.Range
}

// decide converts what was given last, or takes the default, or reports that
// nothing was given.
func (c *collector) decide(v *variable, env string) variableValue {
	result := variableValue{value: v.unknown(), sensitive: v.sensitive, source: "default"}
	given, ok := c.given[v.block.name]
	switch {
	case c.in.Open && (v.sensitive || !ok && v.initial == cty.NilVal):
		return result
	case ok:
		result.source = given.source
		value, err := c.read(v, given)
		if err != nil {
			c.fail(mistake{
				"invalid-value", fmt.Sprintf("Invalid value of variable %q", v.block.name),
				strings.TrimSpace(fmt.Sprintf("The value from %s does not fit: %v. %s", describeSource(given.source), err, v.describe())),
				fmt.Sprintf("Give a value of the type %s.", typeexpr.TypeString(v.kind)),
			}, given.place)
			return result
		}
		result.value = value
	case v.initial != cty.NilVal:
		result.value = v.initial
	case env != "":
		c.fail(mistake{
			"missing-value", fmt.Sprintf("No value for variable %q in environment %q", v.block.name, env),
			"The variable has no default. " + v.describe(), c.howToGive(v, env),
		}, v.place())
	}
	return result
}

func (v *variable) describe() string {
	if given := v.block.args["description"]; given != nil {
		if value, hds := given.expr.Value(nil); !hds.HasErrors() {
			return strings.TrimSpace(textOf(value))
		}
	}
	return ""
}

func (c *collector) howToGive(v *variable, env string) string {
	name := v.block.name
	if v.sensitive {
		return fmt.Sprintf("Set %s%s, or name a file of values with --var-file.", environPrefix, name)
	}
	if b := c.project.find("environment", env); b != nil {
		if files := c.project.constantTexts(b, "var_files"); len(files) > 0 {
			return fmt.Sprintf("Add %s = ... to %s, or use --var %s=..., or set %s%s.", name, files[0], name, environPrefix, name)
		}
	}
	return fmt.Sprintf("Use --var %s=..., set %s%s, or add var_files to environment %q.", name, environPrefix, name, env)
}

// read turns what was given into the variable's type. Text from the command
// line or the machine is the value itself for texts, numbers and
// truth values, and an expression for all others.
func (c *collector) read(v *variable, given candidate) (cty.Value, error) {
	if given.text == nil {
		return v.convert(given.value)
	}
	if v.kind == cty.String || v.kind == cty.DynamicPseudoType || v.kind.IsPrimitiveType() && *given.text != "null" {
		return v.convert(cty.StringVal(*given.text))
	}
	value, err := literal(*given.text)
	if err != nil {
		return cty.NilVal, err
	}
	return v.convert(value)
}

// literal reads a value without names and functions. Its errors never hold
// the text.
func literal(text string) (cty.Value, error) {
	if len(text) > maxFileBytes {
		return cty.NilVal, errTooLarge
	}
	tokens, _ := hclsyntax.LexExpression([]byte(text), "value", hcl.InitialPos) // the parser reports what is wrong here
	if stops(inspectTokens(tokens)) {
		return cty.NilVal, fmt.Errorf("it is nested deeper than %d or too long", maxNesting)
	}
	expr, hds := hclsyntax.ParseExpression([]byte(text), "value", hcl.InitialPos)
	if hds.HasErrors() {
		return cty.NilVal, fmt.Errorf("it is not an expression of the language (texts need quotes inside of lists and objects)")
	}
	value, hds := newEvaluation(&Project{}, nil).metered(expr)
	if hds.HasErrors() {
		return cty.NilVal, fmt.Errorf("it is not a plain value")
	}
	return value, nil
}
