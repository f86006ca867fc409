package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// checker finds what is wrong without evaluating anything that needs values.
type checker struct {
	project   *Project
	functions []string
	indexes   map[indexKey]index
	ds        diag.Diagnostics
}

func (c *checker) fail(m mistake, r hcl.Range) { c.ds = append(c.ds, m.at(r)) }

// scope is what an expression may refer to.
type scope struct {
	changeSet *block // nil outside of change sets
	self      bool   // inside of assert
	constant  bool   // nothing at all
}

func (p *Project) checkStatically() diag.Diagnostics {
	c := &checker{project: p, functions: functionNames(), indexes: map[indexKey]index{}}
	c.duplicates(p.root)
	_, ds := p.variables()
	c.ds = append(c.ds, ds...)
	for _, b := range p.root.blocks {
		inner := scope{}
		if b.doc.Type == "change_set" {
			inner.changeSet = b
			c.environments(b)
			c.duplicates(b)
		}
		c.block(b, inner)
	}
	c.cycles()
	c.constraints()
	c.lintRules()
	return c.ds
}

func (c *checker) duplicates(parent *block) {
	first := map[string]*block{}
	locals := map[string]*argument{}
	for _, b := range parent.blocks {
		if b.doc.Type == "locals" {
			c.duplicateLocals(b, locals)
		}
		if b.name == "" {
			continue
		}
		other := first[b.address()]
		if other == nil {
			first[b.address()] = b
			continue
		}
		c.fail(mistake{
			"duplicate-block", fmt.Sprintf("Second block %s", b.title()),
			fmt.Sprintf("The first one is at %s.", placeOf(other.place)), "Rename one, or merge the two.",
		}, b.place)
	}
}

// environments checks the names in a change set's environments.
func (c *checker) environments(b *block) {
	known := c.blocksOf(c.project.root, "environment")
	for _, name := range c.project.constantTexts(b, "environments") {
		if _, ok := known[name]; !ok {
			m := c.project.unknownEnvironment(name)
			c.fail(m, b.args["environments"].expr.Range())
		}
	}
}

func (c *checker) duplicateLocals(b *block, seen map[string]*argument) {
	for _, name := range sortedKeys(b.args) {
		if other := seen[name]; other != nil {
			c.fail(mistake{
				"duplicate-local", fmt.Sprintf("Second local %q", name),
				fmt.Sprintf("The first one is at %s.", placeOf(other.place)), "Rename one.",
			}, b.args[name].place)
		}
		seen[name] = b.args[name]
	}
}

func (c *checker) block(b *block, s scope) {
	for _, name := range sortedKeys(b.args) {
		c.argument(b, b.args[name], s)
	}
	if b.doc.Type == "check" && len(b.children("assert")) == 0 && b.driver == "sql" {
		c.ds = append(c.ds, mistake{
			"check-without-assert", fmt.Sprintf("%s asserts nothing", b.title()),
			"It passes whenever the query runs.", "Add an assert block with a condition on self.rows.",
		}.warning(b.place))
	}
	for _, child := range b.blocks {
		inner := s
		inner.self = child.doc.Type == "assert"
		c.block(child, inner)
	}
}

func (c *checker) argument(b *block, arg *argument, s scope) {
	if arg.doc.Type == TypeConstraint {
		return
	}
	c.calls(arg.expr)
	if kinds, list := referenceKinds(arg.doc.Type); kinds != nil {
		c.referenceArgument(arg, list, s)
		return
	}
	s.constant = arg.doc.Constant || b.doc.Type == "required_tools"
	ok := true
	for _, r := range referencesIn(arg.expr) {
		ok = c.reference(r, arg, s) && ok
	}
	if s.constant && ok {
		_, ds := newEvaluation(c.project, nil).argument(b, arg.doc.Name)
		c.ds = append(c.ds, ds...)
	}
}

