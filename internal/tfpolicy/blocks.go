package tfpolicy

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/plans"
)

// speaking names the data sources that run programs or speak to hosts which
// the configuration chooses, and what they do. Each is read while a plan is
// made (https://developer.hashicorp.com/terraform/language/data-sources).
func speaking() map[string]string {
	return map[string]string{
		"external":               "runs a program",
		"http":                   "sends a request to a host of its choosing",
		"tls_certificate":        "connects to a host of its choosing",
		"dns_*":                  "asks a name server, and a name can carry data out",
		"terraform_remote_state": "reads a state from wherever it says, and some backends are plain requests",
	}
}

func (c *checker) file(name string, content []byte) {
	parser := hclparse.NewParser()
	var file *hcl.File
	var diagnostics hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		file, diagnostics = parser.ParseJSON(content, name)
	} else {
		file, diagnostics = parser.ParseHCL(content, name)
	}
	if diagnostics.HasErrors() {
		line := 0
		if at := diagnostics[0].Subject; at != nil {
			line = at.Start.Line
		}
		c.add(Finding{
			Rule: "terraform-unreadable", Severity: plans.SeverityError, File: name, Line: line,
			Message: "the file cannot be read: " + diagnostics[0].Summary, Fix: "correct its syntax",
		})
		return
	}
	c.blocks(file.Body)
	if strings.HasSuffix(name, ".json") {
		c.jsonCalls(name, content)
	} else {
		c.calls(name, file.Body)
	}
}

func (c *checker) blocks(body hcl.Body) {
	for _, b := range blocksOf(body, "data:2", "resource:2", "module:1", "check:1", "terraform:0") {
		switch b.Type {
		case "data":
			c.data(b)
		case "check":
			for _, inner := range blocksOf(b.Body, "data:2") {
				c.data(inner)
			}
		case "resource":
			c.provisioners(b)
		case "module":
			c.module(b)
		case "terraform":
			for _, inner := range blocksOf(b.Body, "required_providers:0") {
				c.providers(inner)
			}
		}
	}
}

// blocksOf returns the blocks of some kinds, each "TYPE:LABELS".
func blocksOf(body hcl.Body, kinds ...string) hcl.Blocks {
	schema := &hcl.BodySchema{}
	for _, kind := range kinds {
		name, count, _ := strings.Cut(kind, ":")
		header := hcl.BlockHeaderSchema{Type: name}
		for i := range int(count[0] - '0') {
			header.LabelNames = append(header.LabelNames, fmt.Sprint("label", i))
		}
		schema.Blocks = append(schema.Blocks, header)
	}
	content, _, _ := body.PartialContent(schema) // what else is wrong is Terraform's to say
	return content.Blocks
}

func (c *checker) data(b *hcl.Block) {
	kind := b.Labels[0]
	for pattern, what := range speaking() {
		if ok, _ := path.Match(pattern, kind); ok {
			c.add(Finding{
				Rule: "terraform-data-speaks", Severity: plans.SeverityError, File: b.DefRange.Filename, Line: b.DefRange.Start.Line,
				Subject: "data." + kind, Message: fmt.Sprintf("data.%s.%s %s while a plan is made", kind, b.Labels[1], what),
			})
		}
	}
	if kind != "local_file" && kind != "local_sensitive_file" {
		return
	}
	if attribute := attributeOf(b.Body, "filename"); attribute != nil {
		c.read("data."+kind, attribute.Expr, attribute.Range)
	}
}

func (c *checker) provisioners(b *hcl.Block) {
	for _, p := range blocksOf(b.Body, "provisioner:1") {
		c.add(Finding{
			Rule: "terraform-provisioner", Severity: plans.SeverityWarning, File: p.DefRange.Filename, Line: p.DefRange.Start.Line,
			Subject: p.Labels[0],
			Message: fmt.Sprintf("%s.%s runs a provisioner, %s: nothing undoes what it does, and no plan shows it", b.Labels[0], b.Labels[1], p.Labels[0]),
		})
	}
}

func (c *checker) module(b *hcl.Block) {
	attribute := attributeOf(b.Body, "source")
	if attribute == nil {
		return
	}
	source, known := text(attribute.Expr, nil)
	local := strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
	if known && (local || c.policy.Modules == nil || matches(c.policy.Modules, source)) {
		return
	}
	c.add(Finding{
		Rule: "terraform-module-source", Severity: plans.SeverityError, File: b.DefRange.Filename, Line: attribute.Range.Start.Line,
		Message: fmt.Sprintf("module.%s comes from %q, which is not among the modules of terraform_policy", b.Labels[0], source),
		Fix:     "move the module into the project, or name its source there",
	})
}

func (c *checker) providers(b *hcl.Block) {
	if c.policy.Providers == nil {
		return
	}
	attributes, _ := b.Body.JustAttributes()
	for name, attribute := range attributes {
		source := "hashicorp/" + name
		v, diagnostics := attribute.Expr.Value(nil)
		if !diagnostics.HasErrors() && v.Type().IsObjectType() && v.Type().HasAttribute("source") {
			if s := v.GetAttr("source"); s.Type() == cty.String && s.IsKnown() && !s.IsNull() {
				source = s.AsString()
			}
		}
		if matches(c.policy.Providers, source) {
			continue
		}
		c.add(Finding{
			Rule: "terraform-provider-source", Severity: plans.SeverityError, File: b.DefRange.Filename, Line: attribute.Range.Start.Line,
			Message: fmt.Sprintf("provider %s comes from %q, which is not among the providers of terraform_policy", name, source),
			Fix:     "name its source there, after a look at who makes it",
		})
	}
}

func attributeOf(body hcl.Body, name string) *hcl.Attribute {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	return content.Attributes[name]
}

// text evaluates an expression that must follow from context alone.
func text(e hcl.Expression, context *hcl.EvalContext) (string, bool) {
	v, diagnostics := e.Value(context)
	if diagnostics.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}
