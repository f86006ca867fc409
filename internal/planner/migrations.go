package planner

import (
	"fmt"
	"strconv"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// migrations makes one step of each pending file.
func (d *draft) migrations() {
	for _, s := range d.databases {
		before := s.versionBefore()
		chain := map[plans.Phase]string{} // by phase: the step before
		for i := range s.pending {
			m := &s.pending[i]
			n := d.migrationStep(s, m)
			n.number = i
			if m.verdict.Mode == sqlcheck.ModeDriver && before != "empty" {
				n.step.Migration.Before = before
			}
			n.step.Summary = fmt.Sprintf("%s %s -> %s", s.name, before, strconv.FormatUint(m.file.Version, 10))
			if m.outOfRow {
				n.step.Summary = fmt.Sprintf("%s %d, held until now", s.name, m.file.Version)
			} else {
				before = strconv.FormatUint(m.file.Version, 10)
			}
			if last := chain[m.phase]; last != "" {
				n.step.Needs = []string{last}
			}
			chain[m.phase] = n.step.Address
			d.add(n)
		}
		d.lateSchema(s)
		d.warnOfHeld(s)
	}
}

func (s *schema) versionBefore() string {
	if s.seen == nil && s.expected > 0 {
		return strconv.FormatUint(s.expected, 10)
	}
	if s.seen == nil || s.highest == 0 {
		return "empty"
	}
	return strconv.FormatUint(s.highest, 10)
}

func (d *draft) migrationStep(s *schema, m *migration) *node {
	f, v := m.file, m.verdict
	n := &node{rank: rankMigration, because: migrationBecause(m)}
	n.step = plans.Step{
		Address: s.address(f), Phase: m.phase, Action: plans.ActionMigrate,
		Provider: "database/" + s.database.Driver,
		Block:    s.block.Address, Target: s.database.Address,
		Settings: s.block.masked,
		Inputs:   []plans.Input{sqlInput("up", f.Up)},
		Migration: &plans.Migration{
			Database: s.name, Version: strconv.FormatUint(f.Version, 10), Name: f.Name,
			Class: v.Class, Reason: v.Reason, Up: f.Up.Digest, Down: f.Down.Digest,
			Mode: v.Mode, Irreversible: v.Irreversible,
		},
		Statements: v.Statements,
		Risk:       v.Risk,
		Timeout:    plans.Duration(s.block.Timeout),
	}
	if m.evidence != nil {
		n.step.Rehearsal, n.step.Queries = &m.evidence.Rehearsal, m.evidence.Queries
	}
	if f.Down.Path != "" {
		n.step.Inputs = append(n.step.Inputs, sqlInput("down", f.Down))
	}
	n.step.Rollback = migrationRollback(m, d.set.Rollback.KeepSchema)
	n.step.Rollback.Locks = v.DownLocks
	if n.step.Rollback.Grade == plans.GradeNone && !n.step.Rollback.Kept {
		raise(&n.step.Risk, "high", "there is no way back")
	}
	d.warnOfKeptAfterAll(n.step)
	if s.seen == nil {
		n.step.Late = true
		n.step.Envelope = s.envelope()
	}
	return n
}

func sqlInput(role string, f plans.SQLFile) plans.Input {
	return plans.Input{Role: role, Path: f.Path, Digest: f.Digest, Size: int64(len(f.Bytes))}
}

func migrationBecause(m *migration) string {
	text := m.verdict.Reason
	if m.outOfRow {
		text += "; it was held while later change sets went on"
	}
	if m.verdict.Class == plans.ClassData {
		text = "rows are changed before the new version starts; the verdict on the file: " + text
	}
	return text
}

// warnOfHeld says that other tools must keep away while files wait.
func (d *draft) warnOfHeld(s *schema) {
	held := s.waiting()
	if len(held) == 0 {
		return
	}
	d.find(plans.Finding{
		Code: "held", Severity: plans.SeverityWarning, Address: s.database.Address,
		Summary: fmt.Sprintf("%s of %s held for the contract phase", count(len(held), "file"), s.database.Address),
		Detail:  "Until then another tool's \"up\" would skip them or run them too early, and its \"down\" would undo the wrong file: " + listed(held) + ".",
		Fix:     "apply through Lockstep alone",
	})
}

// waiting names the files that run in a contract phase, earlier ones first.
func (s *schema) waiting() []string {
	held := append([]string(nil), s.held...)
	for _, m := range s.pending {
		if m.phase == plans.Contract {
			held = append(held, m.file.ID())
		}
	}
	return held
}

func (d *draft) heldFiles() []string {
	var out []string
	for _, s := range d.databases {
		for _, id := range s.waiting() {
			out = append(out, s.name+"/"+id)
		}
	}
	return out
}