// referenceArgument checks an argument that must be one or more references.
func (c *checker) referenceArgument(arg *argument, list bool, s scope) {
	kinds, _ := referenceKinds(arg.doc.Type)
	elements, isList := listed(arg.expr)
	if list != isList {
		expected := expectedReference(kinds) + ", without [ ]"
		if list {
			expected = "a list: [" + strings.TrimPrefix(expectedReference(kinds), "a reference such as ") + ", ...]"
		}
		c.fail(mistake{"invalid-reference", fmt.Sprintf("Invalid value of %q", arg.doc.Name), "Expected " + expected + ".", ""}, arg.expr.Range())
		return
	}
	for _, element := range elements {
		traversal := plainTraversal(element)
		if traversal == nil {
			c.fail(mistake{
				"invalid-reference", fmt.Sprintf("Invalid value of %q", arg.doc.Name),
				fmt.Sprintf("Expected %s, written plainly: the order is computed before values are known.", expectedReference(kinds)),
				"Write it without quotes; in the JSON form as \"${...}\".",
			}, element.Range())
			continue
		}
		r := referenceOf(traversal)
		if !slices.Contains(kinds, r.parts[0]) {
			c.fail(mistake{
				"invalid-reference", fmt.Sprintf("Invalid value of %q", arg.doc.Name),
				fmt.Sprintf("Expected %s, found %s.", expectedReference(kinds), r.text()), "",
			}, r.place)
			continue
		}
		c.reference(r, arg, s)
	}
}

// reference checks that what a name refers to exists, and reports whether.
func (c *checker) reference(r reference, arg *argument, s scope) bool {
	if s.constant {
		c.fail(mistake{
			"not-constant", fmt.Sprintf("%q must be constant", arg.doc.Name),
			fmt.Sprintf("%s is used, but the argument is read before there are values, and is shown and stored.", r.text()),
			"Write the value itself.",
		}, r.place)
		return false
	}
	kind := r.parts[0]
	candidates, known := c.namesOf(r, s)
	switch {
	case !known:
		c.fail(mistake{
			"unknown-reference", fmt.Sprintf("Unknown name %q", cut(kind)),
			"Expressions can use var, local, path.root, lockstep, database and the blocks of their change set" + selfHint(kind) + ".",
			didYouMean(kind, rootNames(s)),
		}, r.place)
		return false
	case len(r.parts) == 1 && kind == "self":
		return true
	case len(r.parts) < max(2, addressLength(kind)):
		c.fail(mistake{
			"incomplete-reference", fmt.Sprintf("Incomplete reference %q", r.text()),
			fmt.Sprintf("Expected %s.", strings.Join(append([]string{kind}, placeholders(kind)...), ".")), didYouMean("", sortedKeys(candidates)),
		}, r.place)
		return false
	case kind == "self":
		return true
	}
	name := strings.Join(r.parts[1:max(2, addressLength(kind))], ".")
	if b, ok := candidates[name]; ok {
		return b == nil || c.exports(r, b)
	}
	c.fail(mistake{
		"unknown-reference", fmt.Sprintf("No %s %q", describeKind(kind), cut(name)),
		fmt.Sprintf("%s is used, but %s.", r.text(), whereDeclared(kind, s)), didYouMean(name, sortedKeys(candidates)),
	}, r.place)
	return false
}

func selfHint(kind string) string {
	switch kind {
	case "self":
		return "; self only inside of assert"
	case "plan", "flag", "each", "count":
		return fmt.Sprintf("; %s is not supported by this version", kind)
	}
	return ""
}

func placeholders(kind string) []string {
	if addressLength(kind) == 3 {
		return []string{"TYPE", "NAME"}
	}
	return []string{"NAME"}
}

func describeKind(kind string) string {
	switch kind {
	case "var":
		return "variable"
	case "path", "lockstep":
		return "name in " + kind
	}
	return kind
}

