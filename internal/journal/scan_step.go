package journal

import (
	"encoding/json"

	"github.com/lockstep-dev/lockstep/plans"
)

// scanData reads what most records of a long run hold; nil for anything else.
// What it reads is valid JSON.
func scanData(kind Kind, data []byte) any {
	switch kind {
	case StepIntent:
		if intent, ok := scanIntent(data); ok {
			return intent
		}
	case StepOutcome:
		if outcome, ok := scanOutcome(data); ok {
			return outcome
		}
	}
	return nil
}

func readIntent(r Record, into *Intent) error {
	if intent, ok := r.parsed.(Intent); ok {
		*into = intent
		return nil
	}
	return json.Unmarshal(r.Data, into)
}

func readOutcome(r Record, into *Outcome) error {
	if outcome, ok := r.parsed.(Outcome); ok {
		*into = outcome
		return nil
	}
	*into = Outcome{}
	return json.Unmarshal(r.Data, into)
}

func scanIntent(data []byte) (i Intent, ok bool) {
	s := scan{rest: data, ok: true}
	i.Phase = plans.Phase(s.text(`{"phase":`, ""))
	i.Action = plans.Action(s.text(`,"action":`, string(plans.ActionMigrate)))
	i.Provider = s.optional(`,"provider":`, "")
	i.Target = s.optional(`,"target":`, "")
	i.Summary = s.optional(`,"summary":`, "")
	i.Artifact = plans.Digest(s.optional(`,"artifact":`, ""))
	i.Database = s.optional(`,"database":`, i.Target)
	i.Version = s.optional(`,"version":`, "")
	return i, s.ended()
}

// scanOutcome knows outcomes without outputs and errors, whose figures are
// whole numbers.
func scanOutcome(data []byte) (o Outcome, ok bool) {
	s := scan{rest: data, ok: true}
	o.Result = s.text(`{"result":`, ResultDone)
	o.Found = s.skip(`,"found":true`)
	o.Changed = s.skip(`,"changed":true`)
	o.Summary = s.optional(`,"summary":`, "")
	if s.skip(`,"figures":{`) {
		o.Figures = map[string]any{}
		for first := true; s.ok && !s.skip(`}`); first = false {
			comma := `,`
			if first {
				comma = ""
			}
			name := s.text(comma, "")
			o.Figures[name] = float64(s.number(`:`))
		}
	}
	if s.next(`,"took":`) {
		text := s.text(`,"took":`, "")
		s.ok = s.ok && o.Took.UnmarshalText([]byte(text)) == nil
	}
	return o, s.ended()
}

// ended reports whether the document was read to its end.
func (s *scan) ended() bool { return s.ok && string(s.rest) == "}" }
