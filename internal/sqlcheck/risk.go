package sqlcheck

import "github.com/lockstep-dev/lockstep/plans"

// risk takes the worst of the statements. Duration is not in it: it needs the
// target's sizes.
func risk(judged []judgement, class plans.Class, irreversible string) plans.Risk {
	r := rating{Level: "low"}
	for _, j := range judged {
		if j.unseen != "" {
			r.raise("medium", "what "+j.unseen+" runs cannot be seen: its locks and losses are assumed to be none")
		}
		if j.loses {
			r.raise("high", "data is lost: the down file can restore the shape, not the rows")
		}
		for _, table := range j.rewrites {
			r.raise("high", table+" may be rewritten while it is locked")
		}
		for _, l := range j.locks {
			where := l.Relation
			if j.index {
				where = "the table of the index " + l.Relation
			}
			switch l.Mode {
			case accessExclusive, mdlExclusive:
				r.raise("medium", "nobody can read or write "+where+" while the lock is held")
			case share, shareRowExclusive, exclusive, mdlSharedNoWrite:
				r.raise("medium", "nobody can write "+where+" while the lock is held")
			}
		}
	}
	if class == plans.ClassContract {
		r.raise("medium", "code of the previous version does not survive it")
	}
	if irreversible != "" {
		r.raise("high", "there is no way back: "+irreversible)
	}
	return plans.Risk(r)
}

type rating plans.Risk

func (r *rating) raise(level, reason string) {
	if level == "high" || r.Level == "low" {
		r.Level = level
	}
	for _, have := range r.Reasons {
		if have == reason {
			return
		}
	}
	r.Reasons = append(r.Reasons, reason)
}
