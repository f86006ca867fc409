package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// listedRule is a rule as JSON has it.
type listedRule struct {
	Code     string         `json:"code"`
	ID       string         `json:"id,omitempty"`
	Severity plans.Severity `json:"severity"`
	Enabled  bool           `json:"enabled"`
	Title    string         `json:"title"`
	Why      string         `json:"why"`
	Fix      string         `json:"fix"`
	URL      string         `json:"url,omitempty"`
}

// listRules prints all rules, or one by its code or its other name.
func (a *app) listRules(name string) error {
	rules := sqlcheck.Codes()
	if name != "" {
		code, found := sqlcheck.Find(cmp.Or(canonicalID(name), name))
		if !found {
			var codes []string
			for _, c := range rules {
				codes = append(codes, c.Code)
			}
			return usageError("there is no rule %q%s", name, config.DidYouMean(name, codes))
		}
		rules = []sqlcheck.Code{code}
	}
	if a.wantsJSON() {
		return a.rulesAsJSON(rules)
	}
	if name != "" {
		return a.explainRule(rules[0])
	}
	out := tabwriter.NewWriter(a.host.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range rules {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", c.Code, cmp.Or(c.ID, "-"), weight(c), c.Title)
	}
	return out.Flush()
}

// canonicalID is the other name of a rule in any case; empty for a code.
func canonicalID(name string) string {
	if upper := strings.ToUpper(name); strings.HasPrefix(upper, "PG-") {
		return upper
	}
	return ""
}

func weight(c sqlcheck.Code) string {
	if c.Off {
		return string(c.Severity) + ", off"
	}
	return string(c.Severity)
}

func (a *app) rulesAsJSON(rules []sqlcheck.Code) error {
	list := make([]listedRule, 0, len(rules))
	for _, c := range rules {
		list = append(list, listedRule{c.Code, c.ID, c.Severity, !c.Off, c.Title, c.Why, c.Fix, c.URL})
	}
	encoder := json.NewEncoder(a.host.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}

func (a *app) explainRule(c sqlcheck.Code) error {
	text := fmt.Sprintf("%s %s (%s)\n\n%s\n%s\n\nInstead:\n", c.Code, c.ID, weight(c), c.Title, c.Why)
	for line := range strings.Lines(c.Fix) {
		text += "  " + strings.TrimSuffix(line, "\n") + "\n"
	}
	if c.URL != "" {
		text += "\n" + c.URL + "\n"
	}
	if c.Off {
		text += "\nOff until a project asks for it: lint { rule \"" + c.Code + "\" { enabled = true } }\n"
	}
	_, err := a.host.Stdout.Write([]byte(text))
	return err
}
