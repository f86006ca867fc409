package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/report"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/internal/untrusted"
	"github.com/lockstep-dev/lockstep/plans"
)

// Untrusted shows what the files of a project say that nobody trusts.
type Untrusted struct {
	Out *terminal.Output
}

// notAPlan is said in every form.
const notAPlan = "This is a report about files, not a plan: nothing in it can be applied."

// Text writes the report for a screen; full lists every statement and finding.
func (v Untrusted) Text(r untrusted.Report, full bool) error {
	p := newPage(v.Out)
	p.paragraph("", p.out.Paint(terminal.Strong, notAPlan))
	for _, set := range r.ChangeSets {
		p.line("")
		p.line("%s", p.out.Paint(terminal.Strong, "change set "+safe(set.Name)))
		if about := aboutOf(set); about != "" {
			p.paragraph("", about)
		}
		untrustedSteps(p, set, full)
	}
	limit := shownFindings
	if full {
		limit = len(r.Findings)
	}
	findings(p, r.Findings, limit)
	p.line("")
	p.paragraph("Looked at: ", lookedAt(r))
	p.line("Not looked at:")
	for _, words := range r.NotLooked {
		p.paragraph("  - ", safe(words))
	}
	p.line("")
	p.line("Next, once somebody whom you trust has reviewed the change:")
	p.command("lockstep plan --env NAME --out FILE", "the plan, on a machine that may ask the targets")
	return p.flush()
}

func aboutOf(set untrusted.ChangeSet) string {
	about := safe(set.Description)
	if set.Owner != "" {
		about += " (" + safe(set.Owner) + ")"
	}
	return strings.TrimSpace(about)
}

func untrustedSteps(p *page, set untrusted.ChangeSet, full bool) {
	plan := asPlan(set)
	switch {
	case !set.Ordered:
		p.paragraph("", "No order follows from the files alone; the findings say why.")
	case len(set.Steps) == 0:
		p.paragraph("", "It does nothing, as far as its files tell.")
	default:
		steps(p, plan)
	}
	for i := range plan.Steps {
		if full {
			p.line("")
			title(p, plan, i)
			detail(p, plan, &plan.Steps[i])
		}
	}
	for _, a := range set.Artifacts {
		p.line("artifact %s  %s  %s  %d bytes", safe(a.Address), safe(a.Path), a.Digest, a.Size)
	}
}

func asPlan(set untrusted.ChangeSet) *plans.Plan {
	return &plans.Plan{ChangeSet: set.Name, Steps: set.Steps}
}

func lookedAt(r untrusted.Report) string {
	return fmt.Sprintf("%s of files and folders, %s, %s of Terraform, %s",
		count(r.Looked.Names, "name"), count(r.Looked.Migrations, "migration"), count(r.Looked.Modules, "module"), count(r.Looked.Artifacts, "artifact"))
}

// JSON writes the report with the lists of a plan's document, without a digest.
func (v Untrusted) JSON(r untrusted.Report) error {
	doc := untrustedDocument{
		FormatVersion: FormatVersion, Untrusted: true, Environment: r.Environment,
		Steps: []untrustedStep{}, Findings: list(r.Findings), LookedAt: r.Looked, NotLookedAt: list(r.NotLooked),
		Blocked: []plans.Block{{
			Code: "untrusted", Summary: notAPlan, Who: "somebody who trusts the change, after a review", Next: "lockstep plan --env NAME --out FILE",
		}},
	}
	for _, set := range r.ChangeSets {
		doc.ChangeSets = append(doc.ChangeSets, untrustedSet{Name: set.Name, Ordered: set.Ordered, Artifacts: list(set.Artifacts)})
		for i := range set.Steps {
			doc.Steps = append(doc.Steps, untrustedStep{ChangeSet: set.Name, stepDocument: stepOf(&set.Steps[i])})
		}
	}
	if len(r.ChangeSets) == 1 {
		doc.ChangeSet = r.ChangeSets[0].Name
	}
	doc.ChangeSets = list(doc.ChangeSets)
	return document(v.Out, doc)
}

type untrustedDocument struct {
	FormatVersion string           `json:"format_version"`
	Untrusted     bool             `json:"untrusted"`
	Digest        string           `json:"digest"` // always empty: there is nothing to apply
	ChangeSet     string           `json:"change_set"`
	Environment   string           `json:"environment"`
	ChangeSets    []untrustedSet   `json:"change_sets"`
	Steps         []untrustedStep  `json:"steps"`
	Findings      []plans.Finding  `json:"findings"`
	Blocked       []plans.Block    `json:"blocked"`
	LookedAt      untrusted.Looked `json:"looked_at"`
	NotLookedAt   []string         `json:"not_looked_at"`
}

type untrustedSet struct {
	Name      string               `json:"name"`
	Ordered   bool                 `json:"ordered"`
	Artifacts []untrusted.Artifact `json:"artifacts"`
}

type untrustedStep struct {
	ChangeSet string `json:"change_set"`
	stepDocument
}

// Markdown writes the comment of a pull request, at most report.MarkdownLimit
// bytes long. Its first line is a mark by which a pipeline finds it again.
func (v Untrusted) Markdown(r untrusted.Report) error {
	p := newPage(v.Out)
	p.line("<!-- lockstep:untrusted -->")
	p.line("### %s of an untrusted change", count(len(r.Findings), "finding"))
	p.line("\n%s", notAPlan)
	room := newPage(v.Out)
	room.line("\n**Looked at:** %s", report.Prose(lookedAt(r)))
	room.line("\n**Not looked at:**\n")
	for _, words := range r.NotLooked {
		if room.Len() < report.MarkdownLimit/4 {
			room.line("- %s", report.Prose(words))
		}
	}
	left := func() int { return report.MarkdownLimit - p.Len() - room.Len() - 200 }
	if listed := markdownFindings(firstFindings(r.Findings, left()*2/3)); listed != "" {
		p.line("\n%s", listed)
	}
	if shown := len(firstFindings(r.Findings, left()*2/3)); shown < len(r.Findings) {
		p.line("and %d more findings: `lockstep plan --untrusted --json` lists all", len(r.Findings)-shown)
	}
	for i, set := range r.ChangeSets {
		part := newPage(v.Out)
		markdownSet(part, set)
		if part.Len() > left() {
			p.line("\n%s left out: too long for a comment.", count(len(r.ChangeSets)-i, "change set"))
			break
		}
		p.WriteString(part.String())
	}
	p.WriteString(room.String())
	return p.flush()
}

func markdownSet(p *page, set untrusted.ChangeSet) {
	p.line("\n#### %s", report.Code(set.Name))
	if set.Description != "" {
		p.line("\n%s", report.Prose(safe(set.Description)))
	}
	switch {
	case !set.Ordered:
		p.line("\nNo order follows from the files alone; the findings say why.")
	case len(set.Steps) > 0:
		markdownSteps(p, asPlan(set))
	}
	for _, a := range set.Artifacts {
		p.line("\n%s: %s", report.Code(a.Path), report.Code(string(a.Digest)))
	}
	for _, section := range sections(Review{Plan: asPlan(set)}) {
		p.line("\n<details><summary>%s</summary>\n\n%s\n</details>", section.title, section.text)
	}
}

// firstFindings are those that fit into a number of bytes.
func firstFindings(all []plans.Finding, limit int) []plans.Finding {
	used := 0
	for i := range all {
		if used += len(markdownFindings(all[i : i+1])); used > limit {
			return all[:i]
		}
	}
	return all
}
