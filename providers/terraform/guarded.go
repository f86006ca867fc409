package terraform

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// guarded are the resources, TYPE.NAME of any module, whose configuration says
// prevent_destroy: Terraform refuses to destroy them, also on the way back.
func (m *module) guarded() (map[string]bool, error) {
	found := map[string]bool{}
	parser := hclparse.NewParser()
	err := filepath.WalkDir(m.place.tree(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !isConfiguration(entry.Name()) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parse := parser.ParseHCL
		if strings.HasSuffix(path, ".json") {
			parse = parser.ParseJSON
		}
		if file, diags := parse(b, path); !diags.HasErrors() {
			noteGuarded(file.Body, found)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read terraform's configuration: %w", err)
	}
	return found, nil
}

func noteGuarded(body hcl.Body, found map[string]bool) {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "resource", LabelNames: []string{"type", "name"}}}})
	for _, r := range content.Blocks {
		inner, _, _ := r.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "lifecycle"}}})
		for _, l := range inner.Blocks {
			if v := literal(l.Body, "prevent_destroy"); v.Type() == cty.Bool && v.True() {
				found[r.Labels[0]+"."+r.Labels[1]] = true
			}
		}
	}
}
