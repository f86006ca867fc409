package queries

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// concern is what a rule is to a statement that writes to its table.
type concern int

const (
	// unconcerned: no row that it writes can break the rule.
	unconcerned concern = iota
	// mayConcern: nobody can tell without running it.
	mayConcern
	// concerned: it writes what the rule looks at, and its values decide.
	concerned
)

// write is a table that a plan writes to.
type write struct {
	schema, table, operation string
	// filled are the columns, from 1 on, to which an INSERT gives something
	// else than NULL; known is false where the plan does not tell.
	filled map[int64]bool
	known  bool
	text   string
	set    map[string]bool // names in what stands behind SET
}

// writes lists the tables that a plan writes to.
func writes(n node, text string) []write {
	var found []write
	if n.Kind == "ModifyTable" && n.Relation != "" {
		w := write{schema: n.Schema, table: n.Relation, operation: n.Operation, text: text, set: assigned(text)}
		if outputs := n.source().Output; n.Operation == "Insert" && len(outputs) > 0 {
			w.filled, w.known = map[int64]bool{}, true
			for i, output := range outputs {
				w.filled[int64(i)+1] = !strings.HasPrefix(output, "NULL::")
			}
		}
		found = append(found, w)
	}
	for _, child := range n.Plans {
		found = append(found, writes(child, text)...)
	}
	return found
}

// assigned are the names that stand between SET and the end of its list: the
// columns that an UPDATE changes, and what it reads for them.
func assigned(text string) map[string]bool {
	found := map[string]bool{}
	depth, at := 0, -1
	for _, t := range tokensOf(text) {
		switch {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			depth--
			if depth < at {
				at = -1
			}
		case t.Is("SET"):
			at = depth
		case depth == at && slices.ContainsFunc([]string{"WHERE", "FROM", "RETURNING", "WHEN"}, t.Is):
			at = -1
		case at >= 0:
			found[t.Name()] = true
		}
	}
	delete(found, "")
	return found
}

// leavesNull reports whether an INSERT gives no value to any of some columns.
func (w write) leavesNull(columns []ruleColumn) bool {
	return w.known && !slices.ContainsFunc(columns, func(c ruleColumn) bool { return w.filled[c.number] })
}

// fillsAll reports whether none of the columns stays NULL. An expression, which
// has no number, may be something else whatever it reads.
func (w write) fillsAll(columns []ruleColumn) bool {
	return !slices.ContainsFunc(columns, func(c ruleColumn) bool { return c.number > 0 && !w.filled[c.number] })
}

func (w write) sets(columns []ruleColumn) bool {
	return slices.ContainsFunc(columns, func(c ruleColumn) bool { return w.set[c.name] })
}

func (w write) names(columns []ruleColumn) bool {
	return slices.ContainsFunc(columns, func(c ruleColumn) bool {
		return slices.ContainsFunc(tokensOf(w.text), func(t sqlscan.Token) bool { return t.Name() == c.name })
	})
}

// concernedBy tells whether rows that the statement writes can break a rule.
func (w write) concernedBy(r Rule) concern {
	all := slices.Concat(r.keys, r.others)
	switch {
	case r.kind == triggerRule:
		return w.concernedByTrigger(r)
	case r.kind == referencedRule && r.strict:
		return concerned
	case r.kind == referencedRule:
		return unconcerned
	case r.kind == checkRule && r.strict && len(w.set) > 0:
		return concerned // whatever changes in a row, all of it is checked
	case w.operation == "Merge" && !w.names(all):
		return unconcerned
	case w.operation == "Update" && !w.sets(all):
		return unconcerned
	case w.operation == "Insert" && w.known && !w.sets(all) && !w.inserts(r):
		return unconcerned
	}
	return concerned
}

// inserts tells of an INSERT whether the rule looks at what it puts in. Source:
// the manual's page "Constraints", on NULLs.
func (w write) inserts(r Rule) bool {
	switch r.kind {
	case checkRule:
		return !r.nullPasses || !w.leavesNull(r.keys)
	case foreignRule:
		return w.fillsAll(r.keys) || r.strict && !w.leavesNull(r.keys)
	case uniqueRule:
		return r.strict || w.fillsAll(r.keys) && !w.leavesNull(slices.Concat(r.keys, r.others))
	case notNullRule:
		return w.fillsAll(r.keys) && w.names(r.keys) // what it leaves out is Unfilled
	default:
		return w.fillsAll(r.keys)
	}
}

func (w write) concernedByTrigger(r Rule) concern {
	switch {
	case w.operation == "Update" && len(r.keys) > 0 && !w.sets(r.keys):
		return unconcerned
	case r.strict:
		return concerned
	}
	return mayConcern
}

// restricts finds a rule that was not there before, by its name nor by what it
// says: both change where a column is renamed or has another type.
func restricts(before, after Described) (Break, bool) {
	for _, rule := range newRules(before, after) {
		if rule.concern != concerned || rule.of != "" && !before.Tables[rule.of] {
			continue
		}
		b := Break{Kind: Restricts, Object: rule.Name, After: rule.Definition, Contract: true}
		if rule.kind == notNullRule {
			b.After = rule.Name
		}
		return b, true
	}
	return Break{}, false
}

// mayRestrict finds what runs, or refers to rows, only since the migration: a
// trigger of which nobody knows what it does, a new table whose rows no code of
// today writes.
func mayRestrict(before, after Described) (Break, bool) {
	for _, rule := range newRules(before, after) {
		switch {
		case rule.concern == mayConcern:
			return Break{Kind: FiresTrigger, Object: rule.Name, After: rule.Definition}, true
		case rule.concern == concerned && rule.of != "" && !before.Tables[rule.of]:
			return Break{Kind: Referenced, Object: rule.of, After: rule.Definition}, true
		}
	}
	return Break{}, false
}

func newRules(before, after Described) []Rule {
	return slices.DeleteFunc(slices.Clone(after.Rules), func(rule Rule) bool {
		return slices.ContainsFunc(before.Rules, func(was Rule) bool {
			return was.Name == rule.Name || was.Definition == rule.Definition
		})
	})
}
