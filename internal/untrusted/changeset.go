package untrusted

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
	"github.com/lockstep-dev/lockstep/plans"
)

// maxConfiguration bounds one file of a Terraform module.
const maxConfiguration = 1 << 20

// set is one change set while it is looked at.
type set struct {
	head      config.ChangeSetHead
	evaluated *config.Evaluated
	seen      []plans.Observation // what is taken as given
	result    ChangeSet
}

func (m *maker) changeSet(head config.ChangeSetHead) {
	s := &set{head: head, result: ChangeSet{Name: head.Name, Description: head.Description, Owner: head.Owner}}
	evaluated, ds := m.loaded.Evaluate(config.EvaluateRequest{ChangeSet: head.Name, Environment: m.request.Environment, Values: m.values})
	m.diagnostics(ds)
	s.evaluated = evaluated
	for _, b := range evaluated.Blocks {
		switch b.Kind {
		case "terraform":
			m.module(s, b)
		case "artifact":
			m.artifact(s, b)
		case "deployment", "backfill":
			s.seen = append(s.seen, plans.Observation{Address: b.Address, Provider: b.Kind + "/" + b.Driver, Late: true})
		}
	}
	for _, b := range evaluated.Databases {
		m.database(s, b)
	}
	if slices.ContainsFunc(ds, func(d diag.Diagnostic) bool { return d.Severity == diag.Error && !unjudged(d) }) || !m.order(s) {
		m.lint(s)
	}
	m.report.ChangeSets = append(m.report.ChangeSets, s.result)
}

// module judges the sources of a Terraform block by a policy that allows
// nothing: what the project itself allows may be a part of the change.
func (m *maker) module(s *set, b config.Block) {
	source := b.Settings.Text("source")
	if source == "" {
		m.unknown = append(m.unknown, fmt.Sprintf("%s of change set %s: its source follows from values that are not known", b.Address, s.head.Name))
		return
	}
	s.seen = append(s.seen, standIn(b.Address))
	m.judgeModule(source, b.Address)
}

func (m *maker) judgeModule(source, address string) {
	if m.modules[path.Clean(source)] {
		return
	}
	m.modules[path.Clean(source)] = true
	m.report.Looked.Modules++
	for _, f := range m.request.Modules(m.request.Project, source, tfpolicy.Policy{MaxBytes: maxConfiguration}) {
		m.find(plans.Finding{
			Code: f.Rule, Severity: f.Severity, Summary: f.Message, Fix: f.Fix, Address: address, File: f.File, Line: f.Line, Roles: []string{"security"},
		})
	}
}

// artifact hashes a file of the project.
func (m *maker) artifact(s *set, b config.Block) {
	name := b.Settings.Text("path")
	if b.Driver != "file" || name == "" {
		m.unseen(s, b, "its content is not in the project")
		return
	}
	a := Artifact{Address: b.Address, Path: path.Clean(name)}
	var err error
	if a.Digest, a.Size, err = digest(m.request.Artifacts, a.Path); err != nil {
		m.unseen(s, b, err.Error())
		return
	}
	m.report.Looked.Artifacts++
	s.result.Artifacts = append(s.result.Artifacts, a)
	s.seen = append(s.seen, plans.Observation{
		Address: b.Address, Provider: "artifact/file", Artifact: &plans.ArtifactState{Digest: a.Digest, Size: a.Size},
	})
}

// unseen is an artifact that nobody has seen: it counts as what the block
// says of it, and where that is nothing, as something that has no name.
func (m *maker) unseen(s *set, b config.Block, why string) {
	m.unknown = append(m.unknown, fmt.Sprintf("%s of change set %s: %s", b.Address, s.head.Name, why))
	state := &plans.ArtifactState{Digest: plans.Digest(b.Settings.Text("digest"))}
	if state.Digest == "" {
		state.Digest = nameless()
	}
	s.seen = append(s.seen, plans.Observation{Address: b.Address, Provider: "artifact/" + b.Driver, Artifact: state})
}

// nameless stands for content that is not known while steps are ordered; what
// is told of the steps does not hold it.
func nameless() plans.Digest { return plans.DigestOf([]byte("content that nobody has seen")) }

func digest(fsys fs.FS, name string) (plans.Digest, int64, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return plans.Digest("sha256:" + hex.EncodeToString(sum.Sum(nil))), n, err
}
