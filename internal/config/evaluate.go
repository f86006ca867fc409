package config

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// Export is what a block offers to others once it is planned or done.
type Export struct {
	Known     map[string]json.RawMessage
	Sensitive map[string]json.RawMessage
	Unknown   []string
}

// EvaluateRequest asks for one change set in one environment.
type EvaluateRequest struct {
	ChangeSet   string
	Environment string
	Values      *Values // from Values or RestoreValues
	// Exports holds, by block address, what blocks offer: artifact.file.api
	// digest, path and pinned; terraform.cache its outputs by name, reached
	// as terraform.cache.outputs.NAME. Others offer unknown values.
	Exports map[string]Export
}

// Evaluate evaluates the expressions of a change set. The result is not nil
// unless the change set does not exist, and is usable where there is no error.
func (p *Project) Evaluate(req EvaluateRequest) (*Evaluated, diag.Diagnostics) {
	changeSet := p.find("change_set", req.ChangeSet)
	if changeSet == nil {
		return nil, diag.Diagnostics{p.unknownChangeSet(req.ChangeSet).at(hcl.Range{})}
	}
	r := &resolution{project: p, request: req, changeSet: changeSet}
	r.prepare()
	evaluated := r.head()
	for _, b := range changeSet.blocks {
		switch b.doc.Type {
		case "phase":
			r.phase(b, evaluated.Phases)
		case "rollback":
			evaluated.Rollback = r.rollback(b)
		default:
			evaluated.Blocks = append(evaluated.Blocks, r.block(b))
		}
	}
	evaluated.Databases = r.databaseBlocks(evaluated.Blocks)
	evaluated.Lint = p.LintRules()
	sortBlocks(evaluated.Blocks)
	r.ds.Sort()
	return evaluated, r.ds
}

func (p *Project) unknownChangeSet(name string) mistake {
	var names []string
	for _, b := range p.root.children("change_set") {
		names = append(names, b.name)
	}
	return mistake{
		"unknown-change-set", fmt.Sprintf("No change set %q", cut(name)),
		"The project does not declare it.", didYouMean(name, names),
	}
}

// resolution is the work of one Evaluate.
type resolution struct {
	project   *Project
	request   EvaluateRequest
	changeSet *block
	// allDatabases evaluates every database, not those referred to alone.
	allDatabases bool
	eval         *evaluation
	databases    map[string]cty.Value // by name, with the given url
	ds           diag.Diagnostics
}

// prepare builds the names that expressions see: values, locals, exports,
// then databases, which may use all of these.
func (r *resolution) prepare() {
	names := map[string]cty.Value{
		"var":  cty.EmptyObjectVal,
		"path": cty.ObjectVal(map[string]cty.Value{"root": cty.StringVal(".")}),
		"lockstep": cty.ObjectVal(map[string]cty.Value{
			"environment": textOrUnknown(r.request.Environment),
			"change_set":  textOrUnknown(r.changeSet.name),
		}),
	}
	if r.request.Values != nil {
		names["var"] = r.request.Values.object()
	}
	r.eval = newEvaluation(r.project, names)
	for kind, value := range r.exports() {
		names[kind] = value
	}
	names["database"] = cty.DynamicVal // locals that use databases see them later
	names["local"] = r.locals()
	r.databases = r.databaseValues()
	names["database"] = cty.ObjectVal(r.databases)
}

func textOrUnknown(s string) cty.Value {
	if s == "" {
		return cty.UnknownVal(cty.String).RefineNotNull()
	}
	return cty.StringVal(s)
}

// locals evaluates all locals, each after those it uses.
func (r *resolution) locals() cty.Value {
	locals := r.project.locals()
	needs := map[string][]string{}
	for name, arg := range locals {
		needs["local."+name] = localNeeds(arg)
	}
	order, _ := sortByNeeds(needs) // cycles are reported by Load
	values := map[string]cty.Value{}
	for _, address := range order {
		name := address[len("local."):]
		r.eval.context.Variables["local"] = withUnknown(values, locals)
		value, ds := r.eval.expression(locals[name].expr)
		r.ds = append(r.ds, ds...)
		values[name] = value
	}
	return cty.ObjectVal(values)
}

// withUnknown fills up what is not evaluated yet, so that a cycle gives
// unknown values instead of another error.
func withUnknown(values map[string]cty.Value, all map[string]*argument) cty.Value {
	filled := map[string]cty.Value{}
	for name := range all {
		filled[name] = cty.DynamicVal
		if value, ok := values[name]; ok {
			filled[name] = value
		}
	}
	return cty.ObjectVal(filled)
}

func (r *resolution) head() *Evaluated {
	p, b := r.project, r.changeSet
	return &Evaluated{
		Name:         b.name,
		Description:  p.constantText(b, "description"),
		Owner:        p.constantText(b, "owner"),
		Links:        p.constantTexts(b, "links"),
		DependsOn:    namesIn(b.args["depends_on"]),
		Environments: p.constantTexts(b, "environments"),
		Source:       b.source,
		Range:        diag.FromHCLRange(b.place),
		Phases:       map[plans.Phase]PhaseRules{},
		Rollback:     RollbackRules{OnFailure: "auto", KeepSchema: true},
	}
}

func (r *resolution) phase(b *block, phases map[plans.Phase]PhaseRules) {
	phases[plans.Phase(b.name)] = PhaseRules{
		Preconditions:  addressesIn(b.args["preconditions"]),
		Postconditions: addressesIn(b.args["postconditions"]),
		BakeTime:       r.duration(b, "bake_time"),
		Range:          diag.FromHCLRange(b.place),
	}
}

func (r *resolution) rollback(b *block) RollbackRules {
	return RollbackRules{
		OnFailure:  textOf(r.decided(b, "on_failure")),
		KeepSchema: r.decided(b, "keep_schema").True(),
		Timeout:    r.duration(b, "timeout"),
	}
}

// decided evaluates an argument that the plan itself depends on, so that it
// may be neither unknown, once there is an environment, nor secret. What
// cannot be used is replaced by the default.
func (r *resolution) decided(b *block, name string) cty.Value {
	value, ds := r.eval.argument(b, name)
	r.ds = append(r.ds, ds...)
	bare, _ := value.UnmarkDeep()
	given := b.args[name]
	switch {
	case ds.HasErrors() || given == nil:
	case value.ContainsMarked():
		r.ds = append(r.ds, secretIn(name).at(given.expr.Range()))
	case !bare.IsWhollyKnown() && r.request.Environment != "":
		r.ds = append(r.ds, mistake{
			"unknown-value", fmt.Sprintf("Value of %q is not known while planning", name),
			"The plan itself depends on it, so it cannot wait for a step of the plan.", "Use a value that does not come from another block.",
		}.at(given.expr.Range()))
	}
	if !bare.IsWhollyKnown() || bare.IsNull() {
		return r.eval.absent(b, name)
	}
	return bare
}

func secretIn(name string) mistake {
	return mistake{
		"secret-shown", fmt.Sprintf("Sensitive value in %q", name),
		"The argument is shown in plans and logs, and its value is built from a sensitive variable.", "Use a value that is not sensitive.",
	}
}

func (r *resolution) duration(b *block, name string) time.Duration {
	d, _ := time.ParseDuration(textOf(r.decided(b, name))) // normalised, or empty when absent
	return d
}
