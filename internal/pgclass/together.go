package pgclass

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// rank orders classes: what decides comes first.
func rank(c plans.Class) int {
	return slices.Index([]plans.Class{plans.ClassAsk, plans.ClassSplit, plans.ClassContract, plans.ClassData, plans.ClassExpand, plans.ClassNeutral}, c)
}

// worse reports whether a decides over b. Of two expands the one decides that
// new code waits for.
func worse(a, b ruling) bool {
	if a.Class != b.Class {
		return rank(a.Class) < rank(b.Class)
	}
	return a.needed() && !b.needed()
}

// worstOf is the ruling that decides, the first of equals.
func worstOf(all []ruling) ruling {
	if len(all) == 0 {
		return neutral("", "does nothing")
	}
	worst := all[0]
	loses := false
	for _, r := range all {
		loses = loses || r.Loses
		if worse(r, worst) {
			worst = r
		}
	}
	worst.Loses = loses
	return worst
}

// together is the ruling of the units of one statement.
func together(units []unit) ruling {
	r := worstOf(rulings(units))
	before, after, mixed := sides(units)
	switch {
	case r.Class == plans.ClassSplit && len(units) > 1:
		return r.apart(units)
	case mixed && r.Class == plans.ClassContract:
		r.Reason = fmt.Sprintf("%s, which is for before the deployment, and %s: that is for after it", before.Reason, after.Reason)
		return r.apart(units)
	}
	return r
}

// apart is the ruling of what has to be split, with the files; where they
// cannot be told, only the author can.
func (r ruling) apart(units []unit) ruling {
	files, why := parts(units)
	r.Class, r.Split = plans.ClassSplit, files
	if len(files) == 0 {
		r.Class = plans.ClassAsk
		r.Reason += "; it cannot be taken apart as it stands, as " + why
	}
	return r
}

func rulings(units []unit) []ruling {
	var all []ruling
	for _, u := range units {
		all = append(all, u.ruling)
	}
	return all
}

// sides are the first unit that new code waits for and the first that running
// code does not survive; mixed when there are both.
func sides(units []unit) (before, after unit, mixed bool) {
	needed := slices.IndexFunc(units, func(u unit) bool { return u.needed() })
	breaking := slices.IndexFunc(units, func(u unit) bool { return u.Class == plans.ClassContract })
	if needed < 0 || breaking < 0 {
		return unit{}, unit{}, false
	}
	return units[needed], units[breaking], true
}

// fileVerdict is the judgement of all units of a file.
func fileVerdict(units []unit) Verdict {
	if len(units) == 0 {
		return Verdict{Class: plans.ClassNeutral, Reason: "has no statement"}
	}
	worst := worstOf(rulings(units))
	at := units[slices.IndexFunc(units, func(u unit) bool { return u.Class == worst.Class && u.Reason == worst.Reason })]
	v := Verdict{Class: worst.Class, Reason: fmt.Sprintf("line %d %s", at.Line, worst.Reason), Loses: worst.Loses}
	v.Waits = worst.Class == plans.ClassNeutral || worst.Class == plans.ClassExpand && !worst.needed()
	before, after, mixed := sides(units)
	stages := stagesOf(units)
	whole := ruling{Verdict: v}
	switch {
	case worst.Class == plans.ClassSplit:
		return whole.apart(units).Verdict
	case mixed && worst.Class == plans.ClassContract:
		whole.Reason = fmt.Sprintf("line %d %s, which is for before the deployment, and line %d %s: that is for after it", before.Line, before.Reason, after.Line, after.Reason)
		return whole.apart(units).Verdict
	case stages != "" && worst.Class == plans.ClassContract:
		whole.Reason = stages
		return whole.apart(units).Verdict
	case worst.Class == plans.ClassContract && len(units) == 1:
		v.Split = worst.Split
	}
	return v
}
