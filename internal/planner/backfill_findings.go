package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// backfillFindings says what a reviewer must know of a backfill that runs.
func (d *draft) backfillFindings(f *backfill) {
	note := func(severity plans.Severity, code, summary, detail, fix string) {
		d.find(plans.Finding{Code: code, Severity: severity, Address: f.block.Address, Summary: summary, Detail: detail, Fix: fix})
	}
	if f.spec.Again != "" {
		d.noteEdited(f)
	}
	if f.spec.Remaining == "" {
		note(plans.SeverityInfo, "backfill-unchecked", f.block.Address+" ends behind its last key, and nothing counts what is left",
			"Rows that its update leaves out, or that older code writes meanwhile, are not noticed.",
			"add remaining = \"SELECT count(*) FROM ...\", which must be 0 at the end")
	}
	d.noteFigures(f, note)
	d.noteContract(f)
}

func (d *draft) noteEdited(f *backfill) {
	summary := fmt.Sprintf("%s was edited: every row is gone over again", f.block.Address)
	state := "was begun"
	if f.seen.Finished != "" {
		state = "ran to its end at " + f.seen.Finished
	}
	d.find(plans.Finding{
		Code: "backfill-edited", Severity: plans.SeverityWarning, Address: f.block.Address, Summary: summary,
		Detail: fmt.Sprintf("With its text before (%s) it %s by run %s and changed %s.", f.seen.Definition.Short(), state, f.seen.Run, rowsOf(f.seen.Rows)),
		Fix:    "make sure that the update may run over those rows once more, or put the old text back and write a backfill of another name",
	})
}

func (d *draft) noteFigures(f *backfill, note func(severity plans.Severity, code, summary, detail, fix string)) {
	if f.seen == nil || f.figures.Missing != "" {
		return
	}
	if !f.figures.Indexed {
		note(plans.SeverityWarning, "backfill-key-without-index", fmt.Sprintf("no index begins with %s of %s", f.spec.Key, f.spec.Table),
			"Each batch reads the whole table to find its keys.", "use the primary key, or create an index first")
	}
	if f.figures.Nullable {
		note(plans.SeverityWarning, "backfill-nullable-key", fmt.Sprintf("%s of %s may be NULL", f.spec.Key, f.spec.Table),
			"Rows without a key belong to no batch and are left out.", "use a column that is NOT NULL")
	}
	if f.figures.Indexed && f.figures.Shared {
		note(plans.SeverityWarning, "backfill-shared-key", fmt.Sprintf("many rows of %s may have the same %s", f.spec.Table, f.spec.Key),
			"A batch takes all rows of its last key, however many these are, and locks them while it lasts.",
			"use a column that is unique by itself, unless no key has more than a few thousand rows")
	}
	if f.figures.Replicas > 0 && f.figures.LagHidden {
		note(plans.SeverityWarning, "backfill-lag-hidden", "the lag of replicas cannot be seen, so "+f.block.Address+" does not hold for it",
			fmt.Sprintf("%s has %s, and the role of its url may not see how far behind they are.", f.database.Address, count(f.figures.Replicas, "replica")),
			"GRANT pg_monitor TO the role")
	}
}

// noteContract: between the backfill and what takes the old column away, code
// of the old version may have written rows.
func (d *draft) noteContract(f *backfill) {
	s := d.schemaOf(f.name)
	if s == nil || f.phase == plans.Contract || len(d.set.Phases[plans.Contract].Preconditions) > 0 {
		return
	}
	for _, m := range s.pending {
		if m.phase != plans.Contract {
			continue
		}
		d.find(plans.Finding{
			Code: "backfill-not-checked-again", Severity: plans.SeverityInfo, Address: f.block.Address,
			Summary: fmt.Sprintf("nothing looks again at what %s filled before %s runs in contract", f.block.Address, m.file.ID()),
			Detail:  "Code of the old version that still runs after the backfill can write rows that it does not fill.",
			Fix:     "name a check in preconditions of phase \"contract\"",
		})
		return
	}
}

// backfillOrder puts backfills behind what they need and before what needs
// them, as far as no reference says otherwise.
func (d *draft) backfillOrder() {
	for _, b := range d.kind("backfill") {
		for _, n := range d.byBlock[b.Address] {
			d.orderBackfill(b, n)
		}
	}
}

func (d *draft) orderBackfill(b *block, n *node) {
	for _, other := range d.steps {
		if other.step.Phase != n.step.Phase {
			continue
		}
		theirs := d.blocks[other.step.Block]
		sameDatabase := other.step.Action == plans.ActionMigrate && other.step.Target == n.step.Target
		switch {
		case n.step.Phase == plans.Contract && sameDatabase && !d.leadsTo(b, theirs.Address, nil):
			other.step.Needs = append(other.step.Needs, n.step.Address)
		case n.step.Phase == plans.Expand && sameDatabase, n.step.Phase == plans.Deploy && other.step.Action == plans.ActionDeploy:
			if !d.leadsTo(theirs, b.Address, nil) {
				n.step.Needs = append(n.step.Needs, other.step.Address)
			}
		}
	}
}

// leadsTo reports whether a block refers to an address, through others too.
func (d *draft) leadsTo(b *block, address string, visited map[string]bool) bool {
	if visited == nil {
		visited = map[string]bool{}
	}
	if b == nil || visited[b.Address] {
		return false
	}
	visited[b.Address] = true
	for _, need := range b.Needs {
		if need == address || d.leadsTo(d.blocks[need], address, visited) {
			return true
		}
	}
	return false
}
