package untrusted

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// order asks the planner, which is a pure function, what it would do where
// everything before this change set is there. What it does not get to see
// stays unknown in the steps.
func (m *maker) order(s *set) bool {
	evaluated := *s.evaluated
	evaluated.Blocks, evaluated.Databases = given(evaluated.Blocks), given(evaluated.Databases)
	if m.request.Environment == "" {
		evaluated.Environments = nil // it goes somewhere
	}
	in := planner.Input{
		Tool: m.request.Tool, ChangeSet: &evaluated, Environment: planner.Environment{Name: m.request.Environment},
		Siblings: m.siblings(), Folders: map[string][]plans.MigrationFile{}, Observations: s.seen,
	}
	for _, b := range evaluated.Databases {
		in.Folders[b.Name] = m.readFolder(b.Settings.Text("migrations"))
	}
	p, ds := planner.Plan(in)
	if p == nil {
		m.diagnostics(ds)
		return false
	}
	m.diagnostics(ds)
	m.report.Findings = append(m.report.Findings, slices.DeleteFunc(p.Findings, idle)...)
	s.result.Ordered = true
	for _, step := range p.Steps {
		s.result.Steps = append(s.result.Steps, asSeen(step))
	}
	return true
}

// given are blocks whose targets count as looked at although their addresses
// and inputs are not known: else they would be planned as ones that the change
// set itself makes.
func given(blocks []config.Block) []config.Block {
	all := slices.Clone(blocks)
	for i, b := range all {
		if b.Kind != "database" && b.Kind != "terraform" {
			continue
		}
		if known, err := b.Settings.KnownAlone(); err == nil {
			all[i].Settings = known
		}
	}
	return all
}

// idle are findings of the planner about what is only taken as given.
func idle(f plans.Finding) bool {
	return slices.Contains([]string{"unknown-origin", "baseline", "late-database"}, f.Code)
}

// siblings are the other change sets, each in every environment where none is
// named.
func (m *maker) siblings() []planner.Sibling {
	if m.others != nil {
		return m.others
	}
	var all []planner.Sibling
	for i, head := range m.heads {
		s := planner.Sibling{Name: head.Name, DependsOn: head.DependsOn, Environments: head.Environments, Versions: map[string]uint64{}, Order: i}
		if m.request.Environment == "" {
			s.Environments = nil
		}
		for _, migration := range head.Migrations {
			s.Versions[migration.Database] = versionIn(head, migration.Database)
		}
		all = append(all, s)
	}
	m.others = all
	return all
}

// standIn makes the planner place a module whose plan nobody has made.
func standIn(address string) plans.Observation {
	return plans.Observation{
		Address: address, Provider: "terraform", Terraform: &plans.TerraformState{Plan: plans.DigestOf(nil)},
	}
}

// asSeen leaves of a step what follows from the files: no settings, which may
// hold values, and no words about a Terraform plan that was not made.
func asSeen(s plans.Step) plans.Step {
	s.Settings, s.Inputs, s.Envelope = nil, nil, nil
	for _, words := range []*string{&s.Summary, &s.Why, &s.Rollback.Summary, &s.Rollback.Reason} {
		*words = strings.ReplaceAll(*words, nameless().Short(), "content that is not known")
	}
	if s.Action == plans.ActionTerraform {
		s.Late = false
		s.Summary = "not known: Terraform is not run"
		s.Why = "before the deployment if it only adds, behind it if it takes away: which of the two, Terraform's plan would tell"
		s.Risk = plans.Risk{Level: "high", Reasons: []string{"what it changes is not known"}}
		s.Rollback = plans.Rollback{Grade: plans.GradeNone, Summary: "not known", Reason: "what it changes is not known"}
	}
	return s
}
