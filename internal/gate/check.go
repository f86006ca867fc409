package gate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sampler looks at one thing once. What it returns is what assertions see as
// self. An error means that there was nothing to judge: the sample counts as
// bad, and the verdict is inconclusive when nothing else was seen.
type Sampler interface {
	Sample(ctx context.Context) (self map[string]any, err error)
}

// Check is a thing to look at, how often, and how many samples in a row
// decide. It holds no state and may be used concurrently.
type Check struct {
	Address          string
	Interval         time.Duration // between the ends and starts of two samples
	Timeout          time.Duration // of one sample
	SuccessThreshold int           // good samples in a row that pass
	FailureThreshold int           // bad samples in a row that fail
	Sampler          Sampler
	// Assert judges what was seen; message says why not.
	Assert func(self map[string]any) (ok bool, message string, err error)
}

// Outcome is what one sample, or a whole check, came to.
type Outcome string

// Outcomes.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Inconclusive Outcome = "inconclusive" // there was nothing to judge
)

// Sample is one look.
type Sample struct {
	At      time.Time      `json:"at"`
	Outcome Outcome        `json:"outcome"`
	Message string         `json:"message,omitempty"`
	Took    time.Duration  `json:"took_ns"`
	Seen    map[string]any `json:"seen,omitempty"` // shortened, for people
}

// Verdict is what a check came to, and the samples that decided it.
type Verdict struct {
	Outcome Outcome
	Message string
	Samples []Sample // the last ones, at most keptSamples
}

const keptSamples = 10

// Once looks one time.
func (c Check) Once(ctx context.Context) Sample {
	started := time.Now()
	bounded, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	self, err := c.Sampler.Sample(bounded)
	s := Sample{At: started, Took: time.Since(started), Seen: shorten(self)}
	if err != nil {
		s.Outcome, s.Message = Inconclusive, c.nothingSeen(err)
		return s
	}
	ok, message, err := c.Assert(self)
	switch {
	case err != nil:
		s.Outcome, s.Message = Inconclusive, "the assertion cannot be evaluated: "+visible(err.Error())
	case ok:
		s.Outcome = Pass
	default:
		s.Outcome, s.Message = Fail, visible(message)
	}
	return s
}

func (c Check) nothingSeen(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", c.Timeout)
	}
	return visible(err.Error())
}

// Watch samples until enough good ones in a row pass the check or enough bad
// ones in a row fail it. When ctx ends first, the verdict is inconclusive. A
// check that never saw anything is inconclusive, not failed: the target may be
// fine and only the way to it broken.
func (c Check) Watch(ctx context.Context, seen func(Sample)) Verdict {
	var v Verdict
	good, bad, judged := 0, 0, false
	for {
		s := c.Once(ctx)
		if ctx.Err() != nil {
			v.Outcome, v.Message = Inconclusive, "stopped before the check had decided"
			return v
		}
		v.keep(s)
		seen(s)
		if s.Outcome == Pass {
			good, bad = good+1, 0
		} else {
			good, bad = 0, bad+1
		}
		judged = judged || s.Outcome != Inconclusive
		switch {
		case good >= c.SuccessThreshold:
			v.Outcome, v.Message = Pass, fmt.Sprintf("%d in a row", good)
			return v
		case bad >= c.FailureThreshold:
			v.Outcome, v.Message = Fail, fmt.Sprintf("%d of %d failed: %s", bad, bad, s.Message)
			if !judged {
				v.Outcome = Inconclusive
			}
			return v
		}
		wait(ctx, c.Interval)
	}
}

func (v *Verdict) keep(s Sample) {
	if len(v.Samples) == keptSamples {
		v.Samples = append(v.Samples[:0], v.Samples[1:]...)
	}
	v.Samples = append(v.Samples, s)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
