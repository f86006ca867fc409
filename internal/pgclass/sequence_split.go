package pgclass

import (
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// callSequence is a sequence that gets another name. No name stands in for
// another one in nextval; so a second sequence gives every other number until
// the deployment is over, and neither gives one of the other's.
func (j judging) callSequence(n otherName) ruling {
	q := j.now.Sequences[n.from]
	reason := "%s, which running code may draw from by its name"
	switch {
	case q == nil:
		return ask(n.act, reason+", and no migration has made it, so that its steps are not known: let new code draw by the default of its column, release that, and say -- lockstep:phase contract no code names %s", n, n.from)
	case q.Internal && n.verb == "rename", j.now.Has(n.to):
		return ask(n.act, reason+", and there is "+map[bool]string{true: "an object of the new name already", false: "a column that numbers its rows by it"}[j.now.Has(n.to)]+": let new code draw by the default of its column, and say -- lockstep:phase contract no code names %s", n, n.from)
	case q.Table != (pgschema.Name{}) && n.verb == "move":
		return ask(n.act, reason+", and PostgreSQL refuses to move a sequence that a column owns: move its table %s, with which it goes", n, q.Table)
	}
	t := twin{otherName: n, step: 1, options: sequenceOptions(q.Options, true)}
	for _, o := range q.Options {
		switch d := o.GetDefElem(); d.GetDefname() {
		case "increment":
			t.step, _ = strconv.Atoi(strings.TrimPrefix(optionText(d), "INCREMENT BY "))
		case "cycle":
			if optionText(d) == "CYCLE" {
				return ask(n.act, reason+", and which gives its numbers again: make another sequence beside it, and drop this one after the deployment", n)
			}
		case "as":
			t.as = " AS " + typeSQL(j.now.TypeOf(d.GetArg().GetTypeName()))
		}
	}
	if t.step == 0 {
		return ask(n.act, reason+", and its steps are not known: make another sequence beside it, and drop this one after the deployment", n)
	}
	return split(t.files(), n.act, reason, n)
}

// twin is a second sequence beside one that gets another name.
type twin struct {
	otherName
	step    int
	as      string
	options string
}

func (t twin) files() []File {
	from, to := sqlName(t.from), sqlName(t.to)
	furthest := map[bool]string{true: "greatest", false: "least"}[t.step > 0]
	steps := func(step int) string { return "ALTER SEQUENCE " + from + " INCREMENT BY " + strconv.Itoa(step) }
	part := []string{
		steps(2 * t.step),
		"CREATE SEQUENCE " + to + t.as + " " + t.doubled(),
		"SELECT setval(" + literal(to) + ", last_value + " + strconv.Itoa(t.step) + ", false) FROM " + from,
	}
	join := []string{
		"SELECT setval(" + literal(from) + ", " + furthest + "(a.last_value, b.last_value)) FROM " + from + " a, " + to + " b",
		"DROP SEQUENCE " + to, steps(t.step),
	}
	return []File{
		{
			Name: "expand_sequence_" + act(t.to.Local), Phase: phaseExpand, Down: lines(join...),
			SQL: "-- lockstep:phase expand each sequence gives every other number, so that no number comes twice\n" +
				"-- grant on the new one what roles of running code may do with the old one\n" + lines(part...),
		},
		{
			Name: "contract_" + t.act, Phase: phaseContract,
			SQL:  "-- lockstep:phase contract no running code draws by the old name any more\n" + lines(append(join, t.there(""))...),
			Down: lines(append([]string{t.back("")}, part...)...),
		},
	}
}

// doubled are the options of the second sequence.
func (t twin) doubled() string {
	if !strings.Contains(t.options, "INCREMENT BY ") {
		return strings.TrimSpace(t.options + " INCREMENT BY " + strconv.Itoa(2*t.step))
	}
	return strings.Replace(t.options, "INCREMENT BY "+strconv.Itoa(t.step), "INCREMENT BY "+strconv.Itoa(2*t.step), 1)
}
