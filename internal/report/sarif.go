package report

import (
	"cmp"
	"net/url"
	"path"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

// sarifSchema names the schema that SARIF's output is valid against.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// fingerprintName is Lockstep's own: GitHub computes primaryLocationLineHash
// itself and complains about another value for it.
const fingerprintName = "lockstep/v1"

// SARIF writes a log of the Static Analysis Results Interchange Format 2.1.0,
// with one run. Files are relative to %SRCROOT%, the repository's folder. A
// silenced finding is a result with a suppression, the author's reason being
// its justification.
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
func SARIF(r Report) ([]byte, error) {
	all := r.identified()
	rules, index := sarifRules(all)
	results := make([]sarifResult, 0, len(all))
	for _, e := range all {
		results = append(results, sarifResultOf(e, index[e.Code]))
	}
	driver := sarifDriver{Name: "lockstep", SemanticVersion: redact.Escape(r.Version), Rules: rules}
	return encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{{
		Tool: sarifTool{Driver: driver}, ColumnKind: "unicodeCodePoints", Results: results,
	}}})
}

// sarifRules describes each code that occurs, once, in the order of their
// first results. GitHub wants every description to be there.
func sarifRules(all []entry) (rules []sarifRule, index map[string]int) {
	rules, index = []sarifRule{}, map[string]int{}
	for _, e := range all {
		if _, known := index[e.Code]; known {
			continue
		}
		index[e.Code] = len(rules)
		rules = append(rules, sarifRuleOf(e))
	}
	return rules, index
}

func sarifRuleOf(e entry) sarifRule {
	rule := Rule{Severity: e.Severity}
	if e.rule != nil {
		rule = *e.rule
	}
	title := cmp.Or(oneLine(rule.Title), oneLine(strings.ReplaceAll(e.Code, "-", " ")))
	why := cmp.Or(lines(rule.Why), title)
	help := sarifHelp{Text: why, Markdown: Prose(why)}
	if rule.Fix != "" {
		help.Text += "\n\nInstead:\n" + lines(rule.Fix)
		help.Markdown += "\n\nInstead:\n\n" + Fence(lines(rule.Fix))
	}
	if rule.URL != "" {
		help.Markdown += "\n\n[PostgreSQL manual](" + destination(rule.URL) + ")"
	}
	return sarifRule{
		ID:    redact.Escape(e.Code),
		Short: sarifMessage{title}, Full: sarifMessage{why}, Help: help, HelpURI: rule.URL,
		Default: sarifDefault{Level: sarifLevel(rule.Severity)}, Properties: sarifProperties{Tags: rule.Aliases},
	}
}

func sarifResultOf(e entry, rule int) sarifResult {
	result := sarifResult{
		RuleID: redact.Escape(e.Code), RuleIndex: rule, Level: sarifLevel(e.Severity),
		Message:      sarifMessage{body(e)},
		Locations:    []sarifLocation{},
		Fingerprints: map[string]string{fingerprintName: e.fingerprint},
	}
	if e.File != "" {
		// GitHub takes no result without a line.
		place := &sarifPhysical{Artifact: artifactOf(e.file), Region: sarifRegion{StartLine: max(e.Line, 1)}}
		result.Locations = append(result.Locations, sarifLocation{Physical: place})
	} else if e.Address != "" {
		named := sarifLogical{FullyQualifiedName: redact.Escape(e.Address)}
		result.Locations = append(result.Locations, sarifLocation{Logical: []sarifLogical{named}})
	}
	if e.silenced != nil {
		result.Suppressions = []sarifSuppression{{Kind: "inSource", Status: "accepted", Justification: oneLine(e.silenced.Reason)}}
	}
	return result
}

// artifactOf spells a path as a URI. One that leaves the project is as
// absolute as it was given.
func artifactOf(file string) sarifArtifact {
	file = path.Clean(strings.ReplaceAll(file, `\`, "/"))
	if path.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), Base: "%SRCROOT%"}
}

func sarifLevel(s plans.Severity) string {
	switch rank(s) {
	case 0:
		return "error"
	case 1:
		return "warning"
	default:
		return "note"
	}
}
