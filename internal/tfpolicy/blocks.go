package tfpolicy

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/nesting"
	"github.com/lockstep-dev/lockstep/plans"
)

// speaking names the data sources and ephemeral resources that run programs
// or speak to hosts which the configuration chooses, and what they do. Each is
// read while a plan is made
// (https://developer.hashicorp.com/terraform/language/data-sources).
func speaking() map[string]string {
	return map[string]string{
		"external":               "runs a program",
		"local_command":          "runs a program",
		"shell_script":           "runs a program",
		"http":                   "sends a request to a host of its choosing",
		"tls_certificate":        "connects to a host of its choosing",
		"dns_*":                  "asks a name server, and a name can carry data out",
		"terraform_remote_state": "reads a state from wherever it says, and some backends are plain requests",
	}
}

// reads names the arguments of data sources that are paths of files.
func reads() map[string][]string {
	return map[string][]string{
		"local_file":           {"filename"},
		"local_sensitive_file": {"filename"},
		"archive_file":         {"source_file", "source_dir"},
	}
}

func (c *checker) file(name string, content []byte) {
	file, problem, line := c.parse(name, content)
	if problem != "" {
		c.add(Finding{
			Rule: "terraform-unreadable", Severity: plans.SeverityError, File: name, Line: line,
			Message: "the file cannot be read: " + problem, Fix: "correct its syntax",
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

// parse reads a file, or says what is wrong with it and where. What no parser
// should be given is not given to it.
func (c *checker) parse(name string, content []byte) (file *hcl.File, problem string, line int) {
	isJSON := strings.HasSuffix(name, ".json")
	if c.policy.MaxBytes > 0 && len(content) > c.policy.MaxBytes {
		return nil, fmt.Sprintf("it is larger than %d bytes", c.policy.MaxBytes), 1
	}
	excess := nesting.Config
	if isJSON {
		excess = nesting.JSON
	}
	if found := excess(name, content); found != nil {
		return nil, found.String(), found.Range.Start.Line
	}
	var diagnostics hcl.Diagnostics
	if isJSON {
		file, diagnostics = json.Parse(content, name)
	} else {
		file, diagnostics = hclsyntax.ParseConfig(content, name, hcl.InitialPos)
	}
	if !diagnostics.HasErrors() {
		return file, "", 0
	}
	if at := diagnostics[0].Subject; at != nil {
		line = at.Start.Line
	}
	return nil, diagnostics[0].Summary, line
}

func (c *checker) blocks(body hcl.Body) {
	for _, b := range blocksOf(body, "data:2", "ephemeral:2", "resource:2", "module:1", "check:1", "terraform:0") {
		switch b.Type {
		case "data", "ephemeral":
			c.data(b)
		case "check":
			for _, inner := range blocksOf(b.Body, "data:2") {
				c.data(inner)
			}
		case "resource":
			c.uses(b)
			c.provisioners(b)
		case "module":
			c.module(b)
		case "terraform":
			for _, inner := range blocksOf(b.Body, "required_providers:0") {
				c.providers(inner)
			}
			for _, inner := range blocksOf(b.Body, "encryption:0") {
				c.encryption(inner)
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
	c.uses(b)
	kind := b.Labels[0]
	for pattern, what := range speaking() {
		if ok, _ := path.Match(pattern, kind); ok {
			c.add(Finding{
				Rule: "terraform-data-speaks", Severity: plans.SeverityError, File: b.DefRange.Filename, Line: b.DefRange.Start.Line,
				Subject: b.Type + "." + kind, Message: fmt.Sprintf("%s.%s.%s %s while a plan is made", b.Type, kind, b.Labels[1], what),
			})
		}
	}
	for _, argument := range reads()[kind] {
		if attribute := attributeOf(b.Body, argument); attribute != nil {
			c.read(b.Type+"."+kind, attribute.Expr, attribute.Range)
		}
	}
}

// encryption refuses keys of a state that come from programs or from hosts of
// the configuration's choosing; OpenTofu asks for them before it plans
// (https://opentofu.org/docs/language/state/encryption).
func (c *checker) encryption(b *hcl.Block) {
	for _, inner := range blocksOf(b.Body, "key_provider:2", "method:2") {
		kind, what := inner.Labels[0], "asks a host of its choosing for a key"
		switch kind {
		case "pbkdf2", "aes_gcm", "unencrypted", "xor":
			continue
		case "external":
			what = "runs a program"
		}
		c.add(Finding{
			Rule: "terraform-encryption-speaks", Severity: plans.SeverityError, File: inner.DefRange.Filename, Line: inner.DefRange.Start.Line,
			Subject: inner.Type + "." + kind, Message: fmt.Sprintf("%s.%s.%s %s before a plan is made", inner.Type, kind, inner.Labels[1], what),
		})
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
	if known && (strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")) {
		return
	}
	if known && matches(c.policy.Modules, source) {
		c.pinned(b, source)
		return
	}
	c.add(Finding{
		Rule: "terraform-module-source", Severity: plans.SeverityError, File: b.DefRange.Filename, Line: attribute.Range.Start.Line,
		Message: fmt.Sprintf("module.%s comes from %q, which is not among the modules of terraform_policy: what it holds was not looked at", b.Labels[0], source),
		Fix:     "move the module into the project, or name its source there after a look: terraform_policy { modules = [\"" + source + "\"] } in the lockstep block",
	})
}

// pinned warns of a module from elsewhere that may be another one tomorrow.
func (c *checker) pinned(b *hcl.Block, source string) {
	if strings.Contains(source, "ref=") {
		return
	}
	if attribute := attributeOf(b.Body, "version"); attribute != nil {
		if exact, known := text(attribute.Expr, nil); known && !strings.ContainsAny(exact, "<>~!,") {
			return
		}
	}
	c.add(Finding{
		Rule: "terraform-module-unpinned", Severity: plans.SeverityWarning, File: b.DefRange.Filename, Line: b.DefRange.Start.Line,
		Subject: "unpinned-module",
		Message: fmt.Sprintf("module.%s comes from %q in whichever version is there when a plan is made", b.Labels[0], source),
		Fix:     "give it an exact version, or ?ref= with a commit",
	})
}

func attributeOf(body hcl.Body, name string) *hcl.Attribute {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	return content.Attributes[name]
}

// text evaluates an expression that must follow from context alone.
func text(e hcl.Expression, context *hcl.EvalContext) (string, bool) {
	v, known := nesting.Constant(e, context)
	if !known || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}
