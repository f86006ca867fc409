package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

const defaultJournal = ".lockstep"

// LockstepSettings are the project's settings.
type LockstepSettings struct {
	RequiredVersion string            // empty: any
	RequiredTools   map[string]string // constraint by tool
	JournalPath     string            // relative to the project
	PluginMirror    string            // absolute path or https address; empty: the registries
	TerraformPolicy TerraformPolicy
	Encryption      Encryption
}

// Encryption is who may read what can hold secrets.
type Encryption struct {
	Recipients   []string // none: nothing is encrypted
	IdentityFile string   // relative to the project, or absolute
}

// TerraformPolicy is what the sources of terraform blocks may do.
type TerraformPolicy struct {
	Allow     []string // subjects of findings
	Providers []string // nil: any
	Modules   []string // nil: any
}

// Environment is an environment block.
type Environment struct {
	Name      string
	DependsOn []string
	VarFiles  []string // relative to the project
	Protected bool
	// Protect are patterns of Terraform addresses and types that no plan may
	// take anything from.
	Protect  []string
	SoakTime time.Duration
	Range    diag.Range
}

// ChangeSetHead is what a change_set block says without values.
type ChangeSetHead struct {
	Name         string
	Description  string
	Owner        string
	DependsOn    []string
	Environments []string // empty: all
	Range        diag.Range
	Migrations   []MigrationHead
}

// MigrationHead is a migration block's target.
type MigrationHead struct {
	Database string
	Version  uint64 // 0: the newest file
}

// DatabaseHead is what a database block says without values.
type DatabaseHead struct {
	Name       string
	Driver     string
	Migrations string // folder, relative to the project
}

// Settings returns the project's settings with defaults.
func (p *Project) Settings() LockstepSettings {
	settings := LockstepSettings{RequiredTools: map[string]string{}, JournalPath: defaultJournal}
	for _, b := range p.root.children("lockstep") {
		settings.RequiredVersion = p.constantText(b, "required_version")
		settings.PluginMirror = p.constantText(b, "plugin_mirror")
		for _, policy := range b.children("terraform_policy") {
			settings.TerraformPolicy = TerraformPolicy{
				Allow: p.constantTexts(policy, "allow"), Providers: p.constantTexts(policy, "providers"), Modules: p.constantTexts(policy, "modules"),
			}
		}
		for _, encryption := range b.children("encryption") {
			settings.Encryption = Encryption{
				Recipients: p.constantTexts(encryption, "recipients"), IdentityFile: p.constantText(encryption, "identity_file"),
			}
		}
		for _, tools := range b.children("required_tools") {
			for name := range tools.args {
				settings.RequiredTools[name] = p.constantText(tools, name)
			}
		}
		for _, journal := range b.children("journal") {
			if path := p.constantText(journal, "path"); path != "" {
				settings.JournalPath = path
			}
		}
	}
	return settings
}

// Environments returns the environments, each after those it depends on, and
// by name where that leaves a choice.
func (p *Project) Environments() []Environment {
	blocks := map[string]*block{}
	needs := map[string][]string{}
	for _, b := range p.root.children("environment") {
		blocks[b.name] = b
		needs[b.name] = namesIn(b.args["depends_on"])
	}
	order, _ := sortByNeeds(needs) // cycles are reported by Load
	var environments []Environment
	for _, name := range order {
		b := blocks[name]
		environments = append(environments, Environment{
			Name:      name,
			DependsOn: needs[name],
			VarFiles:  p.constantTexts(b, "var_files"),
			Protected: p.constantBool(b, "protected"),
			Protect:   p.constantTexts(b, "protect"),
			SoakTime:  p.constantDuration(b, "soak_time"),
			Range:     diag.FromHCLRange(b.place),
		})
	}
	return environments
}

// ChangeSets returns the change sets by name.
func (p *Project) ChangeSets() []ChangeSetHead {
	var heads []ChangeSetHead
	for _, b := range p.sorted("change_set") {
		head := ChangeSetHead{
			Name:         b.name,
			Description:  p.constantText(b, "description"),
			Owner:        p.constantText(b, "owner"),
			DependsOn:    namesIn(b.args["depends_on"]),
			Environments: p.constantTexts(b, "environments"),
			Range:        diag.FromHCLRange(b.place),
		}
		for _, migration := range b.children("migration") {
			if names := namesIn(migration.args["database"]); len(names) == 1 {
				head.Migrations = append(head.Migrations, MigrationHead{Database: names[0], Version: p.constantVersion(migration)})
			}
		}
		heads = append(heads, head)
	}
	return heads
}

// Databases returns the databases by name.
func (p *Project) Databases() []DatabaseHead {
	var heads []DatabaseHead
	for _, b := range p.sorted("database") {
		heads = append(heads, DatabaseHead{
			Name:       b.name,
			Driver:     p.constantText(b, "driver"),
			Migrations: p.constantText(b, "migrations"),
		})
	}
	return heads
}

// CheckTools says whether this version of Lockstep may read the project.
// Development builds ("dev", "") may read any.
func (p *Project) CheckTools(lockstepVersion string) diag.Diagnostics {
	for _, b := range p.root.children("lockstep") {
		wanted := p.constantText(b, "required_version")
		constraint, err := version.NewConstraint(wanted)
		running, runningErr := version.NewVersion(lockstepVersion)
		if wanted == "" || err != nil || runningErr != nil || constraint.Check(running.Core()) {
			continue
		}
		return diag.Diagnostics{mistake{
			"version-mismatch", "This version of Lockstep may not read the project",
			fmt.Sprintf("The project requires %s, this is %s.", wanted, lockstepVersion),
			"Install a version that fits, or change required_version.",
		}.at(b.args["required_version"].place)}
	}
	return nil
}

func (p *Project) sorted(kind string) []*block {
	byName := map[string]*block{}
	for _, b := range p.root.children(kind) {
		if byName[b.name] == nil {
			byName[b.name] = b
		}
	}
	var blocks []*block
	for _, name := range sortedKeys(byName) {
		blocks = append(blocks, byName[name])
	}
	return blocks
}

func (p *Project) find(kind, name string) *block {
	for _, b := range p.root.children(kind) {
		if b.name == name {
			return b
		}
	}
	return nil
}

// constant returns an argument that needs no values, with its default. What
// is wrong with it was reported by Load.
func (p *Project) constant(b *block, name string) cty.Value {
	e := &evaluation{project: p} // what is left out, as most is, needs no functions
	if b.args[name] != nil {
		e = newEvaluation(p, nil)
	}
	value, _ := e.argument(b, name)
	value, _ = value.UnmarkDeep()
	if !value.IsWhollyKnown() {
		return cty.NullVal(value.Type())
	}
	return value
}

func (p *Project) constantText(b *block, name string) string {
	return textOf(p.constant(b, name))
}

func (p *Project) constantTexts(b *block, name string) []string {
	return textsOf(p.constant(b, name))
}

func (p *Project) constantBool(b *block, name string) bool {
	value := p.constant(b, name)
	return !value.IsNull() && value.Type() == cty.Bool && value.True()
}

func (p *Project) constantDuration(b *block, name string) time.Duration {
	d, _ := time.ParseDuration(p.constantText(b, name)) // normalised, or empty when wrong
	return d
}

func (p *Project) constantVersion(b *block) uint64 {
	value := p.constant(b, "version")
	if value.IsNull() || value.Type() != cty.Number {
		return 0
	}
	v, _ := value.AsBigFloat().Uint64()
	return v
}
