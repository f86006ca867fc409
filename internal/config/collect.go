package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// collector gathers values from low to high precedence.
type collector struct {
	project   *Project
	in        ValueInputs
	variables map[string]*variable
	given     map[string]candidate
	ds        diag.Diagnostics
}

func newCollector(p *Project, in ValueInputs, variables map[string]*variable) *collector {
	return &collector{project: p, in: in, variables: variables, given: map[string]candidate{}}
}

func (c *collector) fail(m mistake, r hcl.Range) { c.ds = append(c.ds, m.at(r)) }

func (c *collector) environ() {
	for _, pair := range c.in.Environ {
		name, value, ok := strings.Cut(pair, "=")
		name, prefixed := strings.CutPrefix(name, environPrefix)
		if ok && prefixed && c.variables[name] != nil {
			c.given[name] = candidate{text: &value, source: "env:" + environPrefix + name}
		}
	}
}

func (c *collector) autoFiles() {
	entries, err := fs.ReadDir(c.project.files.fsys, ".")
	if err != nil {
		return // reported by Load
	}
	for _, entry := range entries { // in order of name
		if !entry.IsDir() && strings.HasSuffix(entry.Name(), autoSuffix) {
			c.file(entry.Name(), hcl.Range{Filename: entry.Name()}, c.project.files.values)
		}
	}
}

func (c *collector) environment(b *block) {
	if b == nil {
		return
	}
	for _, name := range c.project.constantTexts(b, "var_files") {
		c.file(name, b.args["var_files"].place, c.project.files.values)
	}
	inline := c.project.constant(b, "variables")
	if inline.IsNull() || !inline.CanIterateElements() {
		return
	}
	place := b.args["variables"].place
	for it := inline.ElementIterator(); it.Next(); {
		key, value := it.Element()
		name := key.AsString()
		switch v := c.variables[name]; {
		case v == nil:
			c.fail(c.undeclared(name, fmt.Sprintf("environment %q", b.name)), place)
		case v.sensitive:
			c.ds = append(c.ds, sensitiveInFile(name, fmt.Sprintf("a value in environment %q", b.name)).hidden(place))
		default:
			c.given[name] = candidate{value: value, source: "environment:" + b.name, place: place}
		}
	}
}

func (c *collector) flags() {
	for _, flag := range c.in.Flags {
		switch {
		case flag.File != "":
			c.file(flag.File, hcl.Range{Filename: flag.File}, c.readOutside)
		case c.variables[flag.Name] == nil:
			c.fail(c.undeclared(flag.Name, "--var"), hcl.Range{})
		default:
			value := flag.Value
			c.given[flag.Name] = candidate{text: &value, source: "flag"}
		}
	}
}

// readOutside reads a file that a person has named, now or when the plan was
// made; it may lie outside of the project.
func (c *collector) readOutside(name string) ([]byte, error) {
	if c.in.ReadFile != nil {
		return c.in.ReadFile(name)
	}
	clean, err := inProject(name)
	if err != nil {
		return nil, err
	}
	return c.project.files.values(clean)
}

func (c *collector) undeclared(name, where string) mistake {
	return mistake{
		"unknown-variable", fmt.Sprintf("No variable %q", cut(name)),
		fmt.Sprintf("%s gives a value for it, but no variable of that name is declared.", where),
		didYouMean(name, sortedKeys(c.variables)),
	}
}

// file takes the values of one file. Its place is where the file is named.
func (c *collector) file(name string, place hcl.Range, read func(string) ([]byte, error)) {
	src, err := read(name)
	if err != nil {
		d := unreadable(cut(name), err)
		if errors.Is(err, fs.ErrNotExist) {
			d.Summary = fmt.Sprintf("No file of values %q", cut(name))
		}
		d.Range = diag.FromHCLRange(place)
		c.ds = append(c.ds, d)
		return
	}
	values, ds := parseValues(name, src)
	ds.Hide()
	c.ds = append(c.ds, ds...)
	for _, key := range sortedKeys(values) {
		if c.variables[key] == nil {
			c.ds = append(c.ds, c.undeclared(key, cut(name)).warning(values[key].place))
			c.ds[len(c.ds)-1].Hidden = true
			continue
		}
		c.given[key] = values[key]
	}
}

// parseValues reads a file of values: NAME = VALUE, without names or
// functions in the values. Its diagnostics never hold a value.
func parseValues(name string, src []byte) (map[string]candidate, diag.Diagnostics) {
	ds := inspect(name, src)
	if stops(ds) {
		return nil, ds
	}
	ds = nil // secrets and their shapes are at home in files of values
	file, hds := parse(name, src)
	ds = append(ds, diag.FromHCL(hds)...)
	if file == nil || file.Body == nil {
		return nil, ds
	}
	attributes, hds := file.Body.JustAttributes()
	ds = append(ds, diag.FromHCL(hds)...)
	values := map[string]candidate{}
	for key, attribute := range attributes {
		expr, more := native(attribute.Expr)
		ds = append(ds, more...)
		value, hds := newEvaluation(&Project{}, nil).metered(expr)
		ds = append(ds, diag.FromHCL(hds)...)
		if !hds.HasErrors() {
			values[key] = candidate{value: value, source: "file:" + name, place: attribute.NameRange}
		}
	}
	return values, ds
}

// metered evaluates an expression that may use neither names nor functions.
func (e *evaluation) metered(expr hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	context := &hcl.EvalContext{Functions: map[string]function.Function{meter: e.budget.function()}}
	value, hds := metered(expr).Value(context)
	if e.budget.exceeded {
		hds = hds.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Expression too large",
			Detail: errBudget.Error(), Subject: expr.Range().Ptr(),
		})
	}
	return value, hds
}
