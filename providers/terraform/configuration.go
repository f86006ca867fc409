package terraform

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/nesting"
)

// configuration is what Lockstep must know of a root module.
type configuration struct {
	backend   string // type of the declared backend; empty for none
	variables map[string]bool
	sensitive []string    // names of variables declared sensitive
	defaults  []cty.Value // theirs, where there are any
	ephemeral bool        // some variable is in no plan and must be given again at apply
	modules   []string    // sources of the module calls that are folders
}

func rootSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "terraform"},
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "module", LabelNames: []string{"name"}},
	}}
}

func terraformSchema() *hcl.BodySchema {
	return &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "backend", LabelNames: []string{"type"}},
		{Type: "cloud"},
	}}
}

// readConfiguration reads the configuration files of one folder; files maps
// slash-separated project paths to contents.
func readConfiguration(folder string, files map[string][]byte) (configuration, error) {
	c := configuration{variables: map[string]bool{}}
	parser := hclparse.NewParser()
	found := false
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(name) != folder {
			continue
		}
		if !isConfiguration(name) {
			continue
		}
		parse, count := parser.ParseHCL, nesting.Config
		if strings.HasSuffix(name, ".json") {
			parse, count = parser.ParseJSON, nesting.JSON
		}
		if excess := count(name, files[name]); excess != nil {
			return c, fmt.Errorf("terraform configuration: %s: %s", excess.Range, excess)
		}
		file, diags := parse(files[name], name)
		found = true
		if diags.HasErrors() {
			return c, fmt.Errorf("terraform configuration: %w", diags)
		}
		if err := c.read(file.Body); err != nil {
			return c, err
		}
	}
	if !found {
		return c, fmt.Errorf("%s holds no Terraform configuration; expected at least one *.tf file", folder)
	}
	return c, nil
}

func (c *configuration) read(body hcl.Body) error {
	content, _, diags := body.PartialContent(rootSchema())
	if diags.HasErrors() {
		return fmt.Errorf("terraform configuration: %w", diags)
	}
	for _, block := range content.Blocks {
		switch block.Type {
		case "terraform":
			if err := c.readBackend(block); err != nil {
				return err
			}
		case "variable":
			name := block.Labels[0]
			c.variables[name] = true
			if v := literal(block.Body, "sensitive"); v.Type() == cty.Bool && v.True() {
				c.sensitive = append(c.sensitive, name)
				if v := literal(block.Body, "default"); isKnown(v) {
					c.defaults = append(c.defaults, v)
				}
			}
			if v := literal(block.Body, "ephemeral"); v.Type() == cty.Bool && v.True() {
				c.ephemeral = true
			}
		case "module":
			if v := literal(block.Body, "source"); v.Type() == cty.String && isFolder(v.AsString()) {
				c.modules = append(c.modules, v.AsString())
			}
		}
	}
	return nil
}

func (c *configuration) readBackend(block *hcl.Block) error {
	content, _, diags := block.Body.PartialContent(terraformSchema())
	if diags.HasErrors() {
		return fmt.Errorf("terraform configuration: %w", diags)
	}
	for _, b := range content.Blocks {
		if b.Type == "cloud" {
			return fmt.Errorf("%s: a cloud block runs plans elsewhere, where Lockstep cannot keep them; use a backend block", b.DefRange)
		}
		c.backend = b.Labels[0]
		if c.backend != "local" {
			continue
		}
		if attributes, _ := b.Body.JustAttributes(); len(attributes) > 0 {
			return fmt.Errorf("%s: Lockstep keeps local state in its own folder, one for each environment; remove the arguments of this backend block, or use a remote backend", b.DefRange)
		}
	}
	return nil
}

// literal evaluates an argument that must not depend on anything; it returns
// a null value when there is none or it does.
func literal(body hcl.Body, name string) cty.Value {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	attribute, ok := content.Attributes[name]
	if !ok {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	v, known := nesting.Constant(attribute.Expr, nil)
	if !known {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v
}

func isFolder(source string) bool {
	return strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}
