package tfpolicy

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/nesting"
	"github.com/lockstep-dev/lockstep/plans"
)

// lockFile is where Terraform writes down which builds of providers it takes.
const lockFile = ".terraform.lock.hcl"

// wanted is a provider that a module names or uses, at its first place.
type wanted struct {
	source string // empty: used without being named
	at     hcl.Range
}

// provider is a module's folder and the provider's name in it.
type provider struct{ folder, name string }

// providers notes what required_providers names.
func (c *checker) providers(b *hcl.Block) {
	attributes, _ := b.Body.JustAttributes() // what else is wrong is Terraform's to say
	for name, attribute := range attributes {
		source := "hashicorp/" + name
		if v, known := nesting.Constant(attribute.Expr, nil); known && v.Type().IsObjectType() && v.Type().HasAttribute("source") {
			if s := v.GetAttr("source"); s.Type() == cty.String && s.IsKnown() && !s.IsNull() {
				source = s.AsString()
			}
		}
		c.wanted[provider{path.Dir(attribute.Range.Filename), name}] = wanted{source, attribute.Range}
	}
}

// uses notes the provider of a resource: without required_providers Terraform
// takes the one of that name by hashicorp.
func (c *checker) uses(b *hcl.Block) {
	name, _, _ := strings.Cut(b.Labels[0], "_")
	key := provider{path.Dir(b.DefRange.Filename), name}
	if _, seen := c.wanted[key]; !seen && name != "terraform" { // that one is built in
		c.wanted[key] = wanted{at: b.DefRange}
	}
}

// judgeProviders looks at what was noted once all files are read.
func (c *checker) judgeProviders() {
	var first hcl.Range
	for key, w := range c.wanted {
		source := cmp.Or(w.source, "hashicorp/"+key.name)
		if strings.HasPrefix(source, "terraform.io/builtin/") {
			continue
		}
		if at := w.at; first.Filename == "" || cmp.Or(cmp.Compare(at.Filename, first.Filename), cmp.Compare(at.Start.Line, first.Start.Line)) < 0 {
			first = at
		}
		if c.policy.Providers == nil || matches(c.policy.Providers, source) {
			continue
		}
		c.add(Finding{
			Rule: "terraform-provider-source", Severity: plans.SeverityError, File: w.at.Filename, Line: w.at.Start.Line,
			Message: fmt.Sprintf("provider %s comes from %q, which is not among the providers of terraform_policy", key.name, source),
			Fix:     "name its source there, after a look at who makes it",
		})
	}
	c.locked(first)
}

// locked warns where nothing says which builds of providers may run; first is
// the first place that wants one.
func (c *checker) locked(first hcl.Range) {
	lock := path.Join(c.sources.Root, lockFile)
	if _, locked := c.sources.Files[lock]; locked || first.Filename == "" {
		return
	}
	c.add(Finding{
		Rule: "terraform-lock-missing", Severity: plans.SeverityWarning, File: first.Filename, Line: first.Start.Line, Subject: "unlocked-providers",
		Message: "there is no " + lock + ": whichever build of a provider a registry or a mirror offers is run",
		Fix:     "run terraform init once by hand, and commit the file",
	})
}
