package tfchange

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/lockstep-dev/lockstep/plans"
)

//go:embed weakens.tsv
var weakensTable string

// danger is a row of weakens.tsv: an attribute of a type whose change, judged
// by a rule, takes something away.
type danger struct {
	kind, attribute, rule, reason string
}

var dangers = sync.OnceValue(func() []danger {
	var all []danger
	for _, fields := range rows(weakensTable) {
		all = append(all, danger{fields[0], fields[1], fields[2], fields[3]})
	}
	return all
})

// weakenings lists what an update takes away, in order of the table. Each
// attribute is told once for each reason.
func weakenings(kind string, c *tfjson.Change) []plans.Weakening {
	var found []plans.Weakening
	told := map[plans.Weakening]bool{}
	root := values{c.Before, c.After, c.AfterUnknown, mark(c.BeforeSensitive), mark(c.AfterSensitive)}
	for _, d := range dangers() {
		if !fits(d.kind, kind) {
			continue
		}
		if verdict := d.judge(root, strings.Split(d.attribute, ".")); verdict != no {
			w := plans.Weakening{Attribute: d.attribute, Reason: d.words(verdict)}
			if !told[w] {
				told[w] = true
				found = append(found, w)
			}
		}
	}
	return found
}

// verdict is what a rule says of a change.
type verdict int

const (
	no verdict = iota
	perhapsLater
	perhapsSecret
	perhaps
	yes
)

func (d danger) words(v verdict) string {
	switch v {
	case perhapsLater:
		return fmt.Sprintf("perhaps %s: the value is known only after apply", d.reason)
	case perhapsSecret:
		return fmt.Sprintf("perhaps %s: the value is sensitive, and it changes", d.reason)
	case perhaps:
		return fmt.Sprintf("perhaps %s: the value changes, to one that cannot be compared", d.reason)
	}
	return d.reason
}

// judge follows a path through attributes and blocks to the values and judges
// those; of several blocks the worst counts. A block that goes away takes its
// values along.
func (d danger) judge(v values, path []string) verdict {
	before, wasList := v.before.([]any)
	if len(path) > 0 && wasList {
		worst := no
		for i := range before {
			worst = max(worst, d.judge(v.index(i), path))
		}
		return worst
	}
	if len(path) > 0 {
		if v.before == nil {
			return no
		}
		return d.judge(v.at(path[0]), path[1:])
	}
	return d.leaf(v)
}

// leaf judges the values themselves. Elements that are not known yet only add
// to a list whose known ones hold everything that was there.
func (d danger) leaf(v values) verdict {
	if v.unknown == true {
		if could(d.rule, v.before) {
			return perhapsLater
		}
		return no
	}
	found := apply(d.rule, v.before, v.after)
	switch {
	case found != no && anyTrue(v.unknown):
		return perhapsLater
	case found != no && (anyTrue(v.wasSensitive) || anyTrue(v.sensitive)):
		return perhapsSecret
	case found == no && (anyTrue(v.wasSensitive) || anyTrue(v.sensitive)) && !same(v.before, v.after) && could(d.rule, v.before):
		return perhapsSecret
	}
	return found
}
