package rollout

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lockstep-dev/lockstep/internal/gate"
	"github.com/lockstep-dev/lockstep/internal/journal"
)

// Gated makes a check block's gate a Check.
func Gated(c gate.Check) Check { return gated{c} }

type gated struct{ check gate.Check }

func (g gated) Interval() time.Duration { return g.check.Interval }

func (g gated) FailureThreshold() int { return g.check.FailureThreshold }

func (g gated) Sample(ctx context.Context) Sample { return sampleOf(gate.Look(ctx, g.check)) }

func (g gated) Watch(ctx context.Context, seen func(Sample)) journal.Verdict {
	v := gate.Watch(ctx, g.check, func(s gate.Sample) { seen(sampleOf(s)) })
	return journal.Verdict{Status: string(v.Status), Message: v.Message, Evidence: evidenceOf(v.Samples)}
}

func sampleOf(s gate.Sample) Sample {
	return Sample{At: s.At, Green: s.Status == gate.Pass, Message: s.Message, Evidence: evidenceOf(s)}
}

// evidenceOf leaves out what is no JSON (a NaN): the message says it anyway.
func evidenceOf(seen any) json.RawMessage {
	b, err := json.Marshal(seen)
	if err != nil {
		return nil
	}
	return b
}
