package report

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// Report is what was found in a set of files.
type Report struct {
	// Version is the program's own, without a leading "v".
	Version string
	// Root is the project's folder inside of the repository, for formats whose
	// readers look files up there: SARIF, GitLab, GitHub. Empty when it is the
	// repository's own.
	Root     string
	Findings []plans.Finding
	// Silenced are findings that a directive in the file answers. They do not
	// stand in Findings.
	Silenced []Silenced
	// Statements are what was looked at; a finding's statement gives it its
	// locks and its fingerprint.
	Statements []plans.Statement
	// Rules describe the codes; a code without one is spelled by itself.
	Rules []Rule
}

// Silenced is a finding as it was before "-- lockstep:nolint CODE REASON".
type Silenced struct {
	plans.Finding
	Reason string // the author's words
	By     int    // line of the directive, 0 if unknown
}

// Rule describes a code to people who have not met it.
type Rule struct {
	Code     string
	Severity plans.Severity // the usual one
	Title    string         // one sentence
	Why      string
	Fix      string   // the safe alternative
	URL      string   // manual page
	Aliases  []string // other names, such as PG-L60
}

// entry is a finding with everything that formats say of it.
type entry struct {
	plans.Finding
	silenced    *Silenced
	rule        *Rule            // nil for a code that has none
	statement   *plans.Statement // nil when the finding is about no statement
	fingerprint string           // of those that are identified
	file        string           // File as it is found from the repository's folder
}

// entries returns open and silenced findings in the order of their places, so
// that the order in which they were found leaves no trace.
func (r Report) entries() []entry {
	index, rules := newStatementIndex(r.Statements), r.byCode()
	all := make([]entry, 0, len(r.Findings)+len(r.Silenced))
	add := func(f plans.Finding, s *Silenced) {
		all = append(all, entry{
			Finding: f, silenced: s, rule: rules[f.Code], statement: index.find(f), file: r.fromRoot(f.File),
		})
	}
	for i := range r.Findings {
		add(r.Findings[i], nil)
	}
	for i := range r.Silenced {
		add(r.Silenced[i].Finding, &r.Silenced[i])
	}
	slices.SortStableFunc(all, byPlace)
	return all
}

// identified are the entries with their fingerprints.
func (r Report) identified() []entry {
	all := r.entries()
	fingerprints(all)
	return all
}

func (r Report) byCode() map[string]*Rule {
	rules := make(map[string]*Rule, len(r.Rules))
	for i := range r.Rules {
		if code := r.Rules[i].Code; rules[code] == nil {
			rules[code] = &r.Rules[i]
		}
	}
	return rules
}

func (r Report) fromRoot(file string) string {
	if r.Root != "" && file != "" && !path.IsAbs(file) {
		return path.Join(r.Root, file)
	}
	return file
}

func byPlace(a, b entry) int {
	return cmp.Or(
		strings.Compare(a.File, b.File),
		strings.Compare(a.Address, b.Address),
		a.Line-b.Line,
		rank(a.Severity)-rank(b.Severity),
		strings.Compare(a.Code, b.Code),
		strings.Compare(a.Summary, b.Summary),
		strings.Compare(a.Detail, b.Detail),
		strings.Compare(a.Fix, b.Fix),
		strings.Compare(string(a.Severity), string(b.Severity)),
	)
}

// worstFirst puts open findings before silenced ones and errors before notes.
func worstFirst(all []entry) {
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(weight(a)-weight(b), byPlace(a, b))
	})
}

func weight(e entry) int {
	if e.silenced != nil {
		return rank(plans.SeverityInfo) + 1
	}
	return rank(e.Severity)
}

// rank orders severities from 0, the worst. What is unknown is shown as bad.
func rank(s plans.Severity) int {
	switch s {
	case plans.SeverityWarning:
		return 1
	case plans.SeverityInfo:
		return 2
	default:
		return 0
	}
}

// AtLeast reports whether a finding of severity s is as bad as least, or worse.
// Nothing is as bad as "none".
func AtLeast(s, least plans.Severity) bool {
	return least != "none" && rank(s) <= rank(least)
}

// files lists the files of statements and findings, sorted.
func (r Report) files() []string {
	var names []string
	for i := range r.Statements {
		names = append(names, r.Statements[i].File)
	}
	for i := range r.Findings {
		names = append(names, r.Findings[i].File)
	}
	for i := range r.Silenced {
		names = append(names, r.Silenced[i].File)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}
