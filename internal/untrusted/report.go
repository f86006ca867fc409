// Package untrusted says of a project what its files alone say: for reviewers
// of a change by somebody whom nobody trusts. It asks no target, starts
// nothing and knows no secret; its answer is a report and never a plan that
// could be applied. What it does not look at, it lists.
package untrusted

import (
	"cmp"
	"io/fs"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
	"github.com/lockstep-dev/lockstep/plans"
)

// Request says what to look at.
type Request struct {
	// Tool is "lockstep VERSION"; Version is the number alone.
	Tool, Version string
	// Project is the project's folder. It must let no link lead out of it, and
	// bound what is read.
	Project fs.FS
	// Artifacts is the same folder with room for larger files.
	Artifacts fs.FS
	// Walk visits the names of the whole tree, hidden ones too; false when
	// something was left out.
	Walk func(visit func(name string, entry fs.DirEntry)) (whole bool)
	// Intrusive says why a file of this name has no place in a project; empty
	// if it has.
	Intrusive func(name string) string
	// Folder reads a folder of migrations; findings are what is wrong with it.
	Folder func(project fs.FS, folder string) ([]plans.MigrationFile, []plans.Finding)
	// Modules judges a Terraform module and those that it calls.
	Modules func(project fs.FS, source string, p tfpolicy.Policy) []tfpolicy.Finding

	ChangeSets  []string // empty: all
	Environment string   // empty: none in particular
}

// Report is what was found.
type Report struct {
	Environment string
	ChangeSets  []ChangeSet
	Findings    []plans.Finding
	Looked      Looked
	// NotLooked are sentences about what was not looked at.
	NotLooked []string
}

// ChangeSet is one change set of the report.
type ChangeSet struct {
	Name        string
	Description string
	Owner       string
	// Ordered is false where no order follows from the files alone; the
	// findings say why.
	Ordered bool
	// Steps are what a plan would do, in its order, as far as that follows
	// from the files: without settings, inputs and figures.
	Steps []plans.Step
	// Artifacts are local files and their digests.
	Artifacts []Artifact
}

// Artifact is a local file that would be deployed.
type Artifact struct {
	Address string       `json:"address"`
	Path    string       `json:"path"`
	Digest  plans.Digest `json:"digest"`
	Size    int64        `json:"size"`
}

// Looked counts what was looked at.
type Looked struct {
	Names      int `json:"names"` // of files and folders
	Migrations int `json:"migrations"`
	Modules    int `json:"modules"`
	Artifacts  int `json:"artifacts"`
}

// Make looks at everything. It never fails: what cannot be read is a finding.
func Make(r Request) Report {
	m := &maker{request: r, report: Report{Environment: r.Environment, NotLooked: never()}, folders: map[string]folder{}, modules: map[string]bool{}, holding: map[string]bool{}}
	m.names()
	m.project()
	m.report.Findings = sorted(m.report.Findings)
	slices.Sort(m.unknown)
	m.report.NotLooked = append(m.report.NotLooked, slices.Compact(m.unknown)...)
	return m.report
}

// never is what no report of this kind looks at.
func never() []string {
	return []string{
		"targets: no database, no environment and no deployment was asked what it has; earlier change sets are taken as applied",
		"Terraform: it was not run, so which resources change is not known; its sources were read as text",
		"the network: artifacts, modules and providers from elsewhere were not fetched, checks were not asked",
		"the environment: variables without a default, sensitive ones and everything that follows from them are unknown",
		"hidden files and folders, .git and .lockstep among them",
	}
}

// sorted puts the worst first, each finding once.
func sorted(all []plans.Finding) []plans.Finding {
	rank := map[plans.Severity]int{plans.SeverityError: 0, plans.SeverityWarning: 1, plans.SeverityInfo: 2}
	slices.SortStableFunc(all, func(a, b plans.Finding) int {
		return cmp.Or(
			cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Summary, b.Summary),
		)
	})
	return slices.CompactFunc(all, func(a, b plans.Finding) bool {
		return a.Code == b.Code && a.File == b.File && a.Line == b.Line && a.Address == b.Address && a.Summary == b.Summary && a.Severity == b.Severity
	})
}
