package planner

import (
	"cmp"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// draft is the plan while the passes fill it.
type draft struct {
	in   Input
	set  *config.Evaluated
	self Sibling // the head of the change set that is planned

	ordered []*block                      // of the change set, by address
	blocks  map[string]*block             // by address, databases included
	seen    map[string]*plans.Observation // by address

	digest     plans.Digest
	databases  []*schema
	nodes      map[string]*node   // by step address
	byBlock    map[string][]*node // in the order in which they run
	steps      []*node            // in plan order once ordered
	required   map[string]bool
	superseded []string // targets that a later change set has moved on

	diags    diag.Diagnostics
	findings []plans.Finding
}

// node is a step on its way into the plan.
type node struct {
	step plans.Step
	// because completes "in PHASE because ...".
	because string
	// rank orders steps of one phase that nothing else orders.
	rank rank
	// number orders steps of one rank: migrations by version.
	number int
	// gate is true for checks and bakes that bound a phase.
	gate gate
}

// rank is the place of a kind of step inside its phase where needs leave a choice.
type rank int

const (
	rankPrecondition rank = iota
	rankTerraform
	rankMigration
	rankFetch
	rankDeploy
	rankBackfill
	rankCheck
	rankBake
)

// gate is how a step bounds its phase.
type gate int

const (
	gateNone   gate = iota
	gateBefore      // all other steps of the phase come after it
	gateAfter       // it comes after all effects of the phase
	gateLast        // it comes after everything else of the phase
)

func newDraft(in Input) *draft {
	d := &draft{
		in: in, set: in.ChangeSet,
		blocks:   map[string]*block{},
		seen:     map[string]*plans.Observation{},
		nodes:    map[string]*node{},
		byBlock:  map[string][]*node{},
		required: map[string]bool{},
	}
	d.set = sortedBlocks(in.ChangeSet)
	for i := range d.set.Blocks {
		b := read(&d.set.Blocks[i])
		d.blocks[b.Address] = b
		d.ordered = append(d.ordered, b)
	}
	for i := range d.set.Databases {
		d.blocks[d.set.Databases[i].Address] = read(&d.set.Databases[i])
	}
	for i := range in.Observations {
		d.seen[in.Observations[i].Address] = &in.Observations[i]
	}
	d.self = d.head()
	return d
}

// sortedBlocks returns the change set with its blocks in order of address,
// without changing what the caller holds.
func sortedBlocks(set *config.Evaluated) *config.Evaluated {
	out := *set
	byAddress := func(a, b config.Block) int { return cmp.Compare(a.Address, b.Address) }
	out.Blocks = slices.SortedFunc(slices.Values(set.Blocks), byAddress)
	out.Databases = slices.SortedFunc(slices.Values(set.Databases), byAddress)
	return &out
}

// kind returns the blocks of one kind in order of address.
func (d *draft) kind(kind string) []*block {
	var out []*block
	for _, b := range d.ordered {
		if b.Kind == kind {
			out = append(out, b)
		}
	}
	return out
}

// add puts a step into the draft.
func (d *draft) add(n *node) {
	d.nodes[n.step.Address] = n
	d.byBlock[n.step.Block] = append(d.byBlock[n.step.Block], n)
	d.steps = append(d.steps, n)
}

// refuse reports an error at a place of the configuration or of an SQL file.
func (d *draft) refuse(at diag.Range, m mistake) {
	d.diags = append(d.diags, diag.Diagnostic{
		Severity: diag.Error, Code: m.code, Summary: m.summary, Detail: m.detail, Fix: m.fix, Range: at,
	})
}

// mistake is what makes a plan impossible.
type mistake struct{ code, summary, detail, fix string }

func (d *draft) find(f plans.Finding) { d.findings = append(d.findings, f) }

func (d *draft) sortedFindings() []plans.Finding {
	out := slices.Clone(d.findings)
	slices.SortStableFunc(out, compareFindings)
	return slices.CompactFunc(out, func(a, b plans.Finding) bool { return compareFindings(a, b) == 0 })
}

func compareFindings(a, b plans.Finding) int {
	return cmp.Or(
		cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)),
		cmp.Compare(a.Address, b.Address), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Code, b.Code), cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Detail, b.Detail),
	)
}

func severityRank(s plans.Severity) int {
	return slices.Index([]plans.Severity{plans.SeverityError, plans.SeverityWarning, plans.SeverityInfo}, s)
}

func compareInputs(a, b plans.Input) int {
	return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Size, b.Size))
}
