package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// tellChanges says of each change what a line of Terraform's plan does not.
func (d *draft) tellChanges(b *block, changes []plans.ResourceChange) {
	for _, c := range changes {
		d.tellLoss(b, c)
		d.tellState(b, c)
		for _, w := range c.Weakens {
			d.find(plans.Finding{
				Code: "takes-away", Severity: plans.SeverityWarning, Address: b.Address, Roles: rolesOf(c, w.Attribute),
				Summary: fmt.Sprintf("%s, %s: %s", c.Object(), w.Attribute, w.Reason),
				Detail:  "The object stays, and what relied on this attribute may not work any more, or not be safe.",
				Fix:     "ask whoever relies on it; take the change out if nobody meant it",
			})
		}
	}
}

// tellLoss says which object ends, in which order and why.
func (d *draft) tellLoss(b *block, c plans.ResourceChange) {
	warn := func(code, summary, detail string) {
		d.find(plans.Finding{Code: code, Severity: plans.SeverityWarning, Address: b.Address, Summary: summary, Detail: detail, Roles: rolesOf(c, "")})
	}
	if c.Stateful != "" && c.Destroys() {
		warn("stateful-destroyed", fmt.Sprintf("%s is %s: %s", c.Object(), verbOf(c), c.Stateful), "allowed_actions names it, so it is not refused. A new one of the same name has nothing of it.")
	}
	switch {
	case c.Deposed != "":
		warn("deposed-leftover", fmt.Sprintf("%s is destroyed: an earlier replacement of %s made the new object and left this one", c.Object(), c.Address), "")
	case slices.Contains(replaced(), c.Kind()) && c.Reason == "replace_because_tainted":
		warn("tainted-leftover", fmt.Sprintf("%s is replaced because making it failed before, or somebody marked it: %s", c.Object(), orderOf(c)),
			"If the object is whole, terraform untaint keeps it.")
	case slices.Contains(replaced(), c.Kind()):
		summary := fmt.Sprintf("%s is replaced: the old one and what is in it go away; %s", c.Object(), orderOf(c))
		if c.Kind() == plans.ChangeReplaceKept {
			summary = fmt.Sprintf("%s is replaced: %s", c.Object(), orderOf(c))
		}
		if len(c.Attributes) > 0 {
			summary += " (" + listed(c.Attributes) + ")"
		}
		warn("replacement", summary, "A replacement of something live is never compatible with the version that runs.")
	case c.Kind() == plans.ChangeForget:
		warn("forgotten", fmt.Sprintf("%s is forgotten: the object stays, and nobody looks after it any more", c.Object()),
			"It costs and serves on as it is; an import block takes it back.")
	case c.Repairs:
		warn("drift-repair", fmt.Sprintf("%s went away outside of Terraform and is made again, without what was in it", c.Object()),
			"Look first whether somebody took it away on purpose.")
	}
}

// orderOf tells whether there is a moment without any object.
func orderOf(c plans.ResourceChange) string {
	switch c.Kind() {
	case plans.ChangeReplaceAfter:
		return "the new one is made first, then the old one is destroyed"
	case plans.ChangeReplaceKept:
		return "the old one stays and is forgotten"
	}
	return "the old one is destroyed first, and until the new one is made there is none"
}

// tellState says what changes in Terraform's state alone.
func (d *draft) tellState(b *block, c plans.ResourceChange) {
	note := func(code, summary string) {
		d.find(plans.Finding{Code: code, Severity: plans.SeverityInfo, Address: b.Address, Summary: summary})
	}
	if c.Importing {
		what := "an object that exists already"
		if c.ImportID != "" {
			what += fmt.Sprintf(" (id %q)", c.ImportID)
		}
		note("import", fmt.Sprintf("%s takes over %s", c.Object(), what))
	}
	if c.Previous != "" {
		note("move", fmt.Sprintf("%s was %s until now: the address changes, the object does not", c.Object(), c.Previous))
	}
}

// tellChecks reports conditions that did not hold: Terraform itself goes on
// when a check block fails. What depends on the changes is known only later.
func (d *draft) tellChecks(b *block, checks []plans.TerraformCheck) {
	for _, c := range checks {
		f := plans.Finding{Code: "terraform-check-failed", Severity: plans.SeverityWarning, Address: b.Address}
		switch c.Status {
		case "unknown":
			f.Severity = plans.SeverityInfo
			f.Summary = c.Address + " cannot be checked before apply"
		case "error":
			f.Summary = c.Address + " could not be checked"
		default:
			f.Summary = c.Address + " does not hold"
		}
		if len(c.Messages) > 0 {
			f.Summary += ": " + strings.Join(c.Messages, "; ")
		}
		if f.Severity == plans.SeverityWarning {
			f.Detail = "Terraform applies all the same: a check block never stops it."
			f.Fix = "make the condition hold, or take the check out if it is wrong"
		}
		d.find(f)
	}
}

// rolesOf are who must look at a change: the DBA where something is held,
// security where it lets somebody in or out.
func rolesOf(c plans.ResourceChange, attribute string) []string {
	var roles []string
	if c.Stateful != "" {
		roles = append(roles, roleDBA)
	}
	if guards(c.Type) || guards(attribute) {
		roles = append(roles, roleSecurity)
	}
	return roles
}

// guards reports whether a type or an attribute decides who gets in: providers
// differ in their types and agree in these words.
func guards(name string) bool {
	return slices.ContainsFunc([]string{
		"security_group", "secgroup", "firewall", "network_acl", "network_rule", "network_policy", "security_rule", "public_", "publicly_",
		"_iam_", "_policy", "_role", "_grant", "kms_", "key_vault", "encrypt", "ssl", "tls", "https", "access", "acl", "authorized",
	}, func(word string) bool { return strings.Contains(name, word) })
}
