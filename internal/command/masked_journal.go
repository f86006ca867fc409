package command

import (
	"encoding/json"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// maskedJournal keeps secrets out of the journal. It masks what is written for
// people. States, digests, targets and a provider's facts, which the next
// process obeys, stay as they are: a password like "done" must not change
// what the journal says.
type maskedJournal struct {
	rollout.Journal
	mask *redact.Values
}

// Append implements rollout.Journal.
func (j maskedJournal) Append(e journal.Entry) (journal.Record, error) {
	if e.Kind != journal.StepHandle {
		e.Data = j.masked(e.Data)
	}
	return j.Journal.Append(e)
}

func (j maskedJournal) masked(data any) any {
	text := j.mask.String
	switch d := data.(type) {
	case nil, journal.PhaseMark:
		return d
	case journal.Intent:
		d.Summary = text(d.Summary)
		return d
	case journal.Outcome:
		return j.outcome(d)
	case journal.Probe:
		d.Detail = text(d.Detail)
		return d
	case journal.Verdict:
		d.Message, d.Evidence = text(d.Message), j.document(d.Evidence)
		return d
	case journal.Bake:
		d.Message = text(d.Message)
		return d
	case journal.Rollback:
		d.Reason = text(d.Reason)
		return d
	case journal.Kept:
		d.Reason = text(d.Reason)
		return d
	case journal.Decision:
		d.Reason, d.Objects = text(d.Reason), j.objects(d.Objects)
		return d
	case journal.Barrier:
		d.Found, d.Warnings, d.Outside = j.texts(d.Found), j.texts(d.Warnings), j.texts(d.Outside)
		d.Steps = slices.Clone(d.Steps)
		for i := range d.Steps {
			d.Steps[i].Summary = text(d.Steps[i].Summary)
		}
		return d
	case journal.End:
		d.Reason, d.Remains = text(d.Reason), j.texts(d.Remains)
		return d
	default:
		return j.value(d)
	}
}

func (j maskedJournal) outcome(o journal.Outcome) journal.Outcome {
	o.Summary, o.Error, o.Detail = j.mask.String(o.Summary), j.mask.String(o.Error), j.mask.String(o.Detail)
	o.Lost = j.objects(o.Lost)
	outputs := make([]plans.Output, 0, len(o.Outputs))
	for _, output := range o.Outputs {
		// A masked value could be taken for the real one by a resume.
		if string(j.document(output.Value)) != string(output.Value) {
			output.Value, output.Sensitive = nil, true
		}
		outputs = append(outputs, output)
	}
	o.Outputs = outputs
	if len(o.Figures) > 0 {
		figures := make(map[string]any, len(o.Figures))
		for name, figure := range o.Figures {
			figures[name] = j.value(figure)
		}
		o.Figures = figures
	}
	return o
}

func (j maskedJournal) objects(all []journal.Object) []journal.Object {
	masked := slices.Clone(all)
	for i := range masked {
		masked[i].ID = j.mask.String(masked[i].ID)
	}
	return masked
}

func (j maskedJournal) texts(all []string) []string {
	var masked []string
	for _, s := range all {
		masked = append(masked, j.mask.String(s))
	}
	return masked
}

func (j maskedJournal) document(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return raw
	}
	return j.mask.JSON(raw)
}

// value masks anything that becomes JSON; what does not is for the journal to
// refuse.
func (j maskedJournal) value(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	return j.document(raw)
}
