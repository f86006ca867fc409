package planner

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// split tells pending files by owner. Files of an earlier change set are
// either held for its contract phase, or it must be applied first.
func (d *draft) split(s *schema) {
	for _, f := range s.files {
		if s.has(f.Version) {
			continue
		}
		owner := s.owner(f.Version)
		if owner == d.set.Name {
			s.pending = append(s.pending, migration{file: f})
			continue
		}
		_, taken := d.in.Standing.ChangeSets[owner]
		set, _ := d.sibling(owner)
		switch {
		case (taken || d.finishes(s, set)) && d.waitsForContract(s, f, owner):
			s.held = append(s.held, f.ID())
		case f.Version < s.highest:
			d.gap(s, f, owner)
		default:
			d.required[owner] = true
		}
	}
}

// finishes reports whether a change set is the end of others that the
// environment has: it depends on them, and all that it has pending here is
// contract. It may wait, for a bake perhaps, while later ones go on.
func (d *draft) finishes(s *schema, set Sibling) bool {
	lacks := func(name string) bool { _, taken := d.in.Standing.ChangeSets[name]; return !taken }
	if len(set.DependsOn) == 0 || slices.ContainsFunc(set.DependsOn, lacks) {
		return false
	}
	return !slices.ContainsFunc(s.files, func(f plans.MigrationFile) bool {
		return !s.has(f.Version) && s.owner(f.Version) == set.Name && !d.waitsForContract(s, f, set.Name)
	})
}

// began reports whether this change set has been applied here, as a whole or
// in part: then its contract files may be waiting below later versions.
func (d *draft) began(s *schema) bool {
	if _, taken := d.in.Standing.ChangeSets[d.set.Name]; taken {
		return true
	}
	return slices.ContainsFunc(s.seen.Applied, func(a plans.AppliedMigration) bool { return a.ChangeSet == d.set.Name })
}

func (d *draft) gap(s *schema, f plans.MigrationFile, owner string) {
	d.refuse(fileRange(f.Up.Path, 1), mistake{
		"migration-gap", fmt.Sprintf("%s is not applied to %s, but version %d is", f.ID(), s.database.Address, s.highest),
		fmt.Sprintf("It belongs to change set %q and was not held for a contract phase, so it came after the newer ones by accident (two branches were merged, or a file was added late).", owner),
		fmt.Sprintf("Renumber it above %d if no environment has applied it.", s.highest),
	})
}
