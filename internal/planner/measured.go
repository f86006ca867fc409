package planner

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// standings are what relations are to released code right before a file, by
// their names there. A file may give a name to something else, so that the name
// alone does not tell whose lock was measured.
type standings map[string]sqlcheck.Standing

func (j judge) standings(measured []plans.Statement) standings {
	found := standings{}
	for _, s := range measured {
		for _, name := range relationsOf(s) {
			name = sqlcheck.Spelled(name)
			found[name] = j.postgres.Standing(name)
		}
	}
	return found
}

func relationsOf(s plans.Statement) []string {
	names := slices.Concat(s.Rewrites, s.Scans)
	for _, l := range s.Locks {
		names = append(names, l.Relation)
	}
	return names
}

// measured returns the file's statements with the rehearsal's figures. Where a
// part could not be measured, the rule's stays beside what was.
func (j judge) measured(m *migration) []plans.Statement {
	ruled, seen := m.verdict.Statements, m.evidence.Statements
	if len(seen) != len(ruled) {
		return ruled
	}
	out := slices.Clone(ruled)
	for i, s := range seen {
		if s.Source != "measured" || s.Line != ruled[i].Line {
			continue
		}
		s = asRuled(j.ofOthers(s, j.stood[m.file.Version]), ruled[i])
		if unseen(m.evidence.Rehearsal, s) {
			s = both(s, ruled[i])
		}
		if len(s.Code) > 0 { // another day, with rows, it may take another branch
			s.Source = "assumed"
		}
		out[i].Locks, out[i].Rewrites, out[i].Scans, out[i].Code, out[i].Source = s.Locks, s.Rewrites, s.Scans, s.Code, s.Source
	}
	return out
}

// ofOthers leaves out what nobody but the change set uses, and spells relations
// as the rules do. What the file's own transaction has made was not measured in
// the first place: a relation that was there before it is one by any name.
func (j judge) ofOthers(s plans.Statement, stood standings) plans.Statement {
	own := func(name string) bool {
		return stood[name] == sqlcheck.StandsApart || stood[name] == sqlcheck.StandsNowhere && j.postgres.New(name)
	}
	names := func(relations []string) []string {
		var others []string
		for _, r := range relations {
			if name := sqlcheck.Spelled(r); !own(name) {
				others = append(others, name)
			}
		}
		return others
	}
	var locks []plans.Lock
	for _, l := range s.Locks {
		if l.Relation = sqlcheck.Spelled(l.Relation); !own(l.Relation) {
			locks = append(locks, l)
		}
	}
	s.Locks, s.Rewrites, s.Scans = locks, names(s.Rewrites), names(s.Scans)
	return s
}

// asRuled spells what was measured as the rule does: a name that the file
// qualifies stays qualified, and what stays on a table alone says so. Of what
// the rule does not know each relation stands for itself.
func asRuled(measured, ruled plans.Statement) plans.Statement {
	known := map[string]plans.Lock{}
	for _, l := range ruled.Locks {
		known[sqlcheck.Spelled(l.Relation)] = l
	}
	for i, l := range measured.Locks {
		if as, is := known[l.Relation]; is {
			measured.Locks[i].Relation, measured.Locks[i].Only = as.Relation, as.Only
		} else {
			measured.Locks[i].Only = true
		}
	}
	for _, list := range [][]string{measured.Rewrites, measured.Scans} {
		for i, name := range list {
			if as, is := known[name]; is {
				list[i] = as.Relation
			}
		}
	}
	return measured
}
