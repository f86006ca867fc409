package doctor

import "slices"

// Verdict is how bad a sign is.
type Verdict string

// Verdicts from best to worst.
const (
	OK      Verdict = "ok"
	Note    Verdict = "note"    // worth knowing; apply goes on
	Problem Verdict = "problem" // apply would be stopped
	// Unreachable: it could not be looked at.
	Unreachable Verdict = "unreachable"
)

// Sign is one thing that was looked at.
type Sign struct {
	Subject string  `json:"subject"` // "server", "rights", "locks", ...
	Verdict Verdict `json:"verdict"`
	// Seen is what was measured.
	Seen string `json:"seen"`
	// Why says what it matters for; empty when all is well.
	Why string `json:"why,omitempty"`
	// Next says what to type, and who has to.
	Next string `json:"next,omitempty"`
}

// Patient is what was looked at as a whole: the machine, or a target.
type Patient struct {
	Name  string `json:"name"`            // "this machine", "database.orders"
	Where string `json:"where,omitempty"` // the environment; empty for the machine
	Signs []Sign `json:"signs"`
}

// Worst is the worst verdict of all signs.
func Worst(patients []Patient) Verdict {
	order := []Verdict{OK, Note, Problem, Unreachable}
	worst := 0
	for _, p := range patients {
		for _, s := range p.Signs {
			worst = max(worst, slices.Index(order, s.Verdict))
		}
	}
	return order[worst]
}

func well(subject, seen string) Sign { return Sign{Subject: subject, Verdict: OK, Seen: seen} }
