// Package tfpolicy reads Terraform sources and finds what would run programs
// or send data while a plan is made, before Terraform is started: a plan of a
// change set is made before anybody has reviewed it.
//
// It decides from the text of the sources alone. What a provider does with its
// own configuration, and paths that follow from other values, cannot be seen
// there; the second is said.
package tfpolicy

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// Policy says what a project allows. The zero value allows what a plan needs
// and nothing that runs programs or speaks to hosts of a change's choosing.
type Policy struct {
	// Allow names what is allowed all the same, as findings name their
	// subject: "data.http", "data.dns_*", "file", "local-exec".
	Allow []string
	// Providers are patterns of the sources that providers may come from, nil
	// for any; Modules those of modules from outside of the project, nil for
	// none. A pattern is one of path.Match; "hashicorp/*" is an example.
	Providers []string
	Modules   []string
	// MaxBytes bounds one file of configuration; 0: nothing does.
	MaxBytes int
}

// Finding is one place of the sources that the policy does not let pass.
type Finding struct {
	Rule     string         `json:"rule"`
	Severity plans.Severity `json:"severity"` // error: it happens when a plan is made
	File     string         `json:"file"`     // relative to the project
	Line     int            `json:"line"`
	Subject  string         `json:"subject"` // what Allow has to name
	Message  string         `json:"message"`
	Fix      string         `json:"fix"`
}

// Sources are the files of a root module and the modules that it calls, by
// their path relative to the project.
type Sources struct {
	Root  string // folder of the root module
	Files map[string][]byte
}

// Check returns what the policy finds, in order of file and line.
func Check(s Sources, p Policy) []Finding {
	c := &checker{sources: s, policy: p, folders: map[string]bool{}, rendered: map[string]bool{}, wanted: map[provider]wanted{}}
	for name := range s.Files {
		if isConfiguration(name) {
			c.folders[path.Dir(name)] = true
		}
	}
	for name, content := range s.Files {
		if isConfiguration(name) {
			c.file(name, content)
		}
	}
	c.judgeProviders()
	slices.SortFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(c.found)
}

// Errors are the findings that forbid a plan.
func Errors(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return f.Severity != plans.SeverityError })
}

func isConfiguration(name string) bool {
	for _, end := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

type checker struct {
	sources Sources
	policy  Policy
	folders map[string]bool // that hold configuration
	// rendered are the templates that were looked into.
	rendered map[string]bool
	wanted   map[provider]wanted
	found    []Finding
}

// add keeps a finding unless its subject is allowed.
func (c *checker) add(f Finding) {
	if f.Subject != "" && matches(c.policy.Allow, f.Subject) {
		return
	}
	if f.Fix == "" {
		f.Fix = "take it out, or let the project allow it: terraform_policy { allow = [\"" + f.Subject + "\"] } in the lockstep block"
	}
	c.found = append(c.found, f)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok || pattern == name
	})
}
