package updown

import (
	"fmt"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/plans"
)

// gaps are the files before that did not work, so that what they make is not
// there.
type gaps []gap

type gap struct {
	file string
	up   plans.Outcome
}

func (g gaps) String() string {
	var words []string
	for _, one := range g {
		word := " was not rehearsed"
		if one.up == plans.OutcomeFailed {
			word = " failed"
		}
		words = append(words, one.file+word)
	}
	const most = 3
	if len(words) > most {
		words = append(words[:most], fmt.Sprintf("and %d more", len(words)-most))
	}
	return strings.Join(words, ", ")
}

// settle says of a file behind gaps how much is known. One that lacks something
// was not tried; any other failure is its own, and one that works says with what
// it was tried.
func (g gaps) settle(m *Migration) {
	if len(g) == 0 {
		return
	}
	switch {
	case m.Up == plans.OutcomeOK:
		m.Unseen = append(m.Unseen, "how it works behind all files before it: "+g.String())
	case m.Up == plans.OutcomeFailed && lacks(m.Failure):
		m.Up = plans.OutcomeSkipped
		m.Differences = []string{fmt.Sprintf("not tried because %s: as things are, %s", g, m.Failure)}
	case m.Up == plans.OutcomeFailed:
		m.Differences = append(m.Differences, "it was tried although "+g.String())
	default: // it says itself why it was not tried
	}
}

// lacks reports whether a failure may come from what is not there: something
// that is named does not exist.
func lacks(failure error) bool {
	return pq.As(failure, "42704", "42P01", "42883", "42703", "3F000") != nil
}