func whereDeclared(kind string, s scope) string {
	if s.changeSet != nil && addressLength(kind) > 0 && kind != "database" && kind != "environment" && kind != "change_set" {
		return fmt.Sprintf("change set %q does not declare it", s.changeSet.name)
	}
	return "the project does not declare it"
}

// exports checks the attribute after the address of a block.
func (c *checker) exports(r reference, b *block) bool {
	n := addressLength(r.parts[0])
	if n == 0 || len(r.parts) <= n {
		return true
	}
	var names []string
	for _, doc := range exportsOf(b) {
		names = append(names, doc.Name)
	}
	if slices.Contains(names, r.parts[n]) {
		return true
	}
	c.fail(mistake{
		"unknown-attribute", fmt.Sprintf("%s has no attribute %q", r.address(), cut(r.parts[n])),
		fmt.Sprintf("A block of type %q exports nothing of that name.", r.parts[0]), didYouMean(r.parts[n], names),
	}, r.place)
	return false
}

func exportsOf(b *block) []ArgumentDoc {
	if len(b.doc.Exports) > 0 {
		return b.doc.Exports
	}
	return []ArgumentDoc{{Name: "address", Type: TypeString}}
}

// calls checks that every function that is called exists, evaluated or not.
func (c *checker) calls(expr hclsyntax.Expression) {
	// The visitor never returns a diagnostic.
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		call, ok := node.(*hclsyntax.FunctionCallExpr)
		if !ok || call.Name == meter || slices.Contains(c.functions, call.Name) {
			return nil
		}
		if reason, ok := leftOut()[call.Name]; ok {
			c.fail(mistake{"function-left-out", fmt.Sprintf("Function %s is left out on purpose", call.Name), reason, "Give the value by a variable."}, call.NameRange)
			return nil
		}
		c.fail(mistake{
			"unknown-function", fmt.Sprintf("No function %q", cut(call.Name)),
			"The language has no function of that name.", nearest(call.Name, c.functions),
		}, call.NameRange)
		return nil
	})
}

// knownTools are the tools whose versions are looked at before they are used.
func knownTools() []string { return []string{"terraform", "tofu"} }

func (c *checker) constraints() {
	for _, b := range c.project.root.children("lockstep") {
		c.constraint(b, "required_version")
		c.mirror(b)
		for _, tools := range b.children("required_tools") {
			for _, name := range sortedKeys(tools.args) {
				if !slices.Contains(knownTools(), name) {
					c.fail(mistake{
						"unknown-tool", fmt.Sprintf("Tool %q is not supported by this version", name),
						"Its version would not be looked at.", nearest(name, knownTools()),
					}, tools.args[name].place)
				}
				c.constraint(tools, name)
			}
		}
	}
}

func (c *checker) constraint(b *block, name string) {
	arg, ok := b.args[name]
	if !ok {
		return
	}
	wanted := c.project.constantText(b, name)
	if _, err := version.NewConstraint(wanted); err != nil {
		c.fail(mistake{
			"invalid-constraint", fmt.Sprintf("Invalid version constraint of %q", name),
			fmt.Sprintf("%q is not a constraint.", cut(wanted)), `Write for example ">= 1.5" or "~> 0.1".`,
		}, arg.expr.Range())
	}
}

// mirror looks at the form alone; whether the folder is there and lies outside
// of the project is seen where Terraform is.
func (c *checker) mirror(b *block) {
	arg, ok := b.args["plugin_mirror"]
	if !ok {
		return
	}
	named := c.project.constantText(b, "plugin_mirror")
	u, err := url.Parse(named)
	if err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil || strings.HasPrefix(named, "/") {
		return
	}
	c.fail(mistake{
		"invalid-mirror", "Invalid provider mirror",
		"Expected the absolute path of a folder outside of the project, or an https address without a user name.",
		`Write for example "/srv/terraform/mirror" or "https://mirror.example.com/providers/".`,
	}, arg.expr.Range())
}
