package terraform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// importsFile takes import blocks
// (https://developer.hashicorp.com/terraform/language/import) for objects that
// the step has lost; it goes with the copied sources.
const importsFile = "lockstep_imports.tf"

// planImports puts the plan that takes objects under Terraform's care at
// savedPlanPath, and asks whether it may be carried out. Besides the imports,
// and updates to the approved values, it may hold only what was approved.
func (m *module) planImports(ctx context.Context, req providers.Request, now *stateFile, imports []providers.Lost, agree func(*tfchange.Plan) error) error {
	if err := m.writeImports(imports); err != nil {
		return err
	}
	defer os.Remove(m.importsPath())
	fresh, err := m.plan(ctx, limits(req)...)
	if err != nil {
		return err
	}
	if err := m.importsAlone(ctx, req, now, imports, fresh); err != nil {
		return err
	}
	return agree(fresh)
}

func (m *module) importsPath() string { return filepath.Join(m.root(), importsFile) }

func (m *module) writeImports(imports []providers.Lost) error {
	if _, err := os.Lstat(m.importsPath()); err == nil {
		return fmt.Errorf("the module has a file %s, which is Lockstep's name for import blocks; rename it", importsFile)
	}
	var text strings.Builder
	for _, l := range imports {
		id := hclwrite.TokensForValue(cty.StringVal(l.ID)).Bytes()
		fmt.Fprintf(&text, "import {\n  to = %s\n  id = %s\n}\n", l.Address, id)
	}
	if err := os.WriteFile(m.importsPath(), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write the import blocks: %w", err)
	}
	return nil
}

// importsAlone refuses a plan that does more than import the objects, bring
// them to the approved values, and what else of the approved changes is left.
func (m *module) importsAlone(ctx context.Context, req providers.Request, now *stateFile, imports []providers.Lost, fresh *tfchange.Plan) error {
	changes, err := m.left(req, now, fresh)
	if err != nil {
		return err
	}
	var rest []planned
	imported := map[string]planned{}
	for _, c := range changes {
		if c.Importing && slices.ContainsFunc(imports, func(l providers.Lost) bool { return l.Address == c.Address }) {
			imported[c.Address] = c
		} else {
			rest = append(rest, c)
		}
	}
	var approved []planned
	if !req.Step.Late {
		if approved, err = m.approved(ctx, req); err != nil {
			return err
		}
	}
	for _, l := range imports {
		c, ok := imported[l.Address]
		if !ok {
			return fmt.Errorf("terraform's plan does not import %s", l.Address)
		}
		if why := m.asApproved(req, approved, c); why != "" {
			return fmt.Errorf("%w: importing %s %s", providers.ErrOutsideEnvelope, l.Address, why)
		}
	}
	if req.Step.Late {
		return inEnvelope(req.Step.Envelope, tfchange.Public(rest))
	}
	if why := tfchange.Within(approved, rest, &m.secrets.mask); why != "" {
		return fmt.Errorf("%w: %s; a new plan needs a new approval", providers.ErrOutsideEnvelope, why)
	}
	return nil
}

// asApproved says why an import must not be carried out, or "". Whoever
// approved the object's creation approved its values, and no other object.
func (m *module) asApproved(req providers.Request, approved []planned, c planned) string {
	if kind := c.Kind(); kind != plans.ChangeImport && kind != plans.ChangeUpdate {
		return fmt.Sprintf("would %s it: what has this id is not what was approved", strings.Join(c.Actions, " and "))
	}
	if req.Step.Late {
		return ""
	}
	i := slices.IndexFunc(approved, func(a planned) bool { return a.Address == c.Address && a.Type == c.Type })
	if i < 0 {
		return "was not approved: the plan did not create it"
	}
	if !tfchange.Agree(approved[i], c, &m.secrets.mask) {
		return "would leave it with other values than approved"
	}
	return ""
}
