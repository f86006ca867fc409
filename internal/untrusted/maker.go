package untrusted

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// maker is a report under way.
type maker struct {
	request Request
	report  Report
	loaded  *config.Project
	values  *config.Values
	heads   []config.ChangeSetHead
	others  []planner.Sibling // the same for the planner
	folders map[string]folder // by path
	modules map[string]bool   // sources that were judged
	holding map[string]bool   // folders that hold Terraform configuration
	unknown []string          // what this project kept from being looked at
}

func (m *maker) find(f plans.Finding) { m.report.Findings = append(m.report.Findings, f) }

// names looks for files that have no place in a project, wherever they lie.
func (m *maker) names() {
	whole := m.request.Walk(func(name string, entry fs.DirEntry) {
		m.report.Looked.Names++
		if slices.ContainsFunc([]string{".tf", ".tf.json", ".tofu", ".tofu.json"}, func(end string) bool { return strings.HasSuffix(name, end) }) {
			m.holding[path.Dir(name)] = true
		}
		if reason := m.request.Intrusive(entry.Name()); reason != "" {
			m.find(plans.Finding{
				Code: "intrusive-file", Severity: plans.SeverityError, File: name, Summary: reason,
				Fix: "remove it; a trusted plan of a module that holds it is refused",
			})
		}
		if entry.Type()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0 {
			m.find(plans.Finding{
				Code: "special-file", Severity: plans.SeverityError, File: name,
				Summary: "a pipe, socket or device: whoever opens it waits, or speaks to a program", Fix: "remove it",
			})
		}
	})
	if !whole {
		m.find(plans.Finding{
			Code: "not-all-looked-at", Severity: plans.SeverityError, File: ".",
			Summary: "the project has more files, or deeper folders, than are looked at: the rest of the names was left out",
			Fix:     "do not merge what nobody has looked at",
		})
	}
}

// project reads the language files and what they lead to.
func (m *maker) project() {
	project, ds := config.Load(m.request.Project)
	m.diagnostics(ds)
	m.loaded, m.heads = project, project.ChangeSets()
	for _, d := range project.Databases() {
		if d.Migrations != "" {
			m.readFolder(d.Migrations)
		}
	}
	if ds.HasErrors() {
		m.unknown = append(m.unknown, "the change sets: the project's own files have errors, so migrations and Terraform modules were judged by themselves")
		m.lintFolders()
		for _, folder := range slices.Sorted(maps.Keys(m.holding)) {
			m.judgeModule(folder, "")
		}
		return
	}
	m.diagnostics(project.CheckTools(m.request.Version))
	m.allowances(project.Settings().TerraformPolicy)
	values, ds := project.Values(m.request.Environment, config.ValueInputs{Open: true})
	m.diagnostics(ds)
	if values == nil { // no such environment
		return
	}
	m.values = values
	for _, head := range m.chosen() {
		m.changeSet(head)
	}
}

// allowances tells what the project lets its own Terraform sources do: who
// changes them may have changed this too.
func (m *maker) allowances(p config.TerraformPolicy) {
	if len(p.Allow) == 0 {
		return
	}
	m.find(plans.Finding{
		Code: "terraform-policy-allows", Severity: plans.SeverityWarning, Address: "lockstep.terraform_policy",
		Summary: fmt.Sprintf("the project's own terraform_policy allows %q: a trusted plan of it would do that", p.Allow),
		Fix:     "see whether this change brought it, before anybody makes a trusted plan",
	})
}

// chosen are the change sets that were asked for.
func (m *maker) chosen() []config.ChangeSetHead {
	all := m.heads
	if len(m.request.ChangeSets) == 0 {
		return all
	}
	var chosen []config.ChangeSetHead
	for _, name := range m.request.ChangeSets {
		i := slices.IndexFunc(all, func(h config.ChangeSetHead) bool { return h.Name == name })
		if i < 0 {
			m.find(plans.Finding{
				Code: "unknown-change-set", Severity: plans.SeverityError,
				Summary: fmt.Sprintf("change set %q is not declared", name), Fix: "name one that is, or none for all",
			})
			continue
		}
		chosen = append(chosen, all[i])
	}
	return chosen
}

// diagnostics are findings. That a value is not known is no mistake of the
// author's: nobody has given it.
func (m *maker) diagnostics(ds diag.Diagnostics) {
	for _, d := range ds {
		f := plans.Finding{
			Code: d.Code, Severity: plans.SeverityWarning, Summary: d.Summary, Detail: d.Detail, Fix: d.Fix,
			File: d.Range.File, Line: d.Range.Start.Line,
		}
		switch {
		case unjudged(d):
			f.Severity = plans.SeverityInfo
			f.Detail, f.Fix = "The value comes from an environment, which is not asked here.", ""
		case d.Severity == diag.Error:
			f.Severity = plans.SeverityError
		}
		m.find(f)
	}
}

// unjudged reports whether an error says only that a value is not known.
func unjudged(d diag.Diagnostic) bool { return d.Code == "unknown-value" }
