package tfchange

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/lockstep-dev/lockstep/plans"
)

// Minded returns the drift that an apply may write over: objects that are gone,
// and attributes of which the configuration says something. What a provider
// alone fills in (the time of the last backup, a status) moves by itself and is
// left out.
//
// The JSON of a configuration does not hold what "dynamic" blocks make, so an
// attribute of a block's shape, a list of objects, always counts.
func (p *Plan) Minded(m Mask) []Change {
	var minded []Change
	for _, c := range p.Drift(m) {
		written := p.written(c.Address)
		if written != nil && c.Kind() == plans.ChangeUpdate && len(c.Attributes) > 0 {
			c.Attributes = slices.DeleteFunc(c.Attributes, func(attribute string) bool {
				root := rootOf(attribute)
				_, said := written.Expressions[root]
				return !said && !isBlock(field(c.after, root))
			})
			if len(c.Attributes) == 0 {
				continue
			}
		}
		minded = append(minded, c)
	}
	return minded
}

// written is the block of a resource in the configuration; nil where the plan
// does not tell.
func (p *Plan) written(address string) *tfjson.ConfigResource {
	if p.document.Config == nil {
		return nil
	}
	module, rest := p.document.Config.RootModule, configured(address)
	for module != nil && strings.HasPrefix(rest, "module.") {
		name, inside, _ := strings.Cut(strings.TrimPrefix(rest, "module."), ".")
		call := module.ModuleCalls[name]
		if call == nil {
			return nil
		}
		module, rest = call.Module, inside
	}
	if module == nil {
		return nil
	}
	for _, r := range module.Resources {
		if r.Address == rest {
			return r
		}
	}
	return nil
}

// rootOf is an attribute of a resource, without what is inside of it.
func rootOf(attribute string) string {
	if i := strings.IndexAny(attribute, ".["); i >= 0 {
		return attribute[:i]
	}
	return attribute
}

// isBlock reports whether a value has the shape of nested blocks.
func isBlock(v any) bool {
	list, ok := v.([]any)
	return ok && slices.ContainsFunc(list, func(e any) bool { _, is := e.(map[string]any); return is })
}
